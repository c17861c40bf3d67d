"""A class's folder as nbgrader lays it out: what was handed in, the gradebook, what was graded and what goes back to the learners."""

import contextlib
import json
import os
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

from nbgrader.api import MissingEntry
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import temp_attrs
from sqlalchemy.exc import SAWarning

from xraydojo import DojoError
from xraydojo.grade import fingerprint, gradebook, read, steps
from xraydojo.grade.batch import Task
from xraydojo.grade.report import Report
from xraydojo.grade.submission import SubmissionError, read_file
from xraydojo.language import L
from xraydojo.lesson import read_syllabus

CONFIG = "nbgrader_config.py"
# what SQLAlchemy thinks of nbgrader's queries is nothing that an instructor can mend
warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")


class ClassFolder:
    """A folder with XrayDojo's `nbgrader_config.py` in it.

    Parameters
    ----------
    folder : Path
    only : str, optional
        The exercise whose marks alone are new when something is graded again; the others stay as they were.

    Raises
    ------
    DojoError
        If it is no class's folder.
    """

    def __init__(self, folder: Path, only: str | None = None):
        self._only = only
        self.folder = folder.absolute()
        if not (self.folder / CONFIG).is_file():
            raise DojoError(
                L(
                    f"{folder} is not the folder of a class (no {CONFIG}); copy grading/{CONFIG} into your class's folder and run this there",
                    f"{folder} は授業用のフォルダーではありません（{CONFIG} がありません）。grading/{CONFIG} を授業用のフォルダーにコピーし、そこで実行してください",
                )
            )
        # nbgrader makes a new gradebook by calling alembic by its name
        os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")
        app = NbGrader()
        with contextlib.chdir(self.folder):
            app.initialize([])
        app.log.setLevel("CRITICAL")
        app.config.CourseDirectory.root = str(self.folder)
        self._api = NbGraderAPI(config=app.config, parent=app)
        self._course = self._api.coursedir

    @property
    def gradebook(self) -> str:
        """The URL of the gradebook's data base."""
        return self._course.db_url

    def units(self) -> list[str]:
        """Return the units that somebody has handed in, in the order of the course."""
        return [entry.id for entry in read_syllabus() if self._api.get_submitted_students(entry.id)]

    def tasks(self, unit: str, learners: list[str] | None = None) -> list[Task]:
        """Return the notebooks to grade, in the order of the learners' names: those named, or all who have handed in.

        Raises
        ------
        DojoError
            If one who is named has not handed in.
        """
        handed_in = self._api.get_submitted_students(unit)
        if missing := sorted(set(learners or []) - handed_in):
            where = self._course.format_path(self._course.submitted_directory, missing[0], unit)
            raise DojoError(
                L(
                    f"{', '.join(missing)} handed nothing in for {unit}: there is no folder {where}",
                    f"{'、'.join(missing)} は {unit} を提出していません（フォルダー {where} がありません）",
                )
            )
        return [self._task(unit, learner) for learner in sorted(learners or handed_in)]

    def learner(self, task: Task) -> str:
        """Return whose a notebook is."""
        return task.seed.partition(":")[2]

    def kept(self, task: Task) -> Report | None:
        """Return the report of a notebook that has been graded before, as it is now, by the unit as it is now; None if there is none."""
        with contextlib.suppress(OSError, ValueError, SubmissionError):
            report = self._report(task)
            if report.fingerprint == fingerprint(read(task.unit), read_file(task.path), task.seed):
                return report
        return None

    def keep(self, task: Task, report: Report) -> Report:
        """Put a report's marks into the gradebook, and write the graded notebook, the report and the learner's feedback.

        nbgrader's own autograde does it: students and late penalties are entered as it does, and manual marks and comments stay. It asks
        for every manual mark to be looked at again; here, only when the submission or the unit is another than before.

        Parameters
        ----------
        task : Task
        report : Report

        Returns
        -------
        Report
            As it was kept.

        Raises
        ------
        DojoError
            If nbgrader refuses.
        """
        if self._only is not None:
            report = self._merged(report, self._report(task))
        settled = self._settled(task) if self.kept(task) else set()
        steps.ready[task.path] = report
        learner = self.learner(task)
        with gradebook.transaction(self.gradebook):
            self._done(self._api.autograde(task.unit, learner), learner)
            if settled:
                with self._api.gradebook as book:
                    for grade in book.find_submission_notebook(task.unit, task.unit, learner).grades:
                        if grade.name in settled:
                            grade.needs_manual_grade = False
                    book.db.commit()
            self._done(self._api.generate_feedback(task.unit, learner), learner)
        return report

    def _settled(self, task: Task) -> set[str]:
        """Return the test cells of a submission whose marks a person gave, and nobody need look at again."""
        with self._api.gradebook as book, contextlib.suppress(MissingEntry):
            grades = book.find_submission_notebook(task.unit, task.unit, self.learner(task)).grades
            return {g.name for g in grades if g.manual_score is not None and not g.needs_manual_grade}
        return set()

    def release(self, unit: str) -> None:
        """Enter a unit into the gradebook, by nbgrader's own generate_assignment, if it is not there yet."""
        with self._api.gradebook as book:
            # one whose due date was entered first is there without its notebook
            with contextlib.suppress(MissingEntry):
                if book.find_assignment(unit).notebooks:
                    return
        # the notebooks for learners are built already: what nbgrader writes on the way is not wanted
        with tempfile.TemporaryDirectory(prefix="xraydojo-") as folder:
            with temp_attrs(self._course, release_directory=folder):
                self._done(self._api.generate_assignment(unit), unit)

    def enter(self, tasks: list[Task]) -> None:
        """Enter those who have handed in into the gradebook, so that one whose file cannot be graded is in no list missing."""
        with self._api.gradebook as book:
            known = {student.id for student in book.students}
            for learner in sorted({self.learner(task) for task in tasks} - known):
                book.add_student(learner)

    def graded(self, unit: str, learner: str) -> Path:
        """Return the folder of a learner's graded notebook and its report."""
        return Path(self._course.format_path(self._course.autograded_directory, learner, unit))

    def _task(self, unit: str, learner: str) -> Task:
        folder = Path(self._course.format_path(self._course.submitted_directory, learner, unit)).absolute()
        return Task(folder / f"{unit}.ipynb", f"{learner}/{unit}", unit, steps.seed(self._course, learner))

    def _report(self, task: Task) -> Report:
        kept = self.graded(task.unit, self.learner(task)) / steps.REPORT
        return Report.from_json(json.loads(kept.read_text(encoding="utf-8")))

    def _merged(self, new: Report, old: Report) -> Report:
        kept = {result.exercise: result for result in old.tests if result.exercise != self._only}
        tests = tuple(kept.get(result.exercise, result) for result in new.tests)
        return replace(new, tests=tests, points=sum(result.points for result in tests))

    def _done(self, result: dict, what: str) -> None:
        if not result["success"]:
            said = (result.get("log") or result.get("error") or "?").strip().splitlines()
            raise DojoError(
                L(
                    f"nbgrader could not enter {what} into the gradebook {self.gradebook}: {said[-1]}",
                    f"nbgrader が {what} を成績表 {self.gradebook} に記入できませんでした：{said[-1]}",
                )
            )
