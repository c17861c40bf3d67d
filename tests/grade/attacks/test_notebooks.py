"""A hostile or broken file costs its own score at most, and the batch goes on."""

import copy
import json

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell

import xraydojo.grade
from tests.grade.attacks.conftest import results
from xraydojo.grade import feedback
from xraydojo.grade.assignments import grade_notebooks


@pytest.fixture
def batch(unit, clean, handed, tmp_path, monkeypatch):
    """Return a function that grades files together with clean ones, and returns the others' reports, and what it says of those refused."""
    monkeypatch.setattr(xraydojo.grade, "_known", lambda submitted: unit.id)
    monkeypatch.setattr(xraydojo.grade, "read", lambda id: unit)
    last = handed().right().in_file("z/clean.ipynb")

    def graded(*paths):
        reports, refused = grade_notebooks([clean, *paths, last], tmp_path / "feedback")
        assert (reports[0].points, reports[-1].points) == (6, 6)
        return reports[1:-1], [str(error) for error in refused]

    return graded


def passing(cell):
    """Return a test cell's copy that passes whatever is written."""
    cell = copy.deepcopy(cell)
    cell.source = "with check('double') as t:\n    pass"
    return cell


def test_edited_copied_renamed_and_deleted_tests_count_as_handed_out(attacked, handed):
    work = handed().right("halve", "negate").write(double="def double(x):\n    return x")
    copies = [passing(work["test-double"]) for _ in range(3)]
    copies[0].metadata.nbgrader.points = 1000
    copies[1].id, copies[1].metadata.nbgrader.grade_id = "test-other", "test_other"
    work.notebook.cells += copies
    work["test-double"].source = copies[0].source
    work["test-halve"].metadata.nbgrader.grade_id = "test_double"
    report = attacked(work.remove("test-negate"))
    assert results(report) == {"double": ("failed", 0), "halve": ("passed", 3), "negate": ("passed", 1)}
    assert report.max_points == 6 and report.repairs


def test_a_test_of_the_learners_own_gives_no_points(attacked, handed):
    own = "from xraydojo.check import check\nwith check('double') as t:\n    t.call(lambda x: 6, 3).equals(6)"
    work = handed().right("halve", "negate").insert("halve", new_code_cell(own))
    assert results(attacked(work))["double"] == ("unwritten", 0)


def test_another_kernel_runs_as_python(attacked, handed):
    work = handed().right()
    work.notebook.metadata.kernelspec = {"name": "bash", "display_name": "rm -rf", "language": "bash"}
    assert attacked(work).points == 6


def test_scripts_in_rich_output_stay_out_of_the_feedback(attacked, handed):
    script = """
from IPython.display import HTML, Javascript, display
display(HTML("<script>alert(1)</script><img src=x onerror=alert(2)>"), Javascript("alert(3)"))
def double(x):
    display(HTML("<script>alert(4)</script>"))
    raise ValueError("<script>alert(5)</script>")
"""
    report = attacked(handed().right("halve", "negate").write(double=script))
    page = BeautifulSoup(feedback(report), "html.parser")
    assert report.points == 4 and page.find_all("script") == []
    assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]


def test_an_own_name_and_message_of_an_exception_are_shown_as_text(attacked, handed):
    named = "E = type('<script>alert(1)</script>', (ValueError,), {})\ndef double(x):\n    raise E('<b>')"
    report = attacked(handed().right("halve", "negate").write(double=named))
    assert results(report)["double"] == ("crashed", 0)
    assert "<script>" not in feedback(report)


BROKEN = {
    "invalid.ipynb": "{",
    "no cells.ipynb": '{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {}}',
    "空.ipynb": "",
    "deep.ipynb": "[" * 100_000,
}


def test_broken_files_are_named_and_the_batch_goes_on(batch, tmp_path):
    paths = []
    for name, text in BROKEN.items():
        paths.append(tmp_path / name)
        paths[-1].write_text(text, encoding="utf-8")
    huge = tmp_path / "huge.ipynb"
    with huge.open("wb") as file:
        file.truncate(500_000_000)
    reports, refused = batch(*paths, huge)
    assert reports == [] and len(refused) == 5
    assert all(name in said for name, said in zip((*BROKEN, "huge.ipynb"), refused))


def test_an_old_format_is_converted(batch, handed, tmp_path):
    path = tmp_path / "old.ipynb"
    nbformat.write(nbformat.convert(handed().right().notebook, 3), path)
    assert json.loads(path.read_text(encoding="utf-8"))["nbformat"] == 3
    reports, _ = batch(path)
    assert [report.points for report in reports] == [6]


def test_names_with_blanks_japanese_and_dots_are_only_names(batch, handed, tmp_path):
    names = [
        "my work (1).ipynb",
        "山田 太郎.ipynb",
        "-rf.ipynb",
        "$(touch x).ipynb",
        "a\nb.ipynb",
        "deep/../../up.ipynb",
    ]
    work = handed().right()
    (tmp_path / "inside" / "deep").mkdir(parents=True)
    work.folder = tmp_path / "inside"
    reports, _ = batch(*[work.in_file(name) for name in names])
    assert [report.points for report in reports] == [6] * 6
    pages = [path for path in (tmp_path / "feedback").rglob("*.html")]
    assert len(pages) == 8 and {path.suffix for path in tmp_path.iterdir() if path.is_file()} == {".ipynb"}


def test_a_link_to_anothers_work_is_not_graded(batch, clean, tmp_path):
    link = tmp_path / "link.ipynb"
    link.symlink_to(clean)
    reports, (refused,) = batch(link)
    assert reports == [] and "link.ipynb: this is a symbolic link" in refused
