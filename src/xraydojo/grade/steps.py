"""nbgrader's own autograde and feedback with our grading inside: through its extension points, no fork of it.

`grading/nbgrader_config.py` names these classes, so that `nbgrader autograde`, the formgrader's buttons and `dojo grade` all do the same.
"""

import contextlib
import json
import os
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

import nbformat
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from xraydojo import whole
from xraydojo.build import notebook_path
from xraydojo.grade import grade, gradebook
from xraydojo.grade.feedback import Remarks, feedback
from xraydojo.grade.rebuild import exercise_of, role
from xraydojo.grade.report import Report

REPORT = "report.json"
_SEED = ".seed"
# nbgrader's own remark on what nobody has written in says no more than the test's status
_NO_COMMENT = (None, "", "No response.")
# what a batch has graded already, by the submitted file
ready: dict[Path, Report] = {}


class Grade(NbGraderPreprocessor):
    """In the place of nbgrader's sanitizing and executing: rebuild the notebook, run it in the sandbox, mark its tests."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Return the submission as graded; `KeepReport` finds the report in its metadata."""
        where, file = resources["nbgrader"], resources["metadata"]
        path = Path(file["path"], f"{file['name']}.ipynb").absolute()
        report = ready.pop(path, None)
        if report is None:
            report = grade(
                where["assignment"], path, seed=seed(CourseDirectory(parent=self), where["student"])
            )
        return marked(report), resources


class KeepReport(NbGraderPreprocessor):
    """When the gradebook has the marks, keep the report beside the graded notebook: a submission with a report is done."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Return the notebook as it is, but for the report in its metadata."""
        course, where = CourseDirectory(parent=self), resources["nbgrader"]
        folder = course.format_path(course.autograded_directory, where["student"], where["assignment"])
        gradebook.commit()
        report = json.dumps(nb.metadata.xraydojo.pop("report"), ensure_ascii=False, indent=1)
        whole.write(Path(folder) / REPORT, report.encode())
        return nb, resources


class FeedbackExporter(Exporter):
    """In the place of nbgrader's feedback, which shows hidden tests: our page, with what the gradebook says beyond the report.

    nbgrader's `GetGrades` must run before it: it brings the scores and comments.
    """

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict | None = None, **options
    ) -> tuple[str, dict]:
        """Return the page."""
        nb, resources = super().from_notebook_node(nb, resources, **options)
        kept = Path(resources["metadata"]["path"]) / REPORT
        report = replace(Report.from_json(json.loads(kept.read_text(encoding="utf-8"))), notebook=nb)
        cells = [cell for cell in nb.cells if role(cell) in ("exercise", "test")]
        remarks = Remarks(
            scores={exercise_of(c): c.metadata.nbgrader.score for c in cells if role(c) == "test"},
            comments={
                exercise_of(c): c.metadata.nbgrader.comment
                for c in cells
                if role(c) == "exercise" and c.metadata.nbgrader.get("comment") not in _NO_COMMENT
            },
            late_penalty=resources["nbgrader"]["late_penalty"],
        )
        return feedback(report, remarks), resources


def marked(report: Report) -> NotebookNode:
    """Return a report's notebook as nbgrader reads marks: a test whose output has an error earns nothing, any other all its points.

    Parameters
    ----------
    report : Report
        With its notebook, which is not changed.
    """
    notebook = nbformat.from_dict(report.notebook)
    notebook.metadata.xraydojo.report = report.to_json()
    results = {test.exercise: test for test in report.tests}
    checksums = _checksums(report.unit, report.language)
    for cell in notebook.cells:
        if role(cell) == "test":
            test = results[exercise_of(cell)]
            cell.outputs = [output for output in cell.outputs if output.output_type == "display_data"]
            if not test.points:
                cell.outputs.append(new_output("error", ename=test.status, evalue=test.message, traceback=[]))
        elif role(cell) == "exercise":
            # by it nbgrader tells what nobody has written in
            cell.metadata.nbgrader.checksum = checksums[cell.metadata.nbgrader.grade_id]
    return notebook


def _checksums(unit: str, language: str) -> dict[str, str]:
    released = nbformat.read(notebook_path("exercises", unit, language), as_version=4)
    known = (cell.metadata.get("nbgrader", {}) for cell in released.cells)
    return {cell["grade_id"]: cell["checksum"] for cell in known if "checksum" in cell}


def seed(course: CourseDirectory, learner: str) -> str:
    """Return what a learner's random cases come from: the class's secret, made when it is first needed, and the learner's name."""
    file = Path(course.root) / _SEED
    if not file.exists():
        _make(file, secrets.token_hex(32))
    return f"{file.read_text().strip()}:{learner}"


def _make(path: Path, secret: str) -> None:
    """Write a file that only its owner reads, whole, and not over what another process has just written."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
        file.write(secret)
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
