"""A class's folder: nbgrader's gradebook, formgrader and feedback, with our grading inside."""

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from nbgrader.preprocessors import SaveAutoGrades

from xraydojo import DojoError
from xraydojo.build import notebook_path, solution_notebook
from xraydojo.grade.assignments import grade_class
from xraydojo.grade.course import ClassFolder
from xraydojo.lesson import REPOSITORY, read_unit

UNIT = "02_perceptron"
LATE = """
c.LateSubmissionPlugin.penalty_method = "zero"
"""


@pytest.fixture(scope="module")
def handed_in():
    """Return notebooks by learner, and what each has earned."""
    unit = read_unit(UNIT)
    points = {name: test.points for name, test in unit.tests.items()}
    wrong = next(answer for answer in unit.wrong_answers if answer.exercise == "predict")
    half = solution_notebook(unit, "ja")
    next(
        cell for cell in half.cells if cell.id == "xor-two-layers"
    ).source = "def xor_two_layers(x):\n    pass"
    hostile = solution_notebook(unit, "ja")
    next(cell for cell in hostile.cells if cell.id == "predict").source = (
        wrong.source + "\nimport os; os._exit(0)"
    )
    return {
        "alice": (solution_notebook(unit, "ja"), unit.points),
        "half": (half, unit.points - points["xor_two_layers"]),
        "hostile": (hostile, 0),
        "untouched": (nbformat.read(notebook_path("exercises", UNIT, "ja"), 4), 0),
    }


@pytest.fixture
def course(handed_in, tmp_path):
    """Return a class's folder with what was handed in."""
    folder = tmp_path / "class"
    folder.mkdir()
    shutil.copy(REPOSITORY / "grading" / "nbgrader_config.py", folder)
    for learner, (notebook, _) in handed_in.items():
        path = folder / "submitted" / learner / UNIT / f"{UNIT}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    return folder


def scores(url):
    """Return each learner's scores by test, and the sum, as the gradebook has them."""
    with Gradebook(url) as gradebook:
        return {
            submission.student.id: (
                {
                    grade.name: (grade.auto_score, grade.manual_score)
                    for grade in submission.notebooks[0].grades
                },
                submission.score,
            )
            for submission in gradebook.assignment_submissions(UNIT)
        }


def book(course):
    return f"sqlite:///{course / 'gradebook.db'}"


def nbgrader(*arguments, cwd):
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def test_a_class_is_graded_into_its_gradebook_with_feedback_that_hides_the_hidden_tests(course, handed_in):
    reports, refused = grade_class(course, ["02"])
    assert refused == []
    assert {r.submission.split("/")[0]: r.points for r in reports} == {
        learner: earned for learner, (_, earned) in handed_in.items()
    }
    assert {learner: total for learner, (_, total) in scores(book(course)).items()} == {
        learner: earned for learner, (_, earned) in handed_in.items()
    }
    for learner in handed_in:
        page = (course / "feedback" / learner / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")
        assert "No response" not in page
        assert "BEGIN HIDDEN" not in page and "hidden=True" not in page and "Content-Security-Policy" in page
        kept = json.loads(
            (course / "autograded" / learner / UNIT / "report.json").read_text(encoding="utf-8")
        )
        assert kept["points"] == handed_in[learner][1]
    assert oct((course / ".seed").stat().st_mode & 0o777) == "0o600"


def test_marks_are_entered_all_together_or_not_at_all(course, monkeypatch):
    grade_class(course, ["02"], ["alice"])
    true, entered = SaveAutoGrades._add_score, []

    def broken(self, cell, resources):
        entered.append(cell)
        if len(entered) > 2:
            raise RuntimeError("the disk is full")
        true(self, cell, resources)

    monkeypatch.setattr(SaveAutoGrades, "_add_score", broken)
    with pytest.raises(DojoError, match="could not enter half"):
        grade_class(course, ["02"], ["half"])
    assert list(scores(book(course))) == ["alice"]
    monkeypatch.undo()
    grade_class(course, ["02"], resume=True)
    assert len(scores(book(course))) == 4


def test_a_due_date_that_was_entered_first_and_the_hubs_late_policy_hold_in_a_folder_too(course):
    with open(course / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write('c.AssignLatePenalties.plugin_class = "xraydojo.hub.late.PerDay"\nc.PerDay.part = 0.1\n')
    # half past three in the afternoon of Tokyo; handed in 25 hours later, on the second day
    done = nbgrader("db", "assignment", "add", UNIT, "--duedate", "2026-12-01T15:30+09:00", cwd=course)
    assert done.returncode == 0, done.stderr
    (course / "submitted" / "alice" / UNIT / "timestamp.txt").write_text("2026-12-02 07:30:00 UTC")
    grade_class(course, ["02"], ["alice"])
    with Gradebook(book(course)) as gradebook:
        handed_in = gradebook.find_submission(UNIT, "alice")
        assert (handed_in.score, handed_in.late_submission_penalty) == (10, 2)


def test_nbgraders_command_and_the_formgraders_button_grade_as_we_do(course, handed_in):
    ClassFolder(course).release(UNIT)
    done = nbgrader("autograde", UNIT, "--student", "h*", cwd=course)
    assert done.returncode == 0, done.stderr
    app = NbGrader()
    os.chdir(course)  # pytest's own folder comes back below
    try:
        app.initialize([])
        api = NbGraderAPI(config=app.config)
        for learner in ("alice", "untouched"):
            assert api.autograde(UNIT, learner)["success"]
    finally:
        os.chdir(REPOSITORY)
    found = scores(book(course))
    assert {learner: total for learner, (_, total) in found.items()} == {
        learner: earned for learner, (_, earned) in handed_in.items()
    }
    grade_class(course, ["02"])
    assert scores(book(course)) == found


def test_what_an_instructor_entered_by_hand_survives_and_reaches_the_learner(course):
    grade_class(course, ["02"], ["half"])
    with Gradebook(book(course)) as gradebook:
        grade = gradebook.find_grade("test_xor_two_layers", UNIT, UNIT, "half")
        # as formgrader does
        grade.manual_score, grade.needs_manual_grade = 1, False
        gradebook.find_comment("xor_two_layers", UNIT, UNIT, "half").manual_comment = "惜しい <b>です</b>"
        gradebook.db.commit()
    (report,), _ = grade_class(course, ["02"], ["half"])
    tests, total = scores(book(course))["half"]
    assert tests["test_xor_two_layers"] == (0, 1) and total == report.points + 1
    page = (course / "feedback" / "half" / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")
    assert "惜しい &lt;b&gt;です&lt;/b&gt;" in page and f"<b>{total:g}</b>" in page
    # what has a final mark is exported
    with Gradebook(book(course)) as gradebook:
        assert not gradebook.find_submission(UNIT, "half").needs_manual_grade
    handed_in = course / "submitted" / "half" / UNIT / f"{UNIT}.ipynb"
    handed_in.write_bytes((course / "submitted" / "untouched" / UNIT / f"{UNIT}.ipynb").read_bytes())
    grade_class(course, ["02"], ["half"])
    with Gradebook(book(course)) as gradebook:
        assert gradebook.find_submission(UNIT, "half").needs_manual_grade


def test_late_work_is_penalised_by_nbgraders_plugin(course):
    with open(course / "nbgrader_config.py", "a") as config:
        config.write(LATE)
    now = datetime(2026, 11, 21, 12)
    for learner, when in (("alice", now + timedelta(hours=1)), ("half", now - timedelta(hours=1))):
        (course / "submitted" / learner / UNIT / "timestamp.txt").write_text(f"{when} UTC")
    ClassFolder(course).release(UNIT)
    with Gradebook(book(course)) as gradebook:
        gradebook.update_or_create_assignment(UNIT, duedate=f"{now} UTC")
    grade_class(course, ["02"], ["alice", "half"])
    with Gradebook(book(course)) as gradebook:
        penalties = {
            learner: gradebook.find_submission(UNIT, learner).late_submission_penalty
            for learner in ("alice", "half")
        }
    assert penalties["alice"] == read_unit(UNIT).points and not penalties["half"]
    page = (course / "feedback" / "alice" / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")
    assert "<b>0</b>" in page and "期限後の提出" in page


def test_one_tests_mark_is_graded_again_and_no_other(course, handed_in):
    grade_class(course, ["02"], ["alice"])
    path = course / "submitted" / "alice" / UNIT / f"{UNIT}.ipynb"
    shutil.copy(course / "submitted" / "untouched" / UNIT / f"{UNIT}.ipynb", path)
    (report,), _ = grade_class(course, ["02"], ["alice"], test="predict")
    assert {test.exercise: test.status for test in report.tests if test.status != "passed"} == {
        "predict": "unwritten"
    }
    tests, total = scores(book(course))["alice"]
    assert (
        tests["test_predict"][0] == 0
        and total == report.points == handed_in["alice"][1] - report.tests[0].max_points
    )


def test_a_batch_that_goes_on_leaves_alone_what_is_graded(course):
    grade_class(course, ["02"], ["alice", "half"])
    kept = {path: path.stat().st_mtime_ns for path in (course / "autograded").rglob("report.json")}
    reports, _ = grade_class(course, ["02"], resume=True)
    assert len(reports) == 4 and len(kept) == 2
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())


def test_the_command_says_nothing_but_what_an_instructor_can_use_and_forgets_nobody(course):
    (course / "submitted" / "half" / UNIT / f"{UNIT}.ipynb").write_text("{")
    environment = os.environ | {"LANG": "ja_JP.UTF-8", "LC_ALL": "", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "xraydojo", "grade", "02"],
        cwd=course, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1
    (refused,) = done.stderr.splitlines()
    assert refused.startswith(f"✗ half/{UNIT}: ノートブックではありません")
    assert "3 件を採点しました" in done.stdout and "dojo report 02" in done.stdout
    with Gradebook(book(course)) as gradebook:
        assert {student.id for student in gradebook.students} == {"alice", "half", "hostile", "untouched"}


def test_a_learner_cannot_hand_in_a_report_or_a_link(course, tmp_path):
    folder = course / "submitted" / "hostile" / UNIT
    (folder / "report.json").write_text(json.dumps({"points": 10, "tests": []}))
    grade_class(course, ["02"], ["hostile", "alice"])
    kept = json.loads((course / "autograded" / "hostile" / UNIT / "report.json").read_text(encoding="utf-8"))
    assert kept["points"] == 0
    notebook = folder / f"{UNIT}.ipynb"
    notebook.unlink()
    notebook.symlink_to(course / "submitted" / "alice" / UNIT / f"{UNIT}.ipynb")
    reports, refused = grade_class(course, ["02"], ["hostile", "alice"])
    assert len(refused) == 1 and [report.submission for report in reports] == [f"alice/{UNIT}"]


@pytest.mark.parametrize(
    ("units", "learners", "test", "said"),
    [
        (["02"], ["nobody"], None, "nobody"),
        (["99"], [], None, "99"),
        (["02"], [], "conv2d", "no exercise 'conv2d'"),
        (["01"], ["alice"], None, "alice handed nothing in for 01_images"),
    ],
)
def test_what_is_not_there_is_named(course, units, learners, test, said):
    with pytest.raises(DojoError, match=said):
        grade_class(course, units, learners, test)


def test_another_folder_than_a_classs_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(DojoError, match="copy grading/nbgrader_config.py"):
        grade_class(tmp_path)


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory):
    """Return the URL of a data base on a PostgreSQL server of Debian's package, which is started for it."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL: apt install postgresql")
    programs, folder = programs[-1].parent, tmp_path_factory.mktemp("postgresql")
    data, user = folder / "data", "postgres" if os.getuid() == 0 else None
    if user:
        # the server refuses root, and must reach its folder
        for parent in (folder, *folder.parents):
            if parent.name.startswith(("pytest-", "popen-", "postgresql")):
                parent.chmod(0o755)
        shutil.chown(folder, user)
    options = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([programs / "initdb", "-D", data, "-A", "trust", "-U", "dojo"], check=True, **options)
    server = subprocess.Popen([programs / "postgres", "-D", data, "-k", folder, "-h", ""], **options)
    try:
        for _ in range(100):
            if (
                subprocess.run(
                    [programs / "createdb", "-h", folder, "-U", "dojo", "class"], **options
                ).returncode
                == 0
            ):
                break
            time.sleep(0.1)
        yield f"postgresql+psycopg://dojo@/class?host={folder}"
    finally:
        server.terminate()
        server.wait(30)


def test_postgresql_and_sqlite_hold_the_same_gradebook(course, postgresql):
    grade_class(course, ["02"])
    with open(course / "nbgrader_config.py", "a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {postgresql!r}\n")
    grade_class(course, ["02"])
    assert scores(postgresql) == scores(book(course)) != {}
