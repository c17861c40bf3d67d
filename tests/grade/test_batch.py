"""Many submissions: none lost and none twice, whatever is killed in the middle."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook

from xraydojo import DojoError
from xraydojo.build import notebook_path, solution_notebook
from xraydojo.grade import batch
from xraydojo.grade.assignments import grade_class, grade_notebooks
from xraydojo.lesson import REPOSITORY, read_unit

UNIT = "00_first_steps"
HOSTILE = (
    "import os; os._exit(0)",
    "raise SystemExit",
    "class Equal:\n    __eq__ = lambda *_: True\n{name} = lambda *_: Equal()",
    "open('/etc/passwd').read()\ndef {name}(*_):\n    return open('/root/x').read()",
    "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "print('x' * 10**7)",
)


def class_of(count, folder):
    """Write a class's submissions: right, wrong, half done, untouched, late and hostile; return what each has earned."""
    unit, earned = read_unit(UNIT), {}
    draw = random.Random(815)
    folder.mkdir()
    shutil.copy(REPOSITORY / "grading" / "nbgrader_config.py", folder)
    last = unit.exercises[-1].exercise
    rest = unit.points - unit.tests[last].points
    wrong = [answer.source for answer in unit.wrong_answers if answer.exercise == last]
    for number in range(count):
        notebook, points = solution_notebook(unit, draw.choice(["en", "ja"])), unit.points
        kind = ("right", "wrong", "half", "untouched", "late", "hostile")[number % 6]
        cell = next(cell for cell in notebook.cells if cell.id == last.replace("_", "-"))
        if kind == "wrong":
            cell.source, points = draw.choice(wrong), rest
        elif kind == "half":
            cell.source, points = f"def {last}(*_):\n    pass", rest
        elif kind == "untouched":
            notebook, points = nbformat.read(notebook_path("exercises", UNIT, "ja"), 4), 0
        elif kind == "hostile":
            cell.source, points = draw.choice(HOSTILE).format(name=last), rest
        path = folder / "submitted" / f"{kind}{number:03}" / UNIT / f"{UNIT}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
        if kind == "late":
            (path.parent / "timestamp.txt").write_text("2026-11-21 12:00:00 UTC")
        earned[path.parent.parent.name] = points
    return earned


def kept(folder):
    """Return when each learner's report was written."""
    while True:
        # a folder left half done is deleted before it is graded again, perhaps just now
        with contextlib.suppress(FileNotFoundError):
            found = (folder / "autograded").rglob("report.json")
            return {path.parent.parent.name: path.stat().st_mtime_ns for path in found}


def scores(folder):
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return [(each.student.id, each.score) for each in gradebook.assignment_submissions(UNIT)]


def test_two_hundred_submissions_killed_and_resumed_three_times(tmp_path):
    folder = tmp_path / "class"
    earned = class_of(200, folder)
    command = [sys.executable, "-m", "xraydojo", "grade", UNIT, "--resume", "--json"]
    done = {}
    for killed_at in (20, 70, 120):
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, start_new_session=True
        ) as batch:
            while len(now := kept(folder)) < killed_at and batch.poll() is None:
                time.sleep(0.05)
            family = psutil.Process(batch.pid).children(recursive=True)
            os.kill(batch.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=60)
        assert not alive, "learners' processes outlive the batch"
        assert done.items() <= now.items(), "what was graded before the kill is graded again"
        done = kept(folder)
        assert killed_at <= len(done) < 200
    last = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    assert done.items() <= kept(folder).items()
    reports = json.loads(last.stdout)
    assert {report["submission"].split("/")[0]: report["points"] for report in reports} == earned
    assert sorted(scores(folder)) == sorted(earned.items())


@pytest.fixture
def cluster(tmp_path):
    """Return the address of a Dask scheduler and its three workers, each a process of its own."""
    file = tmp_path / "scheduler.json"
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--scheduler-file",
        file,
        "--host",
        "127.0.0.1",
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    processes = [subprocess.Popen([*command, "--port", "0", "--no-dashboard"], **quiet)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", file]
    alone = ["--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    processes += [subprocess.Popen([*worker, *alone], **quiet) for _ in range(3)]
    try:
        while not file.exists():
            assert processes[0].poll() is None
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_cluster_of_three_that_loses_one_in_the_middle(tmp_path, cluster):
    address, workers = cluster
    folder = tmp_path / "class"
    earned = class_of(48, folder)
    command = [sys.executable, "-m", "xraydojo", "grade", UNIT, "--scheduler", address, "--json"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as batch:
        while len(kept(folder)) < 10:
            assert batch.poll() is None
            time.sleep(0.05)
        workers[0].kill()
        reports = json.loads(batch.communicate()[0])
    assert batch.returncode == 0
    assert {report["submission"].split("/")[0]: report["points"] for report in reports} == earned
    assert sorted(scores(folder)) == sorted(earned.items())


def test_a_scheduler_that_does_not_answer_is_named(tmp_path):
    class_of(2, tmp_path / "class")
    with pytest.raises(DojoError, match="tcp://127.0.0.1:9 does not answer"):
        grade_class(tmp_path / "class", scheduler="tcp://127.0.0.1:9")


def test_an_error_of_the_grader_itself_costs_one_submission_only(tmp_path, monkeypatch):
    earned = class_of(3, tmp_path / "class")
    paths = sorted((tmp_path / "class" / "submitted").rglob("*.ipynb"))
    true = batch.grade

    def broken(unit, path, *rest):
        if path == paths[1]:
            raise RuntimeError("the disk is on fire")
        return true(unit, path, *rest)

    monkeypatch.setattr(batch, "grade", broken)
    reports, refused = grade_notebooks(paths)
    assert str(refused[0]).startswith(f"{paths[1]}: not graded (RuntimeError: the disk is on fire)")
    assert len(refused) == 1 and [report.points for report in reports] == [
        earned[path.parent.parent.name] for path in (paths[0], paths[2])
    ]


def test_what_cannot_be_graded_is_named_and_the_rest_is_graded(tmp_path):
    class_of(4, tmp_path / "class")
    paths = sorted((tmp_path / "class" / "submitted").rglob("*.ipynb"))
    paths[0].write_text("{")
    with open(paths[1], "wb") as large:
        large.truncate(500_000_000)
    reports, refused = grade_notebooks(paths)
    said = [str(error) for error in refused]
    assert len(reports) == 2
    assert said[0].startswith(f"{paths[0]}: this is not a notebook")
    assert said[1].startswith(f"{paths[1]}: the file has 500 MB") and len(said) == 2
