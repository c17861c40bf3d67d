"""Building notebooks through nbgrader's own release."""

import ast
import re

import nbformat
import pytest

from xraydojo.build import STUB, build, notebook_path, solution_notebook
from xraydojo.lesson import LessonError, read_syllabus, read_unit

HIDDEN = """### BEGIN HIDDEN TESTS
with check("double", hidden=True) as t:
    t.call(double, 41).equals(82)
### END HIDDEN TESTS
"""


@pytest.fixture
def notebooks(folder, tmp_path):
    lesson = folder / "lesson.py"
    lesson.write_text(lesson.read_text(encoding="utf-8") + HIDDEN, encoding="utf-8")
    return {notebook.path.relative_to(tmp_path).as_posix(): notebook for notebook in build(folder, tmp_path)}


def sources(notebook):
    return {cell.id: cell.source for cell in nbformat.reads(notebook.text, as_version=4).cells}


def test_a_unit_makes_a_solution_and_an_exercise_in_each_language(notebooks):
    assert set(notebooks) == {
        f"{kind}/{language}/02_line/02_line.ipynb"
        for kind in ("solutions", "exercises")
        for language in ("en", "ja")
    }
    for notebook in notebooks.values():
        nbformat.validate(nbformat.reads(notebook.text, as_version=4))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_released_exercise_holds_neither_solution_nor_hidden_tests(notebooks, language):
    released = notebooks[f"exercises/{language}/02_line/02_line.ipynb"]
    assert "return 2 * x" not in released.text
    assert "HIDDEN" not in released.text and "82" not in released.text
    assert STUB[language].splitlines()[0] in sources(released)["double"]
    ast.parse(sources(released)["double"])


def test_the_solution_holds_both(notebooks):
    solution = sources(notebooks["solutions/ja/02_line/02_line.ipynb"])
    assert "return 2 * x" in solution["double"] and "82" in solution["test-double"]


def test_the_first_setup_cell_begins_the_unit_in_its_language(notebooks):
    first = sources(notebooks["exercises/ja/02_line/02_line.ipynb"])["setup-2"]
    assert first.startswith('import xraydojo\nxraydojo.begin("02_line", "ja")\n')


def test_a_notebook_ends_with_the_way_to_the_next_one():
    units = [entry.id for entry in read_syllabus()]
    last = {name: nbformat.read(notebook_path("exercises", name, "ja"), 4).cells[-1].source for name in units}
    for here, after in zip(units, units[1:]):
        link = re.search(r"\]\((.+)\)", last[here])[1]
        there = (notebook_path("exercises", here, "ja").parent / link).resolve()
        assert there == notebook_path("exercises", after, "ja")
    assert "最後の単元" in last[units[-1]]


def test_cells_carry_nbgraders_marks(folder):
    cells = {cell.id: cell for cell in solution_notebook(read_unit(folder), "en").cells}
    assert cells["double"].metadata.nbgrader.solution and not cells["double"].metadata.nbgrader.locked
    test = cells["test-double"].metadata
    assert test.nbgrader.grade and test.nbgrader.locked and test.nbgrader.points == 2
    assert cells["setup-2"].metadata.nbgrader.locked


def test_building_twice_gives_the_same_bytes(folder, tmp_path):
    assert [n.text for n in build(folder, tmp_path)] == [n.text for n in build(folder, tmp_path)]


def test_a_notebook_edited_by_hand_is_not_current(notebooks):
    notebook = notebooks["exercises/en/02_line/02_line.ipynb"]
    notebook.write()
    assert notebook.is_current
    notebook.path.write_text(notebook.text + " ", encoding="utf-8")
    assert not notebook.is_current


def test_an_exercise_without_a_solution_region_is_refused(folder, tmp_path):
    lesson = folder / "lesson.py"
    text = lesson.read_text(encoding="utf-8")
    lesson.write_text(
        text.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""), encoding="utf-8"
    )
    with pytest.raises(LessonError, match=r"lesson\.py:13: double has no ### BEGIN SOLUTION"):
        build(folder, tmp_path)
    assert not (tmp_path / "solutions").exists()


def test_an_exercise_that_does_not_parse_before_it_is_filled_in_is_refused(folder, tmp_path):
    lesson = folder / "lesson.py"
    text = lesson.read_text(encoding="utf-8")
    broken = text.replace(
        "    ### BEGIN SOLUTION\n    return 2 * x\n",
        "    total = (\n### BEGIN SOLUTION\n    2 * x)\n    return total\n",
    )
    lesson.write_text(broken, encoding="utf-8")
    with pytest.raises(LessonError, match=r"lesson\.py:\d+: double does not parse before it is filled in"):
        build(folder, tmp_path)


def test_an_unclosed_solution_region_is_refused_with_nbgraders_own_words(folder, tmp_path):
    lesson = folder / "lesson.py"
    lesson.write_text(
        lesson.read_text(encoding="utf-8").replace("    ### END SOLUTION\n", ""), encoding="utf-8"
    )
    with pytest.raises(LessonError, match="nbgrader refused"):
        build(folder, tmp_path)
