"""How fast a class is graded, beside nbgrader as it comes, on the same submissions in one run."""

import contextlib
import gc
import io
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from rich.progress import track

from xraydojo.build import solution_notebook
from xraydojo.grade.nursery import EVERYWHERE, import_all
from xraydojo.grade.rebuild import role
from xraydojo.grade.warmth import modules
from xraydojo.language import L
from xraydojo.lesson import REPOSITORY, Unit, read_unit

# a unit in NumPy, and one that imports TensorFlow
UNITS = ("03_backprop", "06_cnn_classification")
# to see what a process holds takes some 10 ms: looks that are seldom leave the processors to the graders
_LOOK_SECONDS = 1
# nbgrader as it comes
# not over the course's own notebooks
_ELSEWHERE = "--CourseDirectory.release_directory=release"
_STOCK = "\ndel c.Autograde, c.GenerateFeedback\n"

Row = tuple[str, ...]
HEADINGS = (
    "unit",
    "demos",
    "grader",
    "submissions/min",
    "ratio",
    "CPU s",
    "peak GB",
    "to the limit",
    "same scores",
)


@dataclass(frozen=True)
class _Run:
    """One grader's run over a class: wall seconds, processor seconds of the machine, peak memory of its processes, and the scores."""

    seconds: float
    processor: float
    bytes: int
    scores: dict


def measure(count: int, folder: Path, units: Sequence[str] = UNITS) -> Iterator[Row]:
    """Grade the same honest submissions by stock nbgrader and by XrayDojo.

    Parameters
    ----------
    count : int
        Submissions of each unit: solutions, and right and wrong answers in turn.
    folder : Path
        Where the classes' folders are made; it must be empty.
    units : sequence of str

    Yields
    ------
    tuple of str
        A row under `HEADINGS`. *To the limit* is the wall time over the processor seconds that the learners' cells and the tests take by
        themselves, divided by the cores (design/grading: at most 1.3).
    """
    for name in units:
        unit = read_unit(name)
        for demos in (False, True):
            where = folder / unit.id / ("with" if demos else "without")
            files = _hand_in(unit, count, demos, where)
            limit = _processor_seconds(unit, files) / (os.cpu_count() or 1)
            stock, ours = (_graded(where / grader, unit, grader) for grader in ("nbgrader", "dojo"))
            for grader, run in (("nbgrader", stock), ("dojo", ours)):
                yield (
                    unit.id,
                    L("with", "あり") if demos else L("without", "なし"),
                    grader,
                    f"{60 * count / run.seconds:.1f}",
                    f"{stock.seconds / run.seconds:.1f}",
                    f"{run.processor:.1f}",
                    f"{run.bytes / 1e9:.2f}",
                    f"{run.seconds / limit:.2f}",
                    "✓" if run.scores == stock.scores and run.scores else "✗",
                )


def _hand_in(unit: Unit, count: int, demos: bool, folder: Path) -> list[Path]:
    """Write a class's submissions for both graders; return those of one."""
    answers = [None, *unit.right_answers, *unit.wrong_answers]
    # in steps that visit every part of the list
    answers = [answers[(7 * number) % len(answers)] for number in range(count)]
    for grader in ("nbgrader", "dojo"):
        (folder / grader).mkdir(parents=True)
        config = (REPOSITORY / "grading" / "nbgrader_config.py").read_text(encoding="utf-8")
        (folder / grader / "nbgrader_config.py").write_text(config + (_STOCK if grader == "nbgrader" else ""))
        for number, answer in enumerate(answers):
            notebook = solution_notebook(unit, "ja")
            if answer:
                cell = next(c for c in notebook.cells if c.id == answer.exercise.replace("_", "-"))
                cell.source = answer.source
            if not demos:
                notebook.cells = [cell for cell in notebook.cells if role(cell) != "demo"]
            path = folder / grader / "submitted" / f"learner{number:04}" / unit.id / f"{unit.id}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
    return sorted((folder / "dojo").rglob("*.ipynb"))


def _processor_seconds(unit: Unit, files: Sequence[Path]) -> float:
    """Return what the learners' cells and the tests take at least: without demos, wire, sandbox, gradebook and feedback.

    As no two submissions may share a process, each is run in a fork of one that has imported all; as many at once as there are cores.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), spawn, _warm_up, (modules(unit, "checker"),)) as warm:
        notebooks = [_cells(nbformat.read(path, as_version=4)) for path in files]
        seconds = warm.map(_forked, notebooks)
        return sum(track(seconds, L("Limit", "下限"), total=len(notebooks), transient=True))


def _warm_up(names: Sequence[str]) -> None:
    os.environ.update(EVERYWHERE, TF_CPP_MIN_LOG_LEVEL="3")
    import_all(names)
    gc.freeze()


def _forked(sources: Sequence[str]) -> float:
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    child = fork.Process(target=lambda: there.send(_seconds(sources)))
    child.start()
    # a child that dies is known by it
    there.close()
    seconds = here.recv()
    child.join()
    return seconds


def _cells(notebook: NotebookNode) -> list[str]:
    wanted = ("setup", "exercise", "test")
    return [cell.source for cell in notebook.cells if cell.cell_type == "code" and role(cell) in wanted]


def _seconds(sources: Sequence[str]) -> float:
    names, started = {"__name__": "__main__"}, time.process_time()
    for source in sources:
        # a wrong answer's test raises
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, "<cell>", "exec"), names)
    return time.process_time() - started


def _graded(folder: Path, unit: Unit, grader: str) -> _Run:
    path = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
    options = {
        "cwd": folder,
        "env": os.environ | {"PATH": path},
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    release = [sys.executable, "-m", "nbgrader", "generate_assignment", unit.id, _ELSEWHERE]
    subprocess.run(release, check=True, **options)
    command = {
        "nbgrader": [sys.executable, "-m", "nbgrader", "autograde", unit.id],
        "dojo": [sys.executable, "-m", "xraydojo", "grade", unit.id],
    }[grader]
    before, started = _used(), time.monotonic()
    with subprocess.Popen(command, **options) as process:
        peak = _peak(process)
    seconds = time.monotonic() - started
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        scores = {each.student.id: each.score for each in gradebook.assignment_submissions(unit.id)}
    return _Run(seconds, _used() - before, peak, scores)


def _used() -> float:
    """Return the processor seconds that this machine has used: those of processes that are gone too, so measure on an idle machine."""
    used = psutil.cpu_times()
    return used.user + used.nice + used.system


def _peak(process: subprocess.Popen) -> int:
    """Return the most memory that a process and all that it started held at once: pages that several share count once."""
    most = 0
    while process.poll() is None:
        held = 0
        for each in _tree(process.pid):
            try:
                held += each.memory_full_info().pss
            except psutil.Error:
                continue
        most = max(most, held)
        time.sleep(_LOOK_SECONDS)
    return most


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []
