"""Running the notebooks of the site: what ran is kept and not run again, and what failed is named."""

import pytest

from xraydojo import DojoError, whole
from xraydojo.site import outputs


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """Keep outputs in a folder of the test's own."""
    monkeypatch.setattr(outputs, "cache", lambda: tmp_path / "kept")
    return tmp_path / "kept" / "site"


def test_a_failing_notebook_is_named_with_its_cell_and_the_other_one_is_kept(folder, kept):
    lesson = folder / "lesson.py"
    text = lesson.read_text(encoding="utf-8")
    lesson.write_text(
        text
        + '\n# %% role="demo"\n# en: 1 / 0\n# ja: 一で割る\nprint(double(L("a", "b")) / len(L("", "b")))\n',
        encoding="utf-8",
    )
    broken, sound = outputs.pages([folder])
    sound.solved.cells[-1].source = "print(double(21))"
    with pytest.raises(DojoError) as refused:
        outputs.run([broken, sound])
    (line,) = str(refused.value).splitlines()
    assert line.startswith("02_line (en) failed in cell demo-5:")
    assert [file.name[:10] for file in kept.iterdir()] == ["02_line.ja"]
    shown = {cell.id: cell for cell in sound.shown.cells}
    assert shown["demo-5"].outputs[0].text == "42\n"
    assert "raise NotImplementedError()" in shown["double"].source


def test_a_check_that_a_solution_does_not_pass_is_a_failure(folder):
    page = outputs.pages([folder])[0]
    exercise = next(cell for cell in page.solved.cells if cell.id == "double")
    exercise.source = exercise.source.replace("2 * x", "x * x")
    with pytest.raises(DojoError, match=r"02_line \(en\) failed in cell test-double: ✗ double: not yet"):
        outputs.run([page])


def test_what_is_kept_is_not_run_again_until_the_code_changes(folder, monkeypatch):
    (page, _) = outputs.pages([folder])
    whole.write(page.kept, b"[]")
    ran = []
    monkeypatch.setattr(outputs, "_run", lambda page, advance: ran.append(page.unit))
    outputs.run([page])
    assert ran == []
    prose = next(cell for cell in page.solved.cells if cell.cell_type == "markdown")
    prose.source += "!"
    outputs.run([page])
    assert ran == []
    next(cell for cell in page.solved.cells if cell.cell_type == "code").source += "\n"
    outputs.run([page])
    assert ran == ["02_line"]
