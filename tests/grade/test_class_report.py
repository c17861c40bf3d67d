"""The class report shows what the marks show, and runs nothing that a learner wrote."""

import base64
import io
import json
import os
import re
import shutil
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from PIL import Image
from scipy.stats import pointbiserialr
from typer.testing import CliRunner

from tests.grade.test_feedback import assert_harmless
from xraydojo import DojoError, language
from xraydojo.build import solution_notebook
from xraydojo.cli import app
from xraydojo.grade.class_report import Result, class_report, items, misconceptions, read_results
from xraydojo.grade.course import ClassFolder
from xraydojo.grade.export import Mark
from xraydojo.grade.report import Report, TestResult
from xraydojo.lesson import REPOSITORY, read_unit

UNIT = "02_perceptron"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def unit():
    return read_unit(UNIT)


def graded(unit, right, seconds=1.0, **wrong):
    """Return a report in which the exercises named in ``right`` passed; ``wrong`` gives another one's status or misconception."""
    tests = []
    for exercise, cell in unit.tests.items():
        found = wrong.get(exercise, "unwritten")
        known = {answer.name: answer for answer in unit.wrong_answers if answer.exercise == exercise}
        if exercise in right:
            tests.append(TestResult(exercise, "passed", cell.points, cell.points))
        elif found in known:
            hint = known[found].hint["ja"]
            tests.append(TestResult(exercise, "failed", 0, cell.points, "結果が違います", found, hint))
        else:
            tests.append(TestResult(exercise, found, 0, cell.points, HOSTILE))
    points = sum(test.points for test in tests)
    return Report("a.ipynb", unit.id, "ja", points, unit.points, tuple(tests), (), seconds, True)


def marked(report, penalty=0.0, waits=False, seconds_late=0.0):
    return Mark(report.points, penalty, None, waits, seconds_late)


@pytest.fixture(scope="module")
def reports(unit):
    """Return 25 reports: the first k exercises are right for learner k modulo 5, but three know only the last."""
    names = list(unit.tests)
    made = [graded(unit, names[: number % 5]) for number in range(22)]
    return made + [graded(unit, names[-1:])] * 3


@pytest.fixture(scope="module")
def results(unit, reports):
    """Return a class with everything in it, hostile names too."""
    stuck = graded(
        unit, ["fit"], seconds=61.5, predict="timeout", update="bias_never_updated", xor_two_layers="crashed"
    )
    made = [Result(f"u{n:02}", f"山田 {n}", True, each, marked(each)) for n, each in enumerate(reports)]
    return [
        *made,
        Result("stuck", HOSTILE, True, stuck, marked(stuck, penalty=1.0, seconds_late=60.0)),
        Result("../waits", "=1+1", True, stuck, marked(stuck, waits=True)),
        Result("ungraded", "佐藤", True),
        Result("absent", f"{HOSTILE}花子"),
    ]


@pytest.fixture(scope="module", params=["en", "ja"])
def page(request, unit, results):
    language.use(request.param)
    yield class_report(unit, results)
    language.use(None)


def section(soup, *headings):
    """Return the text from a heading to the next one."""
    heading = next(each for each in soup.find_all("h2") if each.text in headings)
    parts = []
    for sibling in heading.find_next_siblings():
        if sibling.name == "h2":
            break
        parts.append(sibling)
    return parts


def test_difficulty_is_the_share_that_is_right(unit, reports):
    # of 22 learners, the first exercise is right where k modulo 5 is at least 1: all but 0, 5, 10, 15, 20
    assert [item.right for item in items(unit, reports)] == [17 / 25, 12 / 25, 8 / 25, (4 + 3) / 25]
    assert [item.outcomes["passed"] for item in items(unit, reports)] == [17, 12, 8, 7]


def test_discrimination_is_the_point_biserial_correlation_with_the_other_exercises(unit, reports):
    for item in items(unit, reports):
        tests = [next(test for test in each.tests if test.exercise == item.exercise) for each in reports]
        passed = [test.points > 0 for test in tests]
        others = [each.points - test.points for each, test in zip(reports, tests)]
        assert item.discrimination == pytest.approx(pointbiserialr(passed, others).statistic)
        # Fisher's interval: atanh(r) has the standard error 1 / sqrt(n - 3)
        wide = 1.959964 / np.sqrt(len(reports) - 3)
        expected = np.tanh(np.arctanh(item.discrimination) + np.array([-wide, wide]))
        assert item.interval == pytest.approx(tuple(expected), abs=1e-6)


def test_discrimination_by_hand(unit):
    # passed 1 1 0 0 against 3 0 3 0 points in the others: no correlation
    first, second, *_ = unit.tests
    alike = [graded(unit, right) for right in ([first, second], [first], [second], [])] * 5
    assert items(unit, alike)[0].discrimination == pytest.approx(0, abs=1e-12)
    # passed 1 1 1 0 against 3 3 0 0: covariance 1/8 * 3, deviations sqrt(3)/4 and 3/2, so 1 / sqrt(3)
    rising = [graded(unit, right) for right in ([first, second], [first, second], [first], [])] * 5
    assert items(unit, rising)[0].discrimination == pytest.approx(1 / np.sqrt(3))


def test_too_few_learners_and_exercises_that_all_solve_have_no_discrimination(unit, reports):
    assert all(item.discrimination is None for item in items(unit, reports[:19]))
    assert all(item.discrimination is not None for item in items(unit, reports[:20]))
    everything = [graded(unit, unit.tests)] * 30
    assert [item.discrimination for item in items(unit, everything)] == [None] * 4
    assert [item.right for item in items(unit, everything)] == [1] * 4


def test_misconceptions_are_counted_and_explained_in_the_pages_language(unit):
    often, seldom = [answer for answer in unit.wrong_answers if answer.exercise == "update"][:2]
    class_of_four = [
        graded(unit, (), update=name) for name in (often.name, seldom.name, often.name, often.name)
    ]
    found = misconceptions(unit, [*class_of_four, graded(unit, ())])
    assert [(each.exercise, each.name, each.count) for each in found] == [
        ("update", often.name, 3),
        ("update", seldom.name, 1),
    ]
    assert found[0].hint == often.hint["en"]
    language.use("ja")
    assert misconceptions(unit, class_of_four)[0].hint == often.hint["ja"]


def test_a_misconception_that_the_course_has_dropped_keeps_its_hint(unit):
    report = graded(unit, ())
    old = replace(report.tests[0], status="failed", misconception="dropped", hint="the old hint")
    assert misconceptions(unit, [replace(report, tests=(old, *report.tests[1:]))])[0].hint == "the old hint"


def test_the_page_is_harmless(page):
    assert_harmless(page)
    assert HOSTILE in BeautifulSoup(page, "html.parser").text


def test_the_page_counts_the_class(page, results):
    soup = BeautifulSoup(page, "html.parser")
    tiles = [re.sub(r"\D+", " ", tile.b.text).split() for tile in soup.select(".tiles li")]
    finals = [result.mark.final for result in results if result.mark and not result.mark.waits]
    mean = f"{sum(finals) / 26:.1f}".split(".")
    # handed in of all; the mean; full marks; late; not graded; to be marked by hand
    assert tiles == [["28", "29"], [*mean, "10"], ["4", "26"], ["1"], ["1"], ["1"]]


def test_the_page_lists_who_is_missing_late_or_waits(page):
    soup = BeautifulSoup(page, "html.parser")
    lists = [part.text for part in section(soup, "Who to write to", "連絡したい人") if part.name == "ul"]
    assert lists == [f"absent {HOSTILE}花子", "ungraded 佐藤", "../waits =1+1", f"stuck {HOSTILE}"]


def test_every_picture_says_what_it_shows_and_has_a_table_of_the_same(page, results):
    soup = BeautifulSoup(page, "html.parser")
    assert len(soup.find_all("img")) == len(soup.find_all("figure")) == 3
    for figure in soup.find_all("figure"):
        picture = Image.open(io.BytesIO(base64.b64decode(figure.img["src"].partition(",")[2])))
        assert picture.format == "PNG" and picture.width > 1000
        assert len(figure.img["alt"]) > 40 and len(figure.find_all("tr")) > 3
    scores, outcomes, times = (
        [[cell.text for cell in row.find_all("td")] for row in figure.tbody.find_all("tr")] for figure in soup.find_all("figure")
    )  # fmt: skip
    assert sum(int(row[-1]) for row in scores) == 26
    assert [row[:2] for row in outcomes] == [
        ["predict", "17"],
        ["update", "12"],
        ["fit", "10"],
        ["xor_two_layers", "7"],
    ]
    assert all(sum(map(int, row[1:])) == 27 for row in outcomes)
    assert [int(row[-1]) for row in times] == [25, 0, 0, 0, 2]


def test_times_are_those_of_grading_and_said_so(page):
    soup = BeautifulSoup(page, "html.parser")
    alt = soup.find_all("img")[-1]["alt"]
    assert "1.0" in alt and "61.5" in alt and "148" in alt
    text = "".join(part.text for part in section(soup, "Time that grading took", "採点にかかった時間"))
    assert "How long learners worked is not recorded" in text or "作業した時間は記録していません" in text


def test_crashes_and_time_outs_name_their_learners(page):
    soup = BeautifulSoup(page, "html.parser")
    (part,) = section(soup, "Stopped before a result", "結果が出る前に止まったもの")
    rows = [[cell.text.strip() for cell in row.find_all("td")] for row in part.tbody.find_all("tr")]
    assert [(row[0], row[2]) for row in rows] == [("predict", "2"), ("xor_two_layers", "2")]
    assert [each.text for each in part.tbody.tr.find_all("li")] == [f"stuck {HOSTILE}", "../waits =1+1"]


def test_the_page_speaks_one_language(unit, results):
    pages = {}
    for each in ("en", "ja"):
        language.use(each)
        soup = BeautifulSoup(class_report(unit, results), "html.parser")
        assert soup.html["lang"] == each
        pages[each] = soup
    japanese = re.compile(r"[ぁ-んァ-ン]")
    assert "学習する" in pages["ja"].h1.text and not japanese.search(pages["en"].h1.text)
    assert not [
        part.text for part in pages["en"].find_all(["h2", "h3", "p", "th"]) if japanese.search(part.text)
    ]
    assert not [
        part.text
        for part in pages["ja"].find_all(["h2", "h3", "p"])
        if not re.search("[ぁ-んァ-ン一-龠]", part.text)
    ]


def test_similar_answers_stand_side_by_side(unit, results):
    others = [
        answer.source for answer in read_unit("05_convolution").right_answers if len(answer.source) > 300
    ]
    copied = f"{others.pop()}\n    return {HOSTILE!r}"
    answers = [*others, copied, copied]
    handed_in = [replace(result, answers={"fit": text}) for result, text in zip(results, answers)]
    soup = BeautifulSoup(class_report(unit, handed_in), "html.parser")
    assert_harmless(str(soup))
    assert [pre.text for pre in soup.select(".side pre")] == [copied, copied]
    parts = section(soup, "Answers that are alike")
    pair = [results[len(answers) - 2].called, results[len(answers) - 1].called]
    assert list(parts[1].select_one("tbody td").stripped_strings) == pair
    assert parts[1].select("tbody td")[1].text.startswith("fit 100 % (")


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_tiny_class_has_a_page(unit, reports, size):
    small = [Result("u", "", True, each, marked(each)) for each in reports[:size]]
    soup = BeautifulSoup(class_report(unit, small), "html.parser")
    assert soup.find("b").text.split() == [str(size), "/", str(size)]
    assert ("with fewer than 20" in soup.text) == (size > 0)
    assert ("Nobody has handed in anything yet" in soup.text) == (size == 0)
    waiting = BeautifulSoup(class_report(unit, [Result("u", "", True)]), "html.parser")
    assert "dojo grade 02" in waiting.select_one(".note").text


def test_without_due_dates_nobody_is_called_late(unit, reports):
    undated = [Result("u", "", True, each, marked(each, seconds_late=None)) for each in reports]
    assert "Late" not in BeautifulSoup(class_report(unit, undated), "html.parser").text


def test_a_report_is_the_same_after_json(unit, reports):
    full = graded(unit, ["fit"], update="bias_never_updated", predict="crashed")
    for report in (*reports, full):
        assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


@pytest.mark.parametrize(
    ("field", "value"),
    [("points", "10"), ("points", float("nan")), ("points", -1), ("points", 99), ("points", True), ("max_points", 10**400), ("seconds", None),
     ("tests", {}), ("tests", [3]), ("tests", [{}]), ("repairs", "no"), ("repairs", [1]), ("language", "fr"), ("sandbox", "yes"), ("unit", 2)],
)  # fmt: skip
def test_a_report_that_cannot_be_one_is_refused(unit, field, value):
    plain = graded(unit, ()).to_json()
    with pytest.raises(ValueError):
        Report.from_json(plain | {field: value} if field != "max_points" else plain | {"points": value})


def test_a_refusal_names_the_field(unit):
    plain = graded(unit, ()).to_json()
    plain["tests"][0]["status"] = HOSTILE
    with pytest.raises(ValueError, match="status cannot be"):
        Report.from_json(plain)
    for missing in ("seconds", "tests"):
        with pytest.raises(ValueError, match=f"{missing} is missing"):
            Report.from_json({name: value for name, value in plain.items() if name != missing})
    with pytest.raises(ValueError, match="expected a Report"):
        Report.from_json([])


@pytest.fixture
def folder(unit, tmp_path, monkeypatch):
    """Return a class's folder with a graded learner, one that is not graded yet, and one who has handed in nothing."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    shutil.copy(REPOSITORY / "grading" / "nbgrader_config.py", tmp_path)
    for learner in ("山田", "<b>x", "late"):
        (tmp_path / "submitted" / learner / UNIT).mkdir(parents=True)
        (tmp_path / "submitted" / learner / UNIT / f"{UNIT}.ipynb").write_text("{}")
    place = tmp_path / "autograded" / "山田" / UNIT
    place.mkdir(parents=True)
    (place / "report.json").write_text(json.dumps(graded(unit, ["fit"]).to_json()))
    (place / f"{UNIT}.ipynb").write_text(json.dumps(solution_notebook(unit, "ja")))
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment(UNIT, duedate=datetime(2026, 5, 1))
        gradebook.add_notebook(UNIT, UNIT)
        gradebook.add_grade_cell("test_fit", UNIT, UNIT, max_score=3, cell_type="code")
        gradebook.add_student("absent", first_name="花子", last_name="佐藤")
        gradebook.add_student("山田")
        handed_in = gradebook.add_submission(UNIT, "山田", timestamp=datetime(2026, 5, 2))
        grade = handed_in.notebooks[0].grades[0]
        grade.auto_score, grade.manual_score, grade.needs_manual_grade = 0, 2.5, False
        gradebook.db.commit()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_class_is_read_from_its_folder(folder, unit):
    found = {result.learner: result for result in read_results(ClassFolder(folder), unit)}
    assert sorted(found) == ["<b>x", "absent", "late", "山田"]
    assert found["absent"] == Result("absent", "花子 佐藤")
    assert found["late"] == Result("late", handed_in=True)
    taro = found["山田"]
    assert taro.report == graded(unit, ["fit"]) and taro.mark.final == 2.5 and taro.mark.seconds_late == 86400
    assert set(taro.answers) == set(unit.tests) and taro.answers["fit"].startswith("def fit(")


def test_a_damaged_report_is_named(folder, unit):
    path = folder / "autograded" / "山田" / UNIT / "report.json"
    for text in ("{", '{"points": 3}', "\ud800".encode("utf-8", "surrogatepass")):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(DojoError, match=re.escape(str(path))):
            read_results(ClassFolder(folder), unit)


def test_the_command_writes_the_page(folder):
    done = CliRunner().invoke(app, ["report", "02"])
    assert done.exit_code == 0 and f"report_{UNIT}.html" in done.output
    page = (folder / f"report_{UNIT}.html").read_text(encoding="utf-8")
    assert "佐藤" in page and BeautifulSoup(page, "html.parser").find("b").text.split() == ["3", "/", "4"]
