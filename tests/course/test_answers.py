"""The isolated grading on every wrong and right answer of the course: as `dojo prove` says, so it grades."""

import nbformat
import pytest

from xraydojo.build import solution_notebook
from xraydojo.grade import grade
from xraydojo.lesson import read_syllabus, read_unit
from xraydojo.prove import needs


def notebooks(unit):
    """Return answers that can share a notebook, as lists: no exercise twice, and no answer that another one or its test uses."""
    shared = []
    for answer in [*unit.wrong_answers, *unit.right_answers]:
        needed = needs(unit, answer.exercise, answer)
        for others in shared:
            if all(o.exercise not in needed and answer.exercise not in uses for o, uses in others):
                others.append((answer, needed))
                break
        else:
            shared.append([(answer, needed)])
    return [[answer for answer, _ in others] for others in shared]


@pytest.mark.parametrize("name", [entry.id for entry in read_syllabus()])
def test_wrong_answers_lose_their_points_with_their_hint_and_right_ones_keep_them(name, tmp_path):
    unit, path, graded, amiss = read_unit(name), tmp_path / "work.ipynb", 0, []
    for answers in notebooks(unit):
        notebook = solution_notebook(unit, "en")
        for answer in answers:
            (cell,) = (cell for cell in notebook.cells if cell.id == answer.exercise.replace("_", "-"))
            cell.source = answer.source
        nbformat.write(notebook, path)
        tests = {test.exercise: test for test in grade(unit, path).tests}
        for answer in answers:
            test, graded = tests[answer.exercise], graded + 1
            if answer in unit.right_answers:
                fine = test.points == test.max_points
            else:
                fine = test.points == 0 and test.hint == answer.hint["en"]
            if not fine:
                amiss.append((answer.exercise, answer.name, test.status, test.message))
    assert amiss == []
    assert graded == len(unit.wrong_answers) + len(unit.right_answers)
