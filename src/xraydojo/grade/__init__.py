"""Grade a submitted notebook: a notebook in, a report out."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import track

from xraydojo import language as words
from xraydojo.grade.execution import run
from xraydojo.grade.feedback import feedback
from xraydojo.grade.rebuild import rebuild
from xraydojo.grade.report import Report, TestResult, judge, table
from xraydojo.grade.submission import Submission, SubmissionError, read_submission
from xraydojo.language import L
from xraydojo.lesson import Unit, read_syllabus, read_unit

__all__ = [
    "Report",
    "SubmissionError",
    "TestResult",
    "feedback",
    "grade",
    "grade_files",
    "table",
]


def grade(unit: Unit | str, submission: Path | str, sandbox: bool = True) -> Report:
    """Grade one submitted notebook.

    The notebook is rebuilt (locked cells from the solution, the learner's own cells as they are). The learner's cells run in a process of their
    own, in a sandbox with limits; the tests run in another process, which calls the learner's functions over a wire that carries plain
    data only. A test scores if the checker saw it run to its end and pass.

    Random cases come from the environment variable ``XRAYDOJO_SEED`` (the course's secret seed and the learner's id): the same value gives
    the same cases again.

    Parameters
    ----------
    unit : Unit or str
        The unit, as `xraydojo.lesson.read_unit` returns it, or its id.
    submission : Path or str
        The notebook's file. It is only read.
    sandbox : bool
        Whether to isolate the learner's process. Without it, the learner's code can read, write and send whatever the grader can; tests and
        verdicts still stay out of its process.

    Raises
    ------
    SubmissionError
        If the file cannot be graded: it is missing, no notebook, or of another unit.
    DojoError
        If the unit does not exist, the sandbox cannot be set up, or no process can be started.
    """
    unit = read_unit(unit) if isinstance(unit, str) else unit
    submitted = read_submission(submission)
    if submitted.unit != unit.id:
        raise SubmissionError(
            submitted.path,
            f"the notebook is of unit {submitted.unit}, not {unit.id}; hand in the one of {unit.id}",
            f"単元 {submitted.unit} のノートブックです。{unit.id} のものを提出してください",
        )
    return _grade(unit, submitted, sandbox)


def grade_files(
    files: Sequence[Path], feedback_folder: Path | None = None, sandbox: bool = True
) -> list[Report]:
    """Grade submitted notebooks of any units, one after the other.

    A file that cannot be graded is named on standard error, in one line, and does not stop the others; it has no report.

    Parameters
    ----------
    files : sequence of Path
        The notebooks.
    feedback_folder : Path, optional
        Where to write each learner's feedback: the folders and names are those of the files, from the folder that all have in common.
    sandbox : bool
        See `grade`.
    """
    console = Console(stderr=True)
    if feedback_folder is not None:
        feedback_folder.mkdir(parents=True, exist_ok=True)
    reports = []
    for file, page in _with_progress(list(zip(files, _pages(files))), console):
        try:
            submitted = read_submission(file)
            report = _grade(_unit(submitted), submitted, sandbox)
        except SubmissionError as error:
            console.print(f"✗ {error}", style="red", markup=False, highlight=False, soft_wrap=True)
            continue
        reports.append(report)
        if feedback_folder is not None:
            _write(feedback_folder / page, feedback(report))
    return reports


def _grade(unit: Unit, submitted: Submission, sandbox: bool) -> Report:
    started = time.monotonic()
    with _speaking(submitted.language):
        notebook, repairs = rebuild(unit, submitted)
        tests = judge(unit, run(unit, notebook, submitted.path, sandbox))
    return Report(
        submission=str(submitted.path),
        unit=unit.id,
        language=submitted.language,
        points=sum(test.points for test in tests),
        max_points=unit.points,
        tests=tests,
        repairs=tuple(repairs),
        seconds=round(time.monotonic() - started, 3),
        sandbox=sandbox,
        notebook=notebook,
    )


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    """Speak the learner's language for a while."""
    before = words.current()
    words.use(language)
    try:
        yield
    finally:
        words.use(before)


def _unit(submitted: Submission) -> Unit:
    """Return the unit that a submission names."""
    known = [entry.id for entry in read_syllabus()]
    if submitted.unit not in known:
        raise SubmissionError(
            submitted.path,
            f"there is no unit {submitted.unit}; the units are {', '.join(known)}",
            f"{submitted.unit} という単元はありません。単元は {', '.join(known)} です",
        )
    return read_unit(submitted.unit)


def _with_progress(files: list, console: Console) -> Iterator:
    if len(files) < 2 or not sys.stderr.isatty():
        return iter(files)
    return track(files, L("Grading", "採点中"), console=console, transient=True)


def _pages(files: Sequence[Path]) -> list[Path]:
    """Return the name of each notebook's page of feedback: no two notebooks share one, and none leaves the folder."""
    # as they were named: not through symbolic links, which a submission may be
    named = [Path(os.path.abspath(file)) for file in files]
    common = Path(os.path.commonpath([file.parent for file in named])) if named else Path()
    return [file.relative_to(common).with_name(f"{file.name.removesuffix('.ipynb')}.html") for file in named]


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False
    ) as file:
        file.write(text)
    try:
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError:
        os.unlink(file.name)
        raise
