"""The isolated grading on every wrong and right answer of the course: as `dojo prove` says, so it grades."""

import nbformat
import pytest

from xraydojo.build import solution_notebook
from xraydojo.grade import grade
from xraydojo.lesson import read_syllabus, read_unit


@pytest.mark.parametrize("name", [entry.id for entry in read_syllabus()])
def test_wrong_answers_lose_their_points_with_their_hint_and_right_ones_keep_them(name, tmp_path):
    unit, path, amiss = read_unit(name), tmp_path / "work.ipynb", []
    for answer in [*unit.wrong_answers, *unit.right_answers]:
        notebook = solution_notebook(unit, "en")
        next(
            cell for cell in notebook.cells if cell.id == answer.exercise.replace("_", "-")
        ).source = answer.source
        nbformat.write(notebook, path)
        (test,) = (test for test in grade(unit, path).tests if test.exercise == answer.exercise)
        if answer in unit.right_answers:
            fine = test.points == test.max_points
        else:
            fine = test.points == 0 and test.hint == answer.hint["en"]
        if not fine:
            amiss.append((answer.exercise, answer.name, test.status, test.message))
    assert amiss == []
