"""Stock nbgrader works on every unit through our configuration, and gives honest learners the same scores as our grading."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from tests.course.short import shortened
from xraydojo.build import notebook_path, solution_notebook
from xraydojo.grade import grade
from xraydojo.grade.rebuild import role
from xraydojo.lesson import COURSE, REPOSITORY, read_syllabus, read_unit

UNITS = [entry.id for entry in read_syllabus() if (COURSE / entry.id).exists()]
CONFIG = REPOSITORY / "grading" / "nbgrader_config.py"


def nbgrader(*arguments, cwd):
    environment = {name: value for name, value in os.environ.items() if name != "DOJO_LANG"}
    # nbgrader calls alembic by its name
    environment["PATH"] = str(Path(sys.executable).parent) + os.pathsep + environment["PATH"]
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module", params=UNITS)
def unit(request):
    return read_unit(request.param)


@pytest.fixture(scope="module")
def course(unit, tmp_path_factory):
    """Return a class's folder: our configuration in it, and the unit released from the solution."""
    folder = tmp_path_factory.mktemp("class")
    for kind in ("solutions", "exercises"):
        shutil.copytree(REPOSITORY / kind / "ja" / unit.id, folder / kind / "ja" / unit.id)
    # the notebooks are read from, and the release is written to, a copy of the repository's folders
    text = CONFIG.read_text(encoding="utf-8").replace(
        "from xraydojo.lesson import REPOSITORY",
        f"from pathlib import Path; REPOSITORY = Path({str(folder)!r})",
    )
    assert str(folder) in text
    # nbgrader as it comes, without our sandbox and pages
    text += "\ndel c.Autograde, c.GenerateFeedback\n"
    (folder / "nbgrader_config.py").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def released(unit, course):
    code, said = nbgrader("generate_assignment", unit.id, "--force", cwd=course)
    assert code == 0, said
    return notebook_path("exercises", unit.id, "ja", course)


@pytest.mark.parametrize("name", ["02_perceptron"])
def test_the_solution_validates(name, tmp_path):
    # a copy, since a notebook that is run may write beside itself; all units are run in test_units.py and graded below
    path = tmp_path / "solution.ipynb"
    built = nbformat.read(notebook_path("solutions", name, "ja"), as_version=4)
    nbformat.write(shortened(built), path)
    code, said = nbgrader("validate", path, cwd=tmp_path)
    assert code == 0 and "Success! Your notebook passes all the tests." in said


def test_the_exercise_does_not_validate(tmp_path):
    unit = read_unit("02_perceptron")
    path = shutil.copy(notebook_path("exercises", unit.id, "ja"), tmp_path)
    code, said = nbgrader("validate", path, cwd=tmp_path)
    assert f"VALIDATION FAILED ON {len(unit.exercises)} CELL(S)" in said


def test_generate_assignment_reproduces_the_exercise(unit, released):
    assert released.read_bytes() == notebook_path("exercises", unit.id, "ja").read_bytes()


def submissions(unit):
    """Return each learner's notebook, and the points they have earned."""
    learners = {"perfect": (solution_notebook(unit, "ja"), unit.points)}
    # no other exercise builds on the last one
    last = unit.exercises[-1]
    wrong = next(answer for answer in unit.wrong_answers if answer.exercise == last.exercise)
    notebook = solution_notebook(unit, "ja")
    next(cell for cell in notebook.cells if cell.id == last.id.replace("_", "-")).source = wrong.source
    learners["one-wrong"] = (notebook, unit.points - unit.tests[last.exercise].points)
    return learners


def test_autograde_and_our_grading_give_the_same_points(unit, course, released):
    learners = submissions(unit)
    for learner, (notebook, _) in learners.items():
        path = course / "submitted" / learner / unit.id / f"{unit.id}.ipynb"
        path.parent.mkdir(parents=True)
        # demos earn nothing, and take most of the time
        notebook.cells = [cell for cell in notebook.cells if role(cell) != "demo"]
        nbformat.write(notebook, path)
    code, said = nbgrader("autograde", unit.id, cwd=course)
    assert code == 0, said
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for learner, (_, earned) in learners.items():
            graded = gradebook.find_submission(unit.id, learner)
            theirs = {
                grade.name.removeprefix("test_"): grade.auto_score for grade in graded.notebooks[0].grades
            }
            report = grade(unit, course / "submitted" / learner / unit.id / f"{unit.id}.ipynb")
            assert {test.exercise: test.points for test in report.tests} == theirs
            assert report.points == graded.score == earned


def test_an_unknown_language_is_refused(tmp_path):
    shutil.copy(CONFIG, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "db", "student", "list"],
        cwd=tmp_path,
        env=os.environ | {"DOJO_LANG": "fr"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0 and "DOJO_LANG must be en or ja, not 'fr'" in done.stderr
