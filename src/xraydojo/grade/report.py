"""What grading one submission gives: points, status and hint for every test."""

import math
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import get_origin

from nbformat import NotebookNode
from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from xraydojo.check.verdict import marked
from xraydojo.grade import execution
from xraydojo.grade.execution import Checked, Run
from xraydojo.grade.rebuild import exercise_of, role
from xraydojo.language import LANGUAGES, L
from xraydojo.lesson import Unit

# symbol and colour of each status; the symbol alone tells passed from not passed
MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "crashed": ("✗", "red"),
    "missing": ("✗", "red"),
    "timeout": ("⏱", "yellow"),
    "unwritten": ("–", "bright_black"),
    "not_run": ("–", "bright_black"),
}
_LONGEST_MESSAGE = 4000


@dataclass(frozen=True)
class TestResult:
    """What came of one test.

    ``status`` is one of "passed", "failed" (another result than expected), "crashed" (the learner's code raised or ended Python),
    "unwritten" (nothing written yet), "missing" (the function does not exist), "timeout" and "not_run" (Python had ended before).
    ``misconception`` is the name of the recognised wrong answer and ``hint`` its text; ``seconds`` is wall time.
    """

    __test__ = False  # the name is grading's; pytest need not collect it

    exercise: str
    status: str
    points: float
    max_points: float
    message: str = ""
    misconception: str | None = None
    hint: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """What grading one submission gave.

    ``repairs`` are sentences in the learner's language, ``seconds`` is the wall time of it all, ``sandbox`` says whether the learner's code
    ran isolated from its tests, ``fingerprint`` is a digest of all that the grade comes from, and ``notebook`` is the rebuilt notebook with the outputs of this run. The notebook holds the hidden
    tests; it is not part of `to_json`.
    """

    submission: str
    unit: str
    language: str
    points: float
    max_points: float
    tests: tuple[TestResult, ...]
    repairs: tuple[str, ...]
    seconds: float
    sandbox: bool = False
    fingerprint: str = ""
    notebook: NotebookNode = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict:
        """Return the report as plain data, without the notebook."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "notebook"}
        return plain | {"tests": [asdict(test) for test in self.tests], "repairs": list(self.repairs)}

    @classmethod
    def from_json(cls, plain: dict) -> "Report":
        """Return the report whose `to_json` gave this plain data; it has no notebook.

        Raises
        ------
        ValueError
            If a field is missing or holds what it cannot hold; the message names it.
        """
        read = _plain_fields(cls, plain)
        tests = tuple(TestResult(**_plain_fields(TestResult, test)) for test in read["tests"])
        _expect(read["language"] in LANGUAGES, "language", read["language"])
        _expect(all(isinstance(line, str) for line in read["repairs"]), "repairs", read["repairs"])
        for test in tests:
            _expect(test.status in MARKS, "status", test.status)
        for part in (*tests, cls(**read)):
            _expect(part.points <= part.max_points, "points", part.points)
        return cls(**read | {"tests": tests, "repairs": tuple(read["repairs"])})


def _plain_fields(cls: type, plain) -> dict:
    """Return the fields of a report or test in plain data, each of its type: numbers are finite and not negative."""
    if not isinstance(plain, dict):
        raise ValueError(f"expected a {cls.__name__}, found {plain!r:.60}")
    wanted = {each.name: each.type for each in fields(cls) if each.name != "notebook"}
    for name, kind in wanted.items():
        if name not in plain:
            raise ValueError(f"{name} is missing")
        _expect(_is_a(kind, plain[name]), name, plain[name])
    return {name: plain[name] for name in wanted}


def _is_a(kind, value) -> bool:
    if kind is float:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and 0 <= value < math.inf
    return isinstance(value, list if get_origin(kind) is tuple else kind)


def _expect(is_right: bool, name: str, value) -> None:
    if not is_right:
        raise ValueError(f"{name} cannot be {value!r:.60}")


def judge(unit: Unit, done: Run) -> tuple[TestResult, ...]:
    """Read each test's result from the notebook that was run.

    A test has passed if the checker saw its cell run to the end without an error, and its checks give a passing verdict: at least the public one,
    and no other verdict. Anything else is zero.
    """
    cells = {(role(cell), exercise_of(cell)): cell for cell in done.notebook.cells if _is_graded(cell)}
    return tuple(
        _result(cells["test", name], cells.get(("exercise", name)), points=test.points, done=done)
        for name, test in unit.tests.items()
    )


def table(reports: Iterable[Report]) -> Group:
    """Return the reports as tables: a single one test by test, several one line each, with a table for each unit."""
    reports = list(reports)
    if len(reports) == 1:
        return Group(_tests_table(reports[0]))
    folder = os.path.commonpath([os.path.dirname(os.path.abspath(report.submission)) for report in reports])
    units = sorted({report.unit for report in reports})
    of_units = ([report for report in reports if report.unit == unit] for unit in units)
    return Group(*(part for some in of_units for part in _submissions_table(some, folder)))


def _is_graded(cell: NotebookNode) -> bool:
    return role(cell) in ("exercise", "test")


def _result(test: NotebookNode, exercise: NotebookNode | None, points: float, done: Run) -> TestResult:
    name = exercise_of(test)
    seconds = round(done.seconds.get(test.id, 0.0), 3)
    if reason := done.stopped.get(test.id):
        status, message = _stopped(reason, test.id in done.seconds)
        return TestResult(name, status, 0, points, message, seconds=seconds)
    checked = done.checked.get(test.id, Checked([], None))
    records = [record for record in checked.verdicts if record.get("exercise") == name]
    failed = next((record for record in records if record.get("passed") is not True), None)
    if checked.error is None and failed is None and any(record.get("hidden") is False for record in records):
        return TestResult(name, "passed", points, points, seconds=seconds)
    if failed is None:
        return TestResult(name, "crashed", 0, points, _no_verdict(checked.error), seconds=seconds)
    status = {"crash": "crashed", "unwritten": "unwritten", "missing": "missing"}.get(
        failed.get("rung"), "failed"
    )
    message = _words(failed.get("message")) or ""
    if status == "missing" and f"`{name}`" in message:
        status, message = _why_missing(name, exercise, done)
    hint, misconception = _words(failed.get("hint")), _words(failed.get("misconception"))
    return TestResult(name, status, 0, points, message, misconception, hint, seconds)


def _error(cell: NotebookNode) -> NotebookNode | None:
    return next((output for output in cell.outputs if output.output_type == "error"), None)


def _words(value) -> str | None:
    """Return a text of a verdict; it comes from the learner's process, so its type and length are not certain."""
    return value.encode("utf-8", "replace").decode()[:_LONGEST_MESSAGE] if isinstance(value, str) else None


def _why_missing(name: str, exercise: NotebookNode | None, done: Run) -> tuple[str, str]:
    """Say why the learner's function does not exist: its cell is gone, stopped, or names it otherwise."""
    if exercise is None:
        return "missing", L(
            f"The cell in which `{name}` is written is missing from the notebook.",
            f"`{name}` を書くセルがノートブックにありません。",
        )
    if exercise.id in done.stopped:
        return _stopped(done.stopped[exercise.id], True)
    if error := _error(exercise):
        return "crashed", L(
            f"The cell in which `{name}` is written stopped: {_words(f'{error.ename}: {error.evalue}')}",
            f"`{name}` を書くセルが途中で止まりました：{_words(f'{error.ename}: {error.evalue}')}",
        )
    return "missing", L(
        f"The cell ran, but defines no function called `{name}`. Keep the name as it was.",
        f"セルは動きましたが、`{name}` という名前の関数がありません。関数の名前は元のままにしてください。",
    )


def _stopped(reason: str, began: bool) -> tuple[str, str]:
    """Return status and message for a cell that did not come to its end."""
    if reason == "died":
        return "crashed", L(
            "Python itself ended while this ran: by exit(), or for lack of memory.",
            "実行中に Python 自体が終了しました。exit() を呼び出したか、メモリーが足りなくなったようです。",
        )
    if reason == "memory":
        return "crashed", L(
            "Stopped, because it took too much memory.",
            "メモリーを使いすぎたので止めました。",
        )
    if reason == "checker":
        return "crashed", L(
            "The process that checks ended by itself; please tell your instructor.",
            "確認を行うプロセスが終了してしまいました。担当の先生に知らせてください。",
        )
    if reason == "unsendable":
        return "crashed", L(
            "This test hands over something that cannot be sent to your code; please tell your instructor.",
            "この確認は、あなたのコードに渡せない値を使っています。担当の先生に知らせてください。",
        )
    if reason == "not_run":
        return "not_run", L(
            "Not run: Python had already ended in a cell above.",
            "上のセルで Python が終了したため、実行されませんでした。",
        )
    if not began:
        return "timeout", L(
            f"Not run: the cells above took longer than {execution.NOTEBOOK_SECONDS} s together.",
            f"上のセルだけで合計 {execution.NOTEBOOK_SECONDS} 秒を超えたため、実行されませんでした。",
        )
    return "timeout", L(
        f"Stopped after {execution.CELL_SECONDS} s. Is there a loop that never ends?",
        f"{execution.CELL_SECONDS} 秒たっても終わらないので止めました。終わらないループはありませんか。",
    )


def _no_verdict(error: str | None) -> str:
    if error is not None:
        # the error's own words may show a hidden case
        return L(f"The test stopped by {error}.", f"確認が {error} で止まりました。")
    return L("The test gave no verdict.", "確認の結果が得られませんでした。")


def _tests_table(report: Report) -> Table:
    made = Table(
        L("exercise", "演習"),
        "",
        L("points", "点"),
        L("message", "メッセージ"),
        expand=True,
        title=Text(f"{report.submission}  {_score(report)}", overflow="fold"),
        caption=Text("\n".join(report.repairs)),
    )
    for test in report.tests:
        symbol, color = MARKS[test.status]
        words = "\n".join(part for part in (test.message, test.hint and marked(test.hint)) if part)
        made.add_row(
            Text(test.exercise),
            Text(symbol, color),
            f"{test.points:g} / {test.max_points:g}",
            Text(words, overflow="fold"),
        )
    return made


def _submissions_table(reports: list[Report], folder: str) -> tuple[Table, Text]:
    """Return a line for each submission of a unit, and the exercises' names; their columns have numbers, for names leave no room."""
    exercises = [test.exercise for test in reports[0].tests]
    made = Table(
        Column(L("submission", "提出物"), overflow="fold"),
        *(Column(str(number + 1), justify="center") for number in range(len(exercises))),
        Column(L("points", "点"), justify="right", no_wrap=True),
        Column(L("seconds", "秒"), justify="right", no_wrap=True),
        title=reports[0].unit,
    )
    for report in reports:
        statuses = {test.exercise: test.status for test in report.tests}
        marks = [Text(*MARKS[statuses[name]]) if name in statuses else "" for name in exercises]
        name = whose(os.path.relpath(report.submission, folder), report.unit)
        made.add_row(Text(name), *marks, _score(report), f"{report.seconds:.1f}")
    return made, Text(
        "   ".join(f"{number + 1} {name}" for number, name in enumerate(exercises)), style="dim"
    )


def whose(submission: str, unit: str) -> str:
    """Return a submission's name without what only repeats the unit: mostly the learner's."""
    *folders, file = submission.removesuffix(".ipynb").replace("\\", "/").split("/")
    parts = [part for part in folders if part != unit]
    return "/".join(parts if parts and file == unit else [*parts, file])


def _score(report: Report) -> str:
    return f"{report.points:g} / {report.max_points:g}"
