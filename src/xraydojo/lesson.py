"""Read a unit's folder (lesson.py, wrong_answers.py, right_answers.py) and the syllabus; refuse a malformed one."""

import ast
import re
import threading
from dataclasses import dataclass
from pathlib import Path

import jupytext
import yaml

from xraydojo import DojoError
from xraydojo.language import LANGUAGES, LINE_END, L

REPOSITORY = Path(__file__).resolve().parents[2]
COURSE = REPOSITORY / "course"
LONGEST_CELL = 40
ROLES = ("setup", "demo", "explore")

_parsing = threading.Lock()
# a piece of code, a heading
_NO_PARAGRAPH = re.compile(r"(^```.*?^```|^#[^\n]*\n)", re.M | re.S)


class LessonError(DojoError):
    """A malformed lesson, answer file or syllabus; the message names file and line."""

    def __init__(self, path: Path, line: int, message: str):
        super().__init__(f"{path}:{line}: {message}")


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson.

    ``kind`` is ``"prose"``, a role (``"setup"``, ``"demo"``, ``"explore"``), ``"exercise"`` or ``"test"``. ``sources`` holds the cell's
    text for each language, ``line`` is its first line in the file. ``exercise`` is the exercise's id, or None.
    """

    kind: str
    sources: dict[str, str]
    line: int
    exercise: str | None = None
    points: float = 0

    @property
    def id(self) -> str:
        """The id that exercise and test cells carry in nbgrader and in reports."""
        return self.exercise if self.kind == "exercise" else f"test_{self.exercise}"


@dataclass(frozen=True)
class Answer:
    """A wrong or right answer to an exercise: the text of the learner's cell and, for a wrong one, its hint by language."""

    exercise: str
    name: str
    source: str
    hint: dict[str, str]
    line: int


@dataclass(frozen=True, eq=False)
class Unit:
    """A unit of the course, as its folder and the syllabus describe it."""

    folder: Path
    cells: tuple[Cell, ...]
    wrong_answers: tuple[Answer, ...]
    right_answers: tuple[Answer, ...]

    @property
    def id(self) -> str:
        """The folder's name, such as ``"02_perceptron"``."""
        return self.folder.name

    @property
    def exercises(self) -> tuple[Cell, ...]:
        """The exercise cells, in the lesson's order."""
        return tuple(cell for cell in self.cells if cell.kind == "exercise")

    @property
    def tests(self) -> dict[str, Cell]:
        """The test cell of each exercise, by the exercise's id."""
        return {cell.exercise: cell for cell in self.cells if cell.kind == "test"}

    @property
    def points(self) -> float:
        """All points that the unit's tests give together."""
        return sum(test.points for test in self.tests.values())


@dataclass(frozen=True)
class Entry:
    """A unit's line in the syllabus: titles by language, minutes, seconds, prerequisites and data sets."""

    id: str
    title: dict[str, str]
    reading_minutes: int
    exercise_minutes: int
    cpu_seconds: int
    prerequisites: list[str]
    data: list[str]

    def link(self, notebooks: str = "") -> str:
        """Return number and title in the current language, linked to the learner's notebook; ``notebooks`` leads to their folder."""
        return f"[{self.id[:2]} {L(**self.title)}]({notebooks}{self.id}/{self.id}.ipynb)"


def read_syllabus(course: Path = COURSE) -> list[Entry]:
    """Return the syllabus: the units in their order.

    Raises
    ------
    LessonError
        If the file is not YAML, or an entry lacks a field, has one too many or lacks a language.
    """
    path = course / "syllabus.yml"
    try:
        units = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["units"]
        entries = [Entry(**entry) for entry in units]
    except yaml.MarkedYAMLError as error:
        raise LessonError(path, error.problem_mark.line + 1, f"not YAML: {error.problem}") from None
    except (TypeError, KeyError) as error:
        raise LessonError(
            path, 1, f"every unit needs exactly {', '.join(Entry.__annotations__)}: {error}"
        ) from None
    for entry in entries:
        if set(entry.title) != set(LANGUAGES):
            raise LessonError(path, 1, f"the title of {entry.id} needs both languages, en and ja")
    return entries


def find_unit(name: str, course: Path = COURSE) -> Path:
    """Return the folder of the unit whose id is ``name`` or begins with it (``"02"`` finds ``02_perceptron``).

    Raises
    ------
    DojoError
        If there is none, or more than one.
    """
    ids = [entry.id for entry in read_syllabus(course)]
    found = [id for id in ids if id == name] or [id for id in ids if name and id.startswith(name)]
    if len(found) != 1:
        known = ", ".join(ids)
        raise DojoError(
            L(
                f"no unit is called {name!r}; the units are {known}",
                f"{name!r} という単元はありません。単元は {known} です",
            )
        )
    return course / found[0]


def read_unit(folder: Path | str) -> Unit:
    """Read a unit's folder.

    Parameters
    ----------
    folder : Path or str
        The folder, or the id of a unit of the course.

    Raises
    ------
    LessonError
        If anything in it is malformed; the message names file and line.
    """
    folder = find_unit(folder) if isinstance(folder, str) else folder
    lesson = folder / "lesson.py"
    cells = _pair_prose([_lesson_cell(lesson, *raw) for raw in _read_percent(lesson)], lesson)
    unit = Unit(folder, cells, read_answers(folder, "wrong"), read_answers(folder, "right"))
    _refuse_inconsistent(unit)
    return unit


def read_answers(folder: Path, kind: str) -> tuple[Answer, ...]:
    """Read ``wrong_answers.py`` or ``right_answers.py`` of a unit's folder; ``kind`` is ``"wrong"`` or ``"right"``."""
    path = folder / f"{kind}_answers.py"
    answers = tuple(_answer(path, kind, *raw) for raw in _read_percent(path))
    seen = set()
    for answer in answers:
        if (answer.exercise, answer.name) in seen:
            raise LessonError(
                path, answer.line, f"duplicate id: {answer.exercise} has two answers called {answer.name!r}"
            )
        seen.add((answer.exercise, answer.name))
    return answers


def _read_percent(path: Path) -> list[tuple]:
    """Return (cell type, metadata, source, line) of every cell after the header of a percent-format file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LessonError(path, 1, "the file is missing") from None
    except UnicodeDecodeError:
        raise LessonError(path, 1, "the file is not UTF-8 text") from None
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"# %%( |$)", line)]
    if not lines:
        return []
    body = "\n".join(text.splitlines()[lines[0] - 1 :]) + "\n"
    cells = jupytext.reads(body, fmt="py:percent").cells
    if len(cells) != len(lines):
        raise LessonError(
            path, lines[0], f"{len(lines)} cell markers make {len(cells)} cells: is a '# %%' inside a string?"
        )
    return [(cell.cell_type, _marks(cell.metadata), cell.source, line) for cell, line in zip(cells, lines)]


def _marks(metadata: dict) -> dict:
    """Return what the author wrote, without what jupytext notes of the blank lines between cells."""
    return {key: value for key, value in metadata.items() if not key.startswith(("lines_to_", "cell_marker"))}


def _lesson_cell(path: Path, cell_type: str, metadata: dict, source: str, line: int) -> Cell:
    known = {"lang", "role", "exercise", "test", "points"}
    if unknown := set(metadata) - known:
        raise LessonError(
            path, line, f"unknown mark {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}"
        )
    if not source.strip():
        raise LessonError(path, line, "the cell is empty")
    if cell_type == "markdown":
        if metadata.get("lang") not in LANGUAGES:
            raise LessonError(path, line, 'prose needs its language: # %% [markdown] lang="en" or lang="ja"')
        return Cell("prose", {metadata["lang"]: unbroken(source)}, line)
    return _code_cell(path, metadata, source, line)


def _code_cell(path: Path, metadata: dict, source: str, line: int) -> Cell:
    marks = [mark for mark in ("role", "exercise", "test") if mark in metadata]
    if len(marks) != 1:
        raise LessonError(path, line, "a code cell needs exactly one of role, exercise and test")
    if marks == ["role"] and metadata["role"] not in ROLES:
        raise LessonError(path, line, f"unknown role {metadata['role']!r}; the roles are {', '.join(ROLES)}")
    if marks == ["test"] and not metadata.get("points", 0) > 0:
        raise LessonError(path, line, f"the test of {metadata['test']} needs points, such as points=2")
    if marks == ["exercise"] and "### BEGIN SOLUTION" not in source:
        raise LessonError(
            path, line, f"{metadata['exercise']} has no ### BEGIN SOLUTION and ### END SOLUTION"
        )
    sources = {language: localize(source, language, path, line) for language in LANGUAGES}
    longest = max(len(text.splitlines()) for text in sources.values())
    if longest > LONGEST_CELL:
        raise LessonError(path, line, f"the cell has {longest} lines; {LONGEST_CELL} are the most")
    if marks == ["role"]:
        return Cell(metadata["role"], sources, line)
    return Cell(marks[0], sources, line, metadata[marks[0]], metadata.get("points", 0))


def _pair_prose(cells: list[Cell], path: Path) -> tuple[Cell, ...]:
    """Join each English prose cell with the Japanese one right behind it."""
    paired, waiting = [], None
    for cell in cells:
        if waiting and (cell.kind != "prose" or "ja" not in cell.sources):
            raise LessonError(path, waiting.line, "this English prose has no Japanese prose right behind it")
        if cell.kind != "prose":
            paired.append(cell)
        elif "en" in cell.sources:
            waiting = cell
        elif waiting is None:
            raise LessonError(path, cell.line, "this Japanese prose has no English prose right before it")
        else:
            paired.append(Cell("prose", waiting.sources | cell.sources, waiting.line))
            waiting = None
    if waiting:
        raise LessonError(path, waiting.line, "this English prose has no Japanese prose right behind it")
    return tuple(paired)


def _answer(path: Path, kind: str, cell_type: str, metadata: dict, source: str, line: int) -> Answer:
    if cell_type != "code" or set(metadata) != {"exercise", kind}:
        raise LessonError(path, line, f'an answer begins with # %% exercise="..." {kind}="..."')
    hint = {language: _comment(source, language) for language in LANGUAGES}
    if kind == "wrong" and not all(hint.values()):
        raise LessonError(
            path,
            line,
            f"the wrong answer {metadata[kind]!r} needs its hint in both languages, # en: and # ja:",
        )
    try:
        syntax_tree(source)
    except SyntaxError as error:
        raise LessonError(path, line + (error.lineno or 1), f"not Python: {error.msg}") from None
    return Answer(metadata["exercise"], metadata[kind], source, hint, line)


def _comment(source: str, language: str) -> str:
    """Join the comment lines of one language at the top of an answer's cell."""
    lines = []
    for line in source.splitlines():
        if not line.startswith("#"):
            break
        if match := re.match(rf"# {language}: *(.+)", line):
            lines.append(match[1].strip())
    return ("" if language == "ja" else " ").join(lines)


def unbroken(markdown: str) -> str:
    """Join the lines of Japanese paragraphs: a browser would show a blank wherever a line of the source ends."""
    parts = _NO_PARAGRAPH.split(markdown)
    parts[::2] = [LINE_END.sub("", part) for part in parts[::2]]
    return "".join(parts)


def syntax_tree(source: str) -> ast.Module:
    """Parse Python source, in one thread at a time: two at once make Python 3.11 fail (CPython issue 106905)."""
    with _parsing:
        return ast.parse(source)


def localize(source: str, language: str, path: Path = Path("lesson.py"), line: int = 1) -> str:
    """Keep one language's words of a code cell.

    Comment lines ``# en: ...`` and ``# ja: ...`` keep the language's own without the prefix; calls ``L("...", "...")`` become the
    language's literal.

    Raises
    ------
    LessonError
        If the code does not parse, or an ``L`` is not called with two literals.
    """
    kept = []
    for text in source.splitlines():
        match = re.match(r"(\s*)# (en|ja): ?(.*)", text)
        if match is None:
            kept.append(text)
        elif match[2] == language:
            kept.append(f"{match[1]}# {match[3]}")
    try:
        tree = syntax_tree("\n".join(kept))
    except SyntaxError as error:
        raise LessonError(path, line + (error.lineno or 1), f"not Python: {error.msg}") from None
    rows = [text.encode() for text in kept]
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "L"
    ]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        if (
            len(call.args) != 2
            or call.keywords
            or not all(isinstance(a, (ast.Constant, ast.JoinedStr)) for a in call.args)
        ):
            raise LessonError(path, line + call.lineno, 'L needs two literals: L("English", "日本語")')
        _replace(rows, call, call.args[LANGUAGES.index(language)])
    return "\n".join(row.decode() for row in rows if row is not None)


def _replace(rows: list, call: ast.Call, chosen: ast.expr) -> None:
    """Put the text of the node ``chosen`` in the place of the node ``call``; columns count bytes."""
    first, last = chosen.lineno - 1, chosen.end_lineno - 1
    text = [row for row in rows[first : last + 1]]
    text[-1] = text[-1][: chosen.end_col_offset]
    text[0] = text[0][chosen.col_offset :]
    joined = b"\n".join(row for row in text if row is not None)
    if len(text) > 1 and not re.match(rb'f?("""|\'\'\')', joined):
        joined = b"(" + joined + b")"
    tail = rows[call.end_lineno - 1][call.end_col_offset :]
    rows[call.lineno - 1] = rows[call.lineno - 1][: call.col_offset] + joined + tail
    for index in range(call.lineno, call.end_lineno):
        rows[index] = None


def _refuse_inconsistent(unit: Unit) -> None:
    """Refuse what can only be seen in a whole unit: pairs of exercise and test, duplicates, demos that assign answers."""
    lesson = unit.folder / "lesson.py"
    seen = {}
    for cell in unit.cells:
        if cell.exercise:
            if (cell.kind, cell.exercise) in seen:
                raise LessonError(
                    lesson, cell.line, f"duplicate id: {cell.exercise} already has {cell.kind} cell"
                )
            seen[cell.kind, cell.exercise] = cell
    for (kind, name), cell in seen.items():
        other = "test" if kind == "exercise" else "exercise"
        if (other, name) not in seen:
            raise LessonError(lesson, cell.line, f"{kind} {name} has no {other} cell")
        if name not in {answer.exercise for answer in unit.wrong_answers}:
            raise LessonError(
                lesson, cell.line, f"{name} has no wrong answer in wrong_answers.py that its test rejects"
            )
    names = {cell.exercise for cell in unit.exercises}
    for kind, answers in (("wrong", unit.wrong_answers), ("right", unit.right_answers)):
        for answer in answers:
            if answer.exercise not in names:
                path = unit.folder / f"{kind}_answers.py"
                raise LessonError(path, answer.line, f"no exercise is called {answer.exercise!r}")
    for cell in unit.cells:
        if cell.kind in ("demo", "explore", "setup") and (taken := names & _assigned(cell.sources["en"])):
            raise LessonError(
                lesson, cell.line, f"a {cell.kind} must not assign the exercise's name {', '.join(taken)}"
            )
    if not any(cell.kind == "setup" for cell in unit.cells):
        raise LessonError(lesson, 1, "the lesson has no setup cell")


def _assigned(source: str) -> set[str]:
    """Return the names that a cell binds at its top level: by assignment, def, class or import."""
    names = set()
    for node in ast.walk(syntax_tree(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
    return names
