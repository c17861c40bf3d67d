"""Grade submitted notebooks: a notebook in, a report out."""

import functools
import hashlib
import os
import time
from pathlib import Path

from xraydojo import __version__
from xraydojo.grade.execution import run
from xraydojo.grade.feedback import feedback
from xraydojo.grade.rebuild import rebuild
from xraydojo.grade.report import Report, TestResult, judge, table
from xraydojo.grade.submission import Submission, SubmissionError, read_file, read_submission
from xraydojo.language import speaking
from xraydojo.lesson import Unit, find_unit, read_syllabus, read_unit

__all__ = [
    "Report",
    "SubmissionError",
    "TestResult",
    "feedback",
    "fingerprint",
    "grade",
    "table",
]

# what a unit is read from
FILES = ("lesson.py", "wrong_answers.py", "right_answers.py")


def grade(
    unit: Unit | str | None, submission: Path | str, sandbox: bool = True, seed: str | None = None
) -> Report:
    """Grade one submitted notebook.

    The notebook is rebuilt (locked cells from the solution, the learner's own cells as they are). The learner's cells run in a process of their
    own, in a sandbox with limits; the tests run in another process, which calls the learner's functions over a wire that carries plain
    data only. A test scores if the checker saw it run to its end and pass.

    Parameters
    ----------
    unit : Unit, str or None
        The unit, as `xraydojo.lesson.read_unit` returns it, or its id; None for the one that the notebook names.
    submission : Path or str
        The notebook's file. It is only read.
    sandbox : bool
        Whether to isolate the learner's process. Without it, the learner's code can read, write and send whatever the grader can; tests and
        verdicts still stay out of its process.
    seed : str, optional
        What random cases come from, such as the course's secret seed and the learner's id: the same seed gives the same cases again. The
        environment variable ``XRAYDOJO_SEED`` when not said.

    Raises
    ------
    SubmissionError
        If the file cannot be graded: it is missing, no notebook, or of another unit.
    DojoError
        If the unit does not exist, the sandbox cannot be set up, or no process can be started.
    """
    started = time.monotonic()
    submitted = read_submission(submission)
    if not isinstance(unit, Unit):
        unit = read(unit or _known(submitted))
    if submitted.unit != unit.id:
        raise SubmissionError(
            submitted.path,
            f"the notebook is of unit {submitted.unit}, not {unit.id}; hand in the one of {unit.id}",
            f"単元 {submitted.unit} のノートブックです。{unit.id} のものを提出してください",
        )
    seed = os.environ.get("XRAYDOJO_SEED", "") if seed is None else seed
    with speaking(submitted.language):
        notebook, repairs = rebuild(unit, submitted)
        tests = judge(unit, run(unit, notebook, submitted.path, sandbox, seed))
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
        fingerprint=fingerprint(unit, read_file(submitted.path), seed),
        notebook=notebook,
    )


def fingerprint(unit: Unit, content: bytes, seed: str) -> str:
    """Return a digest of all that a grade comes from: the file handed in, the unit's lesson and wrong answers, the seed, and this version."""
    sources = [(unit.folder / name).read_bytes() for name in FILES]
    parts = (*sources, content, seed.encode(), __version__.encode())
    digests = [hashlib.sha256(part).digest() for part in parts]
    return hashlib.sha256(b"".join(digests)).hexdigest()


def read(unit: str) -> Unit:
    """Return a unit by its id; read again only when its files have changed."""
    folder = find_unit(unit)
    return _read(folder, *((folder / name).stat().st_mtime_ns for name in FILES))


@functools.lru_cache(maxsize=32)
def _read(folder: Path, *changed: int) -> Unit:
    return read_unit(folder)


def _known(submitted: Submission) -> str:
    """Return the id of the unit that a submission names."""
    known = [entry.id for entry in read_syllabus()]
    if submitted.unit not in known:
        raise SubmissionError(
            submitted.path,
            f"there is no unit {submitted.unit}; the units are {', '.join(known)}",
            f"{submitted.unit} という単元はありません。単元は {', '.join(known)} です",
        )
    return submitted.unit
