"""Build a unit's notebooks: the instructor's from the lesson, the learner's by nbgrader's own generate_assignment."""

import io
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from xraydojo.language import LANGUAGES, L, speaking
from xraydojo.lesson import REPOSITORY, Cell, LessonError, Unit, read_syllabus, read_unit, syntax_tree

STUB = {
    "en": "# Write your code here, in place of the next line\nraise NotImplementedError()",
    "ja": "# 次の行を消して、ここにコードを書いてください\nraise NotImplementedError()",
}
# the id of the cell that leads to the next unit
ONWARD = "onward"


@dataclass(frozen=True)
class Built:
    """A built notebook: where it belongs in the repository, and its text."""

    path: Path
    text: str

    @property
    def is_current(self) -> bool:
        """Whether the file on disk is exactly this text."""
        return self.path.exists() and self.path.read_text(encoding="utf-8") == self.text

    def write(self) -> None:
        """Write the notebook."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.text, encoding="utf-8", newline="\n")


def notebook_path(kind: str, unit: str, language: str, root: Path = REPOSITORY) -> Path:
    """Return where a built notebook stands; ``kind`` is ``"solutions"`` or ``"exercises"``."""
    return root / kind / language / unit / f"{unit}.ipynb"


def build(folder: Path, root: Path = REPOSITORY) -> list[Built]:
    """Build a unit's four notebooks (solution and exercise in each language) without writing them.

    Parameters
    ----------
    folder : Path
        The unit's folder in ``course/``.
    root : Path, optional
        Where ``solutions/`` and ``exercises/`` stand.

    Raises
    ------
    LessonError
        If the lesson is malformed; the message names file and line.
    """
    unit = read_unit(folder)
    built = []
    for language in LANGUAGES:
        solution = nbformat.writes(solution_notebook(unit, language)) + "\n"
        exercise = _release(unit, language, solution)
        _refuse_unparsable(unit, language, exercise)
        built += [
            Built(notebook_path("solutions", unit.id, language, root), solution),
            Built(notebook_path("exercises", unit.id, language, root), exercise),
        ]
    return built


def solution_notebook(unit: Unit, language: str) -> nbformat.NotebookNode:
    """Return the instructor's notebook of a unit: nbgrader's source, with solutions and hidden tests."""
    cells, begun = [], False
    for number, cell in enumerate(unit.cells, 1):
        source = cell.sources[language]
        if cell.kind == "setup" and not begun:
            source, begun = f'import xraydojo\nxraydojo.begin("{unit.id}", "{language}")\n\n{source}', True
        cells.append(_notebook_cell(cell, number, source))
    if words := _onward(unit, language):
        cells.append(new_markdown_cell(words, id=ONWARD))
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "xraydojo": {"unit": unit.id, "language": language},
    }
    return new_notebook(cells=cells, metadata=metadata)


def _onward(unit: Unit, language: str) -> str:
    """Return the words at a notebook's end, which lead on; none for a unit that is not in the syllabus."""
    entries = read_syllabus()
    ids = [entry.id for entry in entries]
    if unit.id not in ids:
        return ""
    after = entries[ids.index(unit.id) + 1 :]
    with speaking(language):
        if not after:
            return L(
                "---\n\nThis is the last unit so far. Well done! The start page shows the road that lies behind you.",
                "---\n\nいまのところ、これが最後の単元です。お疲れさまでした。ここまでの歩みは「はじめに」のページで確かめられます。",
            )
        return L("---\n\n**Next:** ", "---\n\n**次の単元：** ") + after[0].link("../")


def _notebook_cell(cell: Cell, number: int, source: str):
    if cell.kind == "prose":
        return new_markdown_cell(source, id=f"prose-{number}")
    made = new_code_cell(source, metadata={"xraydojo": {"role": cell.kind}})
    if cell.kind == "explore":
        made.id = f"explore-{number}"
        return made
    grade_id = cell.id if cell.exercise else f"{cell.kind}_{number}"
    made.id = grade_id.replace("_", "-")
    made.metadata["nbgrader"] = {
        "grade": cell.kind == "test",
        "solution": cell.kind == "exercise",
        "locked": cell.kind != "exercise",
        "task": False,
        "schema_version": 3,
        "grade_id": grade_id,
    }
    if cell.kind == "test":
        made.metadata["nbgrader"]["points"] = cell.points
        # "Run All" goes on after a check that is not passed yet
        made.metadata["tags"] = ["raises-exception"]
    return made


def _release(unit: Unit, language: str, solution: str) -> str:
    """Return the learner's notebook, as nbgrader's generate_assignment makes it from the instructor's."""
    # nbgrader takes a second to import, which the other commands need not wait for
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    with tempfile.TemporaryDirectory() as course:
        source = Path(course, "source", unit.id, f"{unit.id}.ipynb")
        source.parent.mkdir(parents=True)
        source.write_text(solution, encoding="utf-8")
        config = Config()
        config.CourseDirectory.root = course
        config.CourseDirectory.assignment_id = unit.id
        config.ClearSolutions.code_stub = {"python": STUB[language]}
        # the same as nbgrader's own --no-db
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
        said = io.StringIO()
        converter.log = logging.Logger("nbgrader", logging.ERROR)
        converter.log.addHandler(logging.StreamHandler(said))
        try:
            converter.start()
        except NbGraderException:
            raise LessonError(
                unit.folder / "lesson.py", 1, f"nbgrader refused the notebook: {said.getvalue()}"
            ) from None
        return Path(course, "release", unit.id, f"{unit.id}.ipynb").read_text(encoding="utf-8")


def _refuse_unparsable(unit: Unit, language: str, exercise: str) -> None:
    """Refuse an exercise whose cell does not parse before the learner fills it in."""
    released = {cell.id: cell.source for cell in nbformat.reads(exercise, as_version=4).cells}
    for cell in unit.exercises:
        source = released[cell.id.replace("_", "-")]
        lesson = unit.folder / "lesson.py"
        try:
            syntax_tree(source)
        except SyntaxError as error:
            message = f"{cell.exercise} does not parse before it is filled in: {error.msg}"
            raise LessonError(lesson, cell.line + (error.lineno or 0), message) from None
