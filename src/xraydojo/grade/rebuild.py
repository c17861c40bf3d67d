"""Rebuild a submission: every locked cell as it was handed out, the learner's own cells as they are."""

import functools

from nbformat import NotebookNode

from xraydojo.build import solution_notebook
from xraydojo.grade.submission import Submission
from xraydojo.language import L
from xraydojo.lesson import Unit

_MARKS = ("grade", "solution", "locked", "points", "grade_id")
_OWN = "own"


def rebuild(unit: Unit, submission: Submission) -> tuple[NotebookNode, list[str]]:
    """Return the notebook to run, and a sentence for each repair in the current language.

    Setup, demo and test cells come from the solution, hidden tests included; missing ones stand in their place again, copies are gone.
    An exercise keeps the learner's source. All other cells are the learner's own and stay behind the cell that they followed.

    Parameters
    ----------
    unit : Unit
        The unit that the submission is of.
    submission : Submission
        The learner's notebook, as `xraydojo.grade.submission.read_submission` returns it; it is not changed.
    """
    handed_out = _solution(unit, submission.language)
    rebuilt = NotebookNode(handed_out, cells=[NotebookNode(cell) for cell in handed_out.cells])
    repairs: list[str] = []
    if not _is_python(submission.notebook.metadata.kernelspec):
        repairs.append(L("The kernel was set back to Python 3.", "カーネルを Python 3 に戻しました。"))
    places = _places(rebuilt.cells, submission.notebook.cells, repairs)
    _report_order(list(places), rebuilt.cells, repairs)
    cells = [_own(cell) for cell in places.pop(None)[1]]
    for issued in rebuilt.cells:
        found, followers = places.get(issued.id, (None, []))
        if (cell := _restored(issued, found, repairs)) is not None:
            cells.append(cell)
        cells += [_own(follower) for follower in followers]
    for number, cell in enumerate((cell for cell in cells if cell.id == _OWN), 1):
        cell.id = f"{_OWN}-{number}"
    rebuilt.cells = cells
    return rebuilt, repairs


@functools.lru_cache(maxsize=32)
def _solution(unit: Unit, language: str) -> NotebookNode:
    return solution_notebook(unit, language)


def _is_python(kernel: object) -> bool:
    """Whether a notebook was written for Python; the hub's GPU kernel and those of conda have names of their own."""
    return isinstance(kernel, dict) and (
        kernel.get("language") == "python" or kernel.get("name") == "python3"
    )


def released(source: str) -> str:
    """Return the source of a test cell as learners see it: without its hidden tests."""
    from nbgrader.preprocessors import ClearHiddenTests

    cell = NotebookNode(source=source)
    ClearHiddenTests()._remove_hidden_test_region(cell)
    return cell.source


def role(cell: NotebookNode) -> str | None:
    """Return a rebuilt cell's role: ``"setup"``, ``"demo"``, ``"explore"``, ``"exercise"`` or ``"test"``; None for the learner's own."""
    return cell.metadata.get("xraydojo", {}).get("role")


def exercise_of(cell: NotebookNode) -> str:
    """Return the id of the exercise that a rebuilt exercise or test cell belongs to."""
    return cell.metadata.nbgrader.grade_id.removeprefix("test_" if role(cell) == "test" else "")


def _places(issued: list, cells: list, repairs: list[str]) -> dict:
    """Find the issued cells among the learner's.

    Returns
    -------
    dict
        For each issued cell that was found, by its id and in the learner's order: the learner's cell and the own cells that follow it.
        The own cells that stand before all others are under None.
    """
    by_grade_id = {cell.metadata.nbgrader.grade_id: cell for cell in issued if "nbgrader" in cell.metadata}
    by_id = {cell.id: cell for cell in issued}
    wanted = [_issued_cell(cell, by_grade_id, by_id) for cell in cells]
    originals = _originals(cells, wanted)
    places = {None: (None, [])}
    followers = places[None][1]
    copied = []
    for cell, match in zip(cells, wanted):
        if match is None:
            followers.append(cell)
        elif cell is originals[match.id]:
            followers = []
            places[match.id] = (cell, followers)
        else:
            copied += [match.id] if "nbgrader" in match.metadata else []
            if not _is_locked(match):
                followers.append(cell)
    repairs += [_copied(by_id[id]) for id in dict.fromkeys(copied)]
    return places


def _issued_cell(cell: NotebookNode, by_grade_id: dict, by_id: dict) -> NotebookNode | None:
    """Return the issued cell that a learner's cell is: by nbgrader's grade_id, else by its own id."""
    marks = cell.metadata.get("nbgrader")
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    return (by_grade_id.get(grade_id) if isinstance(grade_id, str) else None) or by_id.get(cell.id)


def _originals(cells: list, wanted: list) -> dict:
    """Return, by the issued cell's id, which of the learner's cells is the original: the one with the same id, else the first."""
    originals = {}
    for cell, match in zip(cells, wanted):
        if match is not None and (match.id not in originals or cell.id == match.id != originals[match.id].id):
            originals[match.id] = cell
    return originals


def _restored(issued: NotebookNode, found: NotebookNode | None, repairs: list[str]) -> NotebookNode | None:
    """Return the cell to run in an issued cell's place; None where the learner deleted prose, an exercise or a free cell."""
    if _is_locked(issued):
        return _locked(issued, found, repairs)
    if found is None:
        if role(issued) == "exercise":
            name = exercise_of(issued)
            repairs.append(L(f"The cell of `{name}` is missing.", f"`{name}` を書くセルがありません。"))
        return None
    if role(issued) == "exercise":
        return _exercise(issued, found, repairs)
    if role(issued) == "explore" and (found.cell_type, found.source) == ("code", issued.source):
        issued.outputs = found.outputs
        return issued
    # prose keeps its place and its id; a free cell that the learner changed is a cell of their own, and runs
    return _own(found, issued.id) if found.cell_type == issued.cell_type == "markdown" else _own(found)


def _locked(issued: NotebookNode, found: NotebookNode | None, repairs: list[str]) -> NotebookNode:
    name = _name(issued)
    if found is None:
        repairs.append(L(f"{name} was missing and was put back.", f"{name}がなかったので、元に戻しました。"))
        return issued
    handed_out = {_plain(issued.source), _plain(released(issued.source))}
    if found.cell_type != "code" or _plain(found.source) not in handed_out:
        repairs.append(
            L(f"{name} was changed and was put back.", f"{name}が書き換えられていたので、元に戻しました。")
        )
    elif _marks(found) != _marks(issued):
        repairs.append(_remarked(name))
    if role(issued) == "demo" and found.cell_type == "code":
        issued.outputs = found.outputs
    return issued


def _exercise(issued: NotebookNode, found: NotebookNode, repairs: list[str]) -> NotebookNode:
    name = _name(issued)
    if found.cell_type != "code":
        repairs.append(
            L(
                f"{name} was a text cell and is code again.",
                f"{name}がテキストになっていたので、コードに戻しました。",
            )
        )
    elif _marks(found) != _marks(issued):
        repairs.append(_remarked(name))
    issued.source = found.source
    return issued


def _own(cell: NotebookNode, id: str = _OWN) -> NotebookNode:
    """Return a learner's own cell without marks that would make it count."""
    cell = NotebookNode(cell)
    cell.id, cell.metadata = id, NotebookNode()
    return cell


def _report_order(found: list, issued: list, repairs: list[str]) -> None:
    position = {cell.id: number for number, cell in enumerate(issued)}
    order = [position[id] for id in found if id is not None]
    if order != sorted(order):
        repairs.append(
            L(
                "Cells stood in another order and were moved back.",
                "セルの順序が変わっていたので、元に戻しました。",
            )
        )


def _is_locked(issued: NotebookNode) -> bool:
    return issued.metadata.get("nbgrader", {}).get("locked", False)


def _plain(source: str) -> str:
    """Return the source without what an editor changes by itself: line ends and blanks behind the text."""
    return "\n".join(line.rstrip() for line in source.splitlines()).strip()


def _marks(cell: NotebookNode) -> tuple:
    marks = cell.metadata.get("nbgrader")
    return tuple(marks.get(key) for key in _MARKS) if isinstance(marks, dict) else ()


def _name(issued: NotebookNode) -> str:
    """Name an issued cell in a sentence."""
    match role(issued):
        case "test":
            return L(f"The test of `{exercise_of(issued)}`", f"`{exercise_of(issued)}` の確認セル")
        case "exercise":
            return L(f"The cell of `{exercise_of(issued)}`", f"`{exercise_of(issued)}` を書くセル")
        case "setup":
            return L("The setup cell", "準備のセル")
    return L("A demo cell", "デモのセル")


def _remarked(name: str) -> str:
    return L(
        f"{name} had other marks for grading; they were put back.",
        f"{name}の採点用の情報が変わっていたので、元に戻しました。",
    )


def _copied(issued: NotebookNode) -> str:
    name = _name(issued)
    if _is_locked(issued):
        return L(f"{name} had copies, which were removed.", f"{name}の写しがあったので、取り除きました。")
    return L(
        f"{name} had copies, which count as cells of your own.",
        f"{name}の写しは、自分で足したセルとして扱いました。",
    )
