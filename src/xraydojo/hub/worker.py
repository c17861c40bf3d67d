"""The process that grades what is handed in: one at a time, in the sandbox, into nbgrader's gradebook. The hub starts it, and again when it ends."""

import contextlib
import fcntl
import logging
import shutil
import time
from datetime import UTC
from pathlib import Path

from nbgrader.api import Gradebook

from xraydojo import language
from xraydojo.grade.batch import Task, grade_many
from xraydojo.grade.course import ClassFolder
from xraydojo.grade.steps import REPORT
from xraydojo.grade.submission import SubmissionError
from xraydojo.hub.accounts import LiveCourse
from xraydojo.hub.course import FILE, Course
from xraydojo.hub.queue import Queue, Submission

# folders in which nbgrader keeps graded notebooks and feedback
KEPT = ("autograded", "feedback")
_PAUSE = 0.3  # seconds between two looks at the queue
log = logging.getLogger("xraydojo.hub")


def main() -> None:
    """Grade for ever, in the class's folder, the working directory."""
    logging.basicConfig(level=logging.INFO, format="[dojo-grading] %(message)s")
    folder = Path.cwd()
    lock = (folder / ".grading").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # a second one waits for the first one's end
    worker = Worker(folder)
    while True:
        if not worker.step():
            time.sleep(_PAUSE)


class Worker:
    """Grades a class's submissions.

    Parameters
    ----------
    folder : Path
        The class's folder.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._course = LiveCourse(folder / FILE)
        self._class = ClassFolder(folder)
        self._queue = Queue(folder)
        self._entered: Course | None = None
        language.use(self._course.now().language)
        self._queue.recover()

    def step(self) -> bool:
        """Do the next thing that is to be done; return whether there was any."""
        if (submission := self._queue.next()) is not None:
            self.grade(submission)
            return True
        if (course := self._course.now()) != self._entered:
            self.enter(course)
            self._entered = course
            return True
        return False

    def grade(self, submission: Submission) -> None:
        """Grade one submission, and note how it ended."""
        started = time.monotonic()
        try:
            self._class.release(submission.unit)
            self._enter_unit(self._course.now(), submission.unit)
            (task,) = self._lay_out(submission)
            if not self._is_kept(task, submission):
                ((_, outcome),) = grade_many([task])
                if isinstance(outcome, SubmissionError):
                    self._queue.end(submission, "refused", outcome.reason)
                    return
                self._class.keep(task, outcome)
        except Exception as error:  # whatever it is, the next one is to be graded
            log.exception("%s of %s", submission.unit, submission.learner)
            self._queue.end(submission, "failed", f"{type(error).__name__}: {error}")
            return
        except BaseException:  # the hub is being stopped, which is not the submission's fault
            self._queue.release(submission)
            raise
        self._queue.end(submission, "graded")
        log.info("%s of %s: %.1f s", submission.unit, submission.learner, time.monotonic() - started)

    def _is_kept(self, task: Task, submission: Submission) -> bool:
        """Whether this very notebook's report and feedback are there already: then the process ended right before it could note so."""
        report, feedback = (self._folder / kind / submission.learner / submission.unit for kind in KEPT)
        with contextlib.suppress(FileNotFoundError):
            newer = (feedback / f"{submission.unit}.html").stat().st_mtime >= (
                report / REPORT
            ).stat().st_mtime
            return newer and self._class.kept(task) is not None
        return False

    def enter(self, course: Course) -> None:
        """Enter learners and dates into the gradebook, so that the formgrader knows them."""
        with Gradebook(self._class.gradebook, course.id) as gradebook:
            for learner in course.learners:
                gradebook.update_or_create_student(
                    learner.name, last_name=learner.full_name or None, email=learner.email or None
                )
            known = [assignment.name for assignment in gradebook.assignments]
        for unit in known:
            self._enter_unit(course, unit)

    def _enter_unit(self, course: Course, id: str) -> None:
        if (unit := course.unit(id)) is not None:
            due = unit.due and unit.due.astimezone(UTC).replace(tzinfo=None)
            with Gradebook(self._class.gradebook, course.id) as gradebook:
                gradebook.update_or_create_assignment(id, duedate=due)

    def _lay_out(self, submission: Submission) -> list[Task]:
        """Put a submission where nbgrader's collect would put it; return its task."""
        folder = self._folder / "submitted" / submission.learner / submission.unit
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copyfile(self._queue.file(submission), folder / f"{submission.unit}.ipynb")
        received = f"{submission.received:%Y-%m-%d %H:%M:%S.%f} UTC"
        (folder / "timestamp.txt").write_text(received)
        return self._class.tasks(submission.unit, [submission.learner])
