"""A folder of feedback: a page for each notebook, and its report beside it."""

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from xraydojo import whole
from xraydojo.grade import fingerprint, read
from xraydojo.grade.batch import Task
from xraydojo.grade.feedback import feedback
from xraydojo.grade.report import Report
from xraydojo.grade.submission import SubmissionError, read_file


class Pages:
    """Feedback and reports in a folder, or nowhere.

    Parameters
    ----------
    folder : Path or None
        It gets the folders and names of the notebooks, from the folder that all have in common.
    tasks : sequence of Task
    """

    def __init__(self, folder: Path | None, tasks: Sequence[Task]):
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        # as they were named: not through symbolic links, which a submission may be
        named = [Path(os.path.abspath(task.path)) for task in tasks]
        self._common = Path(os.path.commonpath([path.parent for path in named])) if named else Path()

    def kept(self, task: Task) -> Report | None:
        """Return the report of a notebook that was graded before, as it is now, by its unit as it is now; None if there is none."""
        if self._folder is None:
            return None
        with contextlib.suppress(OSError, ValueError, SubmissionError):
            report = Report.from_json(json.loads(self._page(task, ".json").read_text(encoding="utf-8")))
            seed = os.environ.get("XRAYDOJO_SEED", "") if task.seed is None else task.seed
            if report.fingerprint == fingerprint(read(report.unit), read_file(task.path), seed):
                return report
        return None

    def keep(self, task: Task, report: Report) -> Report:
        """Write the page, then the report: a notebook with a report is done."""
        if self._folder is not None:
            kept = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
            whole.write(self._page(task, ".html"), feedback(report).encode())
            whole.write(self._page(task, ".json"), kept.encode())
        return report

    def _page(self, task: Task, suffix: str) -> Path:
        """Return the name of a notebook's page: no two share one, and none leaves the folder."""
        path = Path(os.path.abspath(task.path)).relative_to(self._common)
        return self._folder / path.with_name(path.name.removesuffix(".ipynb") + suffix)
