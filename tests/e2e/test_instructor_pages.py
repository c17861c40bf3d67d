"""What an instructor of two dozen sees in a real browser: the page of the class, and the class report."""

import random

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from tests.hub import pages
from tests.hub.conftest import COURSE
from xraydojo.grade.class_report import Result, class_report
from xraydojo.grade.export import Mark
from xraydojo.grade.report import Report, TestResult
from xraydojo.hub.queue import Queue
from xraydojo.language import speaking
from xraydojo.lesson import read_syllabus, read_unit

UNIT = "02_perceptron"
LEARNERS = {
    "ja": "佐藤 陽菜,鈴木 蓮,高橋 結衣,田中 湊,伊藤 凛,渡辺 大翔,山本 美咲,中村 健太,小林 葵,加藤 拓海,吉田 さくら,山田 颯太,"
    "佐々木 ひな,山口 大輝,松本 七海,井上 海斗,木村 澪,林 悠人,斎藤 翔太,清水 彩花,森 一郎,池田 楓,橋本 樹,石川 杏",
    "en": "Ada Moss,Ben Hale,Cleo Ross,Dan Ford,Eve Lund,Finn Gray,Gwen Park,Hugo Lane,Ines Cole,Jack Webb,Kim Dale,Leo Marsh,"
    "Mia Stone,Noah Reed,Olga Wood,Paul Hart,Quin Bell,Rosa Kent,Sam Frost,Tess Young,Uma Short,Vera Long,Will Snow,Zoe Lake",
}
WORDS = {"ja": ("クラスレポート", "見る", "名前"), "en": ("Class report", "show", "names")}
REFUSED = {
    "ja": "ノートブックではありません（JSON ではありません）。JupyterLab で開いて .ipynb として保存し、それを提出してください",
    "en": "this is not a notebook (not JSON); open it in JupyterLab, save it as .ipynb and hand that in",
}


def results(lang):
    """Return what a class made of unit 02: one has handed in nothing, one a broken file, the others more or less right answers."""
    unit, draw = read_unit(UNIT), random.Random(5)
    wrong = {name: [each for each in unit.wrong_answers if each.exercise == name][:3] for name in unit.tests}
    made = []
    for number, name in enumerate(LEARNERS[lang].split(",")):
        tests = []
        for step, (exercise, test) in enumerate(unit.tests.items()):
            if draw.random() < 0.3 - 0.06 * step + 0.04 * number:
                tests.append(TestResult(exercise, "passed", test.points, test.points))
            elif number % 5 == 4:
                tests.append(TestResult(exercise, "unwritten", 0, test.points))
            else:
                slip = draw.choice(wrong[exercise])
                tests.append(TestResult(exercise, "failed", 0, test.points, "", slip.name, slip.hint[lang]))
        points = sum(test.points for test in tests)
        report = Report("", UNIT, lang, points, unit.points, tuple(tests), (), draw.uniform(0.5, 2))
        mark = Mark(points, 0, None, False, None)
        shown = {0: {}, 1: {"handed_in": True}}.get(
            number, {"handed_in": True, "report": report, "mark": mark}
        )
        made.append(Result(f"learner{number + 1:02}", name, **shown))
    return made


@pytest.fixture(params=["ja", "en"])
def lang(request):
    with speaking(request.param):
        yield request.param


@pytest.fixture
def service(lang, tmp_path, monkeypatch):
    """The pages of that class, in front of a stand-in hub."""
    found = results(lang)
    monkeypatch.setattr(pages, "RUNNING", [result.learner for result in found[1:]])
    people = "".join(f"\n  - {{name: {each.learner}, full_name: {each.name}}}" for each in found)
    units = "".join(f"\n  - {{id: {entry.id}}}" for entry in read_syllabus())
    before, _, rest = COURSE.partition("learners:")
    course = f"{before}learners:{people}\nunits:{units}\n".replace("language: ja", f"language: {lang}")
    with pages.running(tmp_path, course) as service:
        queue = Queue(service.site.class_folder)
        queue.hand_in(found[1].learner, UNIT, b"{", "0" * 32)
        queue.end(queue.next(), "refused", REFUSED[lang])
        with Gradebook(f"sqlite:///{service.site.class_folder / 'gradebook.db'}") as gradebook:
            gradebook.add_assignment(UNIT)
            gradebook.add_notebook(UNIT, UNIT)
            gradebook.add_grade_cell("all", UNIT, UNIT, max_score=10, cell_type="code")
            for result in found[2:]:
                gradebook.add_student(result.learner)
                gradebook.add_submission(UNIT, result.learner)
                notebook = gradebook.find_submission_notebook(UNIT, UNIT, result.learner)
                notebook.grades[0].auto_score = result.report.points
                notebook.grades[0].needs_manual_grade = False
            gradebook.db.commit()
        yield service


def test_two_dozen_learners_fit_the_window_and_the_report_is_always_in_sight(
    lang, service, chromium, screenshots
):
    report, show, _ = WORDS[lang]
    context = chromium.new_context(
        viewport={"width": 1280, "height": 860},
        extra_http_headers={"Authorization": "token browser-of-sensei"},
    )
    page, broken = context.new_page(), []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(f"{service.address}class")
    expect(page.locator("#now .said.bad")).to_contain_text(REFUSED[lang])
    expect(page.locator("tfoot tr", has_text=report).get_by_role("link", name=show)).to_be_in_viewport()
    table = page.locator("table.class")
    assert table.evaluate("table => table.offsetWidth <= table.parentElement.clientWidth")
    page.screenshot(path=screenshots / f"hub_class_{lang}.png")

    page.fill(".fields input[name=name]", "half")
    Queue(service.site.class_folder).hand_in("learner01", UNIT, b"{", "1" * 32)
    expect(page.locator("#learner01 td", has_text="…")).to_have_count(1, timeout=10_000)
    expect(page.locator(".fields input[name=name]")).to_have_value("half")
    expect(page.locator("#trouble")).to_be_hidden()
    assert broken == []
    context.close()


def test_the_class_report_fits_a_window_and_a_phone(lang, chromium, tmp_path, screenshots):
    *_, names = WORDS[lang]
    file = tmp_path / "report.html"
    file.write_text(class_report(read_unit(UNIT), results(lang)), encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(file.as_uri())
    page.screenshot(path=screenshots / f"report_{lang}.png")
    mistake = page.locator(".count tbody tr").first
    mistake.get_by_text(names).click()
    expect(mistake.locator("li")).to_have_count(int(mistake.locator("td").first.inner_text()))
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for table in page.locator(".count").all():
        assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    page.screenshot(path=tmp_path / f"phone_{lang}.png", full_page=True)
    page.close()
