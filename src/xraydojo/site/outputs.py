"""What the notebooks show once they are solved: each is run once for each language, and what it showed is kept until its code changes."""

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from xraydojo import DojoError, whole
from xraydojo.build import build
from xraydojo.check.verdict import MIME
from xraydojo.data.cache import cache
from xraydojo.language import LANGUAGES, L

LONGEST_CELL = 3600  # seconds; on a busy machine a network trains for many minutes


@dataclass(frozen=True)
class Page:
    """A notebook of the site: ``open`` is the learner's, as released; ``solved`` is the same with the solutions, as it is run."""

    unit: str
    language: str
    open: NotebookNode
    solved: NotebookNode

    @property
    def kept(self) -> Path:
        """Where the outputs are kept: a file named by what is run."""
        code = json.dumps([cell.source for cell in _code(self.solved)])
        digest = hashlib.sha256(code.encode()).hexdigest()[:16]
        return cache() / "site" / f"{self.unit}.{self.language}.{digest}.json"

    @property
    def shown(self) -> NotebookNode:
        """The learner's notebook with the outputs of the solved one."""
        notebook = nbformat.from_dict(self.open)
        # by their order: ids change with the prose between them
        kept = json.loads(self.kept.read_text(encoding="utf-8"))
        for cell, outputs in zip(_code(notebook), kept, strict=True):
            cell.outputs = nbformat.from_dict(outputs)
        return notebook


def pages(folders: list[Path]) -> list[Page]:
    """Return the notebooks of units in both languages, built from their lessons.

    Parameters
    ----------
    folders : list of Path
        Units' folders in ``course/``.

    Raises
    ------
    LessonError
        If a lesson is malformed; the message names file and line.
    """
    found = []
    for folder in folders:
        notebooks = [nbformat.reads(built.text, as_version=4) for built in build(folder)]
        for language, solution, released in zip(LANGUAGES, notebooks[::2], notebooks[1::2]):
            found.append(Page(folder.name, language, released, _solved(released, solution)))
    return found


def _solved(released: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """Return the released notebook with the exercises of the solution: hidden tests are not in it, so nothing of them is ever shown."""
    answers = {cell.id: cell.source for cell in solution.cells if _role(cell) == "exercise"}
    solved = nbformat.from_dict(released)
    for cell in solved.cells:
        cell.source = answers.get(cell.id, cell.source)
    return solved


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _role(cell: NotebookNode) -> str | None:
    return cell.metadata.get("xraydojo", {}).get("role")


def run(pages: list[Page]) -> None:
    """Run the notebooks whose outputs are not kept yet, under a progress bar, and keep the outputs.

    Raises
    ------
    DojoError
        If notebooks failed: each is named, with its cell. The others have been run, and their outputs are kept.
    """
    waiting = [page for page in pages if not page.kept.exists()]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    failures = []
    cells = sum(len(_code(page.solved)) for page in waiting)
    with Progress(*columns, transient=True) as progress:
        bar = progress.add_task("", total=cells)
        for page in waiting:
            progress.update(bar, description=f"{page.unit} ({page.language})")
            try:
                _run(page, lambda **_: progress.advance(bar))
            except _Failure as failure:
                failures.append(str(failure))
                # at once, too: the others may take an hour
                progress.console.print(f"✗ {failure}", markup=False, highlight=False, soft_wrap=True)
    if failures:
        raise DojoError("\n".join(failures))


class _Failure(Exception):
    def __init__(self, page: Page, cell: str, said: str):
        super().__init__(
            L(
                f"{page.unit} ({page.language}) failed in cell {cell}: {said}",
                f"{page.unit}（{page.language}）のセル {cell} が失敗しました：{said}",
            )
        )


def _run(page: Page, advance: Callable) -> None:
    """Run a notebook in a fresh kernel, and keep what its cells show."""
    notebook, running = nbformat.from_dict(page.solved), []
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=LONGEST_CELL,
            resources={"metadata": {"path": folder}},
            on_cell_execute=lambda cell, **_: running.append(cell.id),
            on_cell_complete=advance,
        )
        try:
            # as under nbgrader: nothing is recorded for a learner, and widgets stand still at their first state
            client.execute(env=os.environ | {"NBGRADER_EXECUTION": "validate"}, stderr=subprocess.DEVNULL)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            said = getattr(error, "evalue", None) or str(error).strip().splitlines()[0]
            raise _Failure(page, running[-1] if running else "?", said) from None
    for cell in _code(notebook):
        for output in cell.outputs:
            if output.output_type == "error" or not output.get("data", {}).get(MIME, {}).get("passed", True):
                raise _Failure(page, cell.id, output.get("evalue") or output.data["text/plain"])
    shown = [cell.outputs for cell in _code(notebook)]
    whole.write(page.kept, json.dumps(shown, ensure_ascii=False).encode())
