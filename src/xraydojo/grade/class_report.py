"""A unit's class report: one HTML page that shows an instructor how the class did, where it got stuck, and what to look at."""

import base64
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import nbformat
import numpy as np
from jinja2 import Environment
from matplotlib import rc_context
from matplotlib.figure import Figure
from scipy.stats import pearsonr

from xraydojo import DojoError, figures, palette
from xraydojo.grade.course import ClassFolder
from xraydojo.grade.export import Mark, opened, read_marks
from xraydojo.grade.feedback import with_code
from xraydojo.grade.rebuild import exercise_of, role
from xraydojo.grade.report import Report
from xraydojo.grade.similarity import SimilarPair, similar_pairs
from xraydojo.grade.steps import REPORT
from xraydojo.language import L, current
from xraydojo.lesson import Unit

# learners: with fewer, a discrimination of 0.3 may as well be -0.2 or 0.7 (Fisher's interval, 95 %)
FEWEST = 20
# misconceptions that are shown at once, the others on demand
MOST_FREQUENT = 8
# pairs of learners whose answers are shown side by side
MOST_SHOWN = 20
# characters of an answer that is shown
LONGEST_ANSWER = 5000
# colour and hatching of each outcome: either alone tells them apart
_DRAWN = {
    "passed": (figures.GREEN, ""),
    "failed": (figures.ORANGE, "//"),
    "crashed": (figures.RED, "xx"),
    "timeout": (figures.PURPLE, ".."),
    "missing": (figures.GREY, "\\\\"),
    "unwritten": (palette.LINE, ""),
    "not_run": (palette.PAPER, "++"),
}


@dataclass(frozen=True)
class Result:
    """What one learner of the class has for a unit.

    ``report`` is None while nothing is graded, ``mark`` is None while the gradebook has no submission. ``answers`` is the source of each
    exercise's cell, by the exercise's id.
    """

    learner: str
    name: str = ""
    handed_in: bool = False
    report: Report | None = None
    mark: Mark | None = None
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def called(self) -> str:
        """The learner's id and, where the gradebook has one, name."""
        return f"{self.learner} {self.name}".strip()


@dataclass(frozen=True)
class Item:
    """What came of one exercise in the class.

    ``outcomes`` counts the statuses of `xraydojo.grade.report.TestResult`; ``right`` is the share of passed tests, the item's difficulty in
    classical test theory. ``discrimination`` is the correlation of passing with the points of the unit's other exercises, and ``interval``
    its 95 % interval; None where fewer than 20 learners are graded, or all have the same.
    """

    exercise: str
    max_points: float
    outcomes: dict[str, int]
    right: float
    discrimination: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Misconception:
    """A known wrong answer that was recognised in the class: how many handed it in, and the hint that they were shown."""

    exercise: str
    name: str
    count: int
    hint: str


def items(unit: Unit, reports: Sequence[Report]) -> list[Item]:
    """Return what came of each exercise of a unit, in the unit's order.

    Parameters
    ----------
    unit : Unit
    reports : sequence of Report
        A report from before an exercise existed does not count for it; an exercise that no report has is left out.

    References
    ----------
    Corrected item-total correlation: L. Crocker and J. Algina, Introduction to Classical and Modern Test Theory (1986), chapter 14.
    """
    found = []
    for exercise, cell in unit.tests.items():
        graded = [(report, test) for report in reports for test in report.tests if test.exercise == exercise]
        if not graded:
            continue
        passed = np.array([test.status == "passed" for _, test in graded], float)
        others = np.array([report.points - test.points for report, test in graded])
        outcomes = Counter(test.status for _, test in graded)
        found.append(
            Item(
                exercise, cell.points, dict(outcomes), float(passed.mean()), *_discrimination(passed, others)
            )
        )
    return found


def _discrimination(passed: np.ndarray, others: np.ndarray) -> tuple:
    if len(passed) < FEWEST or np.ptp(passed) == 0 or np.ptp(others) == 0:
        return None, None
    # Pearson's correlation with a variable of two values is the point-biserial one
    found = pearsonr(passed, others)
    low, high = found.confidence_interval(0.95)
    return float(found.statistic), (float(low), float(high))


def misconceptions(unit: Unit, reports: Sequence[Report]) -> list[Misconception]:
    """Return the known wrong answers that the class handed in, the most frequent first, with their hints in the current language."""
    hints = {(answer.exercise, answer.name): answer.hint[current()] for answer in unit.wrong_answers}
    recognised = [test for report in reports for test in report.tests if test.misconception]
    shown = {(test.exercise, test.misconception): test.hint or "" for test in recognised}
    counts = Counter((test.exercise, test.misconception) for test in recognised)
    return [
        Misconception(*known, count, hints.get(known, shown[known]))
        for known, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]


def class_report(unit: Unit, results: Sequence[Result]) -> str:
    """Return a unit's class report as one HTML page in the current language.

    The page holds all it needs, runs nothing and loads nothing; every name and answer in it is escaped. Each picture has a table beside it.

    Parameters
    ----------
    unit : Unit
    results : sequence of Result
        All learners of the class, those who handed in nothing too, as `read_results` returns them.
    """
    graded = [result for result in results if result.report is not None]
    reports = [result.report for result in graded]
    finals = [result.mark.final for result in graded if result.mark and result.mark.final is not None]
    found = items(unit, reports)
    pairs = similar_pairs(unit, {result.learner: result.answers for result in graded})
    page = _template().render(
        L=L,
        palette=palette,
        language=current(),
        title=_title(unit),
        unit=unit,
        results=results,
        graded=graded,
        finals=finals,
        mean=float(np.mean(finals)) if finals else None,
        full=sum(final >= unit.points for final in finals),
        summary=_summary(finals) if finals else [],
        scores=_scores(finals, unit.points) if finals else None,
        items=found,
        outcomes=_outcomes(found) if found else None,
        statuses=_statuses(),
        misconceptions=misconceptions(unit, reports),
        made_by=_made_by(graded),
        most_frequent=MOST_FREQUENT,
        unrecognised=sum(
            test.status == "failed" and not test.misconception for report in reports for test in report.tests
        ),
        stopped=_stopped(unit, graded),
        times=_times([report.seconds for report in reports]) if reports else None,
        alike=_by_learners(pairs),
        called={result.learner: result.called for result in results},
        fewest=FEWEST,
        most_shown=MOST_SHOWN,
        most_characters=LONGEST_ANSWER,
        signed=lambda value: f"{value:.2f}".replace("-", "−"),
    )
    return page.encode("utf-8", "replace").decode()


def read_results(folder: ClassFolder, unit: Unit) -> list[Result]:
    """Return what every learner of a class has for a unit, in the order of their ids.

    Raises
    ------
    DojoError
        If the gradebook or a report cannot be read.
    """
    handed_in = {folder.learner(task) for task in folder.tasks(unit.id)}
    with opened(folder.gradebook) as gradebook:
        names = {student.id: _name(student) for student in gradebook.students}
        units = [assignment for assignment in gradebook.assignments if assignment.name == unit.id]
        marks = read_marks(gradebook, units[0]) if units else {}
    results = []
    for learner in sorted(names | dict.fromkeys(handed_in, "")):
        graded = folder.graded(unit.id, learner)
        report = _report(graded / REPORT) if learner in handed_in else None
        answers = _answers(graded / f"{unit.id}.ipynb") if report else {}
        results.append(
            Result(learner, names.get(learner, ""), learner in handed_in, report, marks.get(learner), answers)
        )
    return results


def _name(student) -> str:
    first, last = student.first_name or "", student.last_name or ""
    return L(f"{first} {last}", f"{last} {first}").strip()


def _report(path: Path) -> Report | None:
    try:
        return Report.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DojoError(
            L(
                f"{path}: this is no report ({error}); grade the submission again",
                f"{path}：採点の記録として読めません（{error}）。もう一度採点してください",
            )
        ) from None


def _answers(path: Path) -> dict[str, str]:
    """Return the source of each exercise's cell in a graded notebook; its cells' marks are the grader's own."""
    try:
        cells = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8"))).cells
    except FileNotFoundError:
        return {}
    return {exercise_of(cell): "".join(cell.source) for cell in cells if role(cell) == "exercise"}


@lru_cache
def _template():
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["with_code"] = with_code
    return environment.from_string(
        files(__package__).joinpath("class_report.html.j2").read_text(encoding="utf-8")
    )


def _title(unit: Unit) -> str:
    """Return the unit's title: the first heading of its lesson."""
    prose = (cell.sources[current()] for cell in unit.cells if cell.kind == "prose")
    heading = next(prose, "").partition("\n")[0]
    return heading.removeprefix("# ") if heading.startswith("# ") else unit.id


def _statuses() -> dict[str, str]:
    return {
        "passed": L("correct", "正解"),
        "failed": L("another result", "結果が違う"),
        "crashed": L("stopped by an error", "エラーで停止"),
        "timeout": L("took too long", "時間切れ"),
        "missing": L("function not found", "関数がない"),
        "unwritten": L("not written", "未記入"),
        "not_run": L("not run", "未実行"),
    }


@dataclass(frozen=True)
class _Picture:
    """A figure as it stands in the page, and the same as a table."""

    png: str
    alt: str
    columns: list[str]
    rows: list[list]


def _picture(draw, alt: str, columns: list[str], rows: list[list], height: float = 3.2) -> _Picture:
    """Let ``draw`` fill the axes of a figure, in the course's style."""
    with rc_context():
        figures.style()
        figure = Figure(figsize=(8, height), dpi=160, layout="constrained")
        draw(figure.subplots())
        return _Picture(base64.b64encode(figures.png(figure)).decode(), alt, columns, rows)


def _scores(finals: list[float], most: float) -> _Picture:
    """Draw how many learners have how many points."""
    width = max(1, math.ceil(most / 15))
    # extra credit goes beyond full marks
    edges = np.arange(0, max(most, *finals) + width, width)
    counts, _ = np.histogram(finals, edges)

    def draw(axes) -> None:
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=figures.BLUE, edgecolor="white")
        for value, line, label in (
            (np.mean(finals), "-", L("mean", "平均")),
            (np.median(finals), "--", L("median", "中央値")),
        ):
            # whole, on the edge of the axes, too
            axes.axvline(value, color="black", linestyle=line, label=f"{label} {value:.1f}", clip_on=False)
        axes.set(xlabel=L("Points", "得点（点）"), ylabel=L("Learners", "人数（人）"), xlim=(0, edges[-1]))
        _count_from_zero(axes, counts.max())
        axes.figure.legend(frameon=False, ncols=2, loc="outside upper center")

    fullest = int(counts.argmax())
    alt = L(
        f"Histogram of the scores of {len(finals)} learners: mean {np.mean(finals):.1f}, median {np.median(finals):.1f} of {most:g} points; "
        f"most learners, {counts[fullest]}, have {edges[fullest]:g} to {edges[fullest + 1]:g}.",
        f"{len(finals)} 人の得点のヒストグラム。{most:g} 点満点で、平均 {np.mean(finals):.1f} 点、中央値 {np.median(finals):.1f} 点。"
        f"最も多いのは {edges[fullest]:g}～{edges[fullest + 1]:g} 点の {counts[fullest]} 人。",
    )
    columns = [L("Points from", "得点（以上）"), L("to under", "得点（未満）"), L("Learners", "人数")]
    rows = [[f"{low:g}", f"{high:g}", int(count)] for low, high, count in zip(edges, edges[1:], counts)]
    # numpy's last bin is closed
    rows[-1][1] = L(f"{edges[-1]:g} (included)", f"{edges[-1]:g}（を含む）")
    return _picture(draw, alt, columns, rows)


def _summary(finals: list[float]) -> list[tuple[str, str]]:
    low, middle, high = np.quantile(finals, (0.25, 0.5, 0.75))
    spread = f"{np.std(finals, ddof=1):.1f}" if len(finals) > 1 else "–"
    return [
        (L("Learners", "人数"), str(len(finals))),
        (L("Mean", "平均"), f"{np.mean(finals):.1f}"),
        (L("Standard deviation", "標準偏差"), spread),
        (L("Lowest", "最低"), f"{min(finals):g}"),
        (L("Lower quartile", "第 1 四分位数"), f"{low:.1f}"),
        (L("Median", "中央値"), f"{middle:.1f}"),
        (L("Upper quartile", "第 3 四分位数"), f"{high:.1f}"),
        (L("Highest", "最高"), f"{max(finals):g}"),
    ]


def _outcomes(found: Sequence[Item]) -> _Picture:
    """Draw what came of each exercise, as one bar for each."""
    names = _statuses()
    present = [status for status in _DRAWN if any(status in item.outcomes for item in found)]

    def draw(axes) -> None:
        left = np.zeros(len(found))
        for status in present:
            counts = np.array([item.outcomes.get(status, 0) for item in found])
            color, hatch = _DRAWN[status]
            bars = axes.barh(
                [item.exercise for item in found],
                counts,
                left=left,
                color=color,
                hatch=hatch,
                edgecolor="black",
                linewidth=0.6,
                label=names[status],
            )
            if status == "passed":
                axes.bar_label(bars, label_type="center", color="white")
            left += counts
        axes.invert_yaxis()
        axes.set(xlabel=L("Learners", "人数（人）"), xlim=(0, left.max()))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.figure.legend(frameon=False, ncols=5, loc="outside upper center")

    hardest, easiest = min(found, key=lambda item: item.right), max(found, key=lambda item: item.right)
    alt = L(
        f"Bars, one for each exercise, of what came of it. Most were right on {easiest.exercise} ({easiest.right:.0%}), "
        f"fewest on {hardest.exercise} ({hardest.right:.0%}).",
        f"演習ごとの結果を表す棒グラフ。正答率が最も高いのは {easiest.exercise}（{easiest.right:.0%}）、"
        f"最も低いのは {hardest.exercise}（{hardest.right:.0%}）。",
    )
    columns = [L("Exercise", "演習"), *(names[status] for status in present)]
    rows = [[item.exercise, *(item.outcomes.get(status, 0) for status in present)] for item in found]
    return _picture(draw, alt, columns, rows, height=1.2 + 0.42 * len(found))


def _times(seconds: list[float]) -> _Picture:
    """Draw how long grading took."""
    edges = np.histogram_bin_edges(
        seconds, bins=min(20, max(5, len(seconds) // 5)), range=(0, max(*seconds, 0.001))
    )
    counts, _ = np.histogram(seconds, edges)

    def draw(axes) -> None:
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=figures.BLUE, edgecolor="white")
        axes.set(
            xlabel=L("Seconds for one submission", "提出物 1 件の採点にかかった時間（秒）"),
            ylabel=L("Submissions", "件数（件）"),
        )
        axes.set_xlim(0, edges[-1])
        _count_from_zero(axes, counts.max())

    middle, most, total = np.median(seconds), max(seconds), sum(seconds)
    alt = L(
        f"Histogram of the seconds that grading one submission took: median {middle:.1f}, longest {most:.1f}, {total:.0f} together.",
        f"提出物 1 件の採点にかかった秒数のヒストグラム。中央値 {middle:.1f} 秒、最長 {most:.1f} 秒、合計 {total:.0f} 秒。",
    )
    columns = [L("Seconds from", "秒（以上）"), L("to under", "秒（未満）"), L("Submissions", "件数")]
    rows = [[f"{low:.2f}", f"{high:.2f}", int(count)] for low, high, count in zip(edges, edges[1:], counts)]
    rows[-1][1] = L(f"{edges[-1]:.2f} (included)", f"{edges[-1]:.2f}（を含む）")
    return _picture(draw, alt, columns, rows, height=2.6)


def _count_from_zero(axes, most: int) -> None:
    """Let an axis of counts begin at zero and carry whole numbers only."""
    axes.set_ylim(0, max(1, most) * 1.08)
    axes.yaxis.get_major_locator().set_params(integer=True)


def _made_by(graded: Sequence[Result]) -> dict[tuple[str, str], list[str]]:
    """Return the learners of each known wrong answer, by exercise and name."""
    found = {}
    for result in graded:
        for test in result.report.tests:
            if test.misconception:
                found.setdefault((test.exercise, test.misconception), []).append(result.called)
    return found


def _stopped(unit: Unit, graded: Sequence[Result]) -> list[tuple[str, str, list[str]]]:
    """Return, for each exercise and way in which it came to no result, the learners."""
    found = {}
    for result in graded:
        for test in result.report.tests:
            if test.status in ("crashed", "timeout", "missing", "not_run"):
                found.setdefault((test.exercise, test.status), []).append(result.called)
    places = [(exercise, status) for exercise in unit.tests for status in _DRAWN]
    return [(*place, found[place]) for place in places if place in found]


def _by_learners(pairs: Sequence[SimilarPair]) -> list[tuple[tuple[str, str], list[SimilarPair]]]:
    """Return the pairs of learners, those alike in most exercises first, with the answers in which they are."""
    found = {}
    for pair in pairs:
        found.setdefault(pair.learners, []).append(pair)
    return sorted(found.items(), key=lambda each: -len(each[1]))
