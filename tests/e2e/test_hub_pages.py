"""The pages of a class in a real browser, in both languages, as a learner and as the class's instructor see them."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import picture
from tests.hub import pages, seminar
from xraydojo.build import notebook_path
from xraydojo.hub import roster
from xraydojo.hub.queue import Queue
from xraydojo.hub.worker import Worker

COURSE = """\
id: spring
title: {title}
language: {lang}
address: http://127.0.0.1:8000/
timezone: Asia/Tokyo
instructors: [sensei]
learners: [{{name: hanako, full_name: 山田 花子}}]
units:
  - {{id: 00_first_steps, due: {soon}}}
  - {{id: 01_images, due: {past}, late: {soon}}}
  - {{id: 02_perceptron, due: {soon}}}
  - {{id: 03_backprop, due: {later}}}
grading:
  late_penalty: 0.1
"""
WORDS = {
    "ja": {
        "title": "春のセミナー",
        "graded": "採点済み",
        "late": "1 日につき得点の 10 % が引かれます",
        "submit": "提出する",
        "share": "オン",
        "screen": "スクリーン用",
    },
    "en": {
        "title": "Spring seminar",
        "graded": "graded",
        "late": "costs 10 % of the points for each day",
        "submit": "Submit",
        "share": "On",
        "screen": "For the screen",
    },
}


@pytest.fixture(params=["ja", "en"])
def service(request, tmp_path):
    """The pages of a class in a language, with a stand-in hub."""
    days = {
        name: date.today() + timedelta(days) for name, days in {"past": -1, "soon": 7, "later": 14}.items()
    }
    lang = request.param
    with pages.running(tmp_path, COURSE.format(title=WORDS[lang]["title"], lang=lang, **days)) as service:
        service.lang, service.words = lang, WORDS[lang]
        yield service


@pytest.fixture
def open_page(chromium, service):
    """Return a function that opens a page as a person who is logged in."""
    contexts = []

    def open_page(name, path=""):
        context = chromium.new_context(
            viewport={"width": 1280, "height": 975},
            extra_http_headers={"Authorization": f"token browser-of-{name}"},
        )
        contexts.append(context)
        page = context.new_page()
        page.broken = []
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.goto(service.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_a_learner_sees_points_due_dates_and_what_lateness_costs(
    service, open_page, screenshots, monkeypatch
):
    words, folder = service.words, service.site.class_folder
    solved = notebook_path("solutions", "02_perceptron", service.lang).read_bytes()
    queue = Queue(folder)
    queue.hand_in("hanako", "02_perceptron", solved, "0" * 32)
    page = open_page("hanako", "#02_perceptron")
    row = page.locator("tr[id='02_perceptron']")
    expect(row.locator("b")).to_be_visible()
    monkeypatch.chdir(folder)
    worker = Worker(folder)
    while worker.step():
        pass
    # by itself, and the row stays where it is on the screen
    expect(row.locator(".points")).to_have_text("10 / 10", timeout=10_000)
    expect(row.locator(".state")).to_contain_text(words["graded"])
    assert page.url.endswith("#02_perceptron")
    expect(row).to_be_in_viewport()
    expect(page.locator("tr[id='01_images'] .late")).to_contain_text(words["late"])
    page.get_by_role("switch").click()
    expect(page.get_by_role("switch")).to_contain_text(words["share"])
    page.goto(service.address)
    expect(page.get_by_role("button", name=words["submit"])).to_have_count(4)
    assert page.locator("html").get_attribute("lang") == service.lang
    picture(page, screenshots / f"hub_learner_{service.lang}.png", height=975)
    assert page.broken == []


def test_the_instructor_sees_a_class_of_twelve_in_one_picture(service, open_page, screenshots):
    shown = {
        name: full_name if service.lang == "ja" else name.capitalize()
        for name, full_name, *_ in seminar.LEARNERS
    }
    for name, full_name in shown.items():
        roster.add(service.site.course_file, name, full_name)
    seminar.fill(service.site.class_folder)
    page = open_page("sensei", "class/now")
    for exercise, counts in seminar.COUNTS.items():
        row = page.locator(f"#row-{exercise}")
        assert [row.locator(f"td.{kind}").inner_text() for kind in ("solved", "working", "stuck")] == counts
    picture(page, screenshots / f"hub_now_{service.lang}.png", height=975)
    page.locator(".button", has_text=service.words["screen"]).click()
    expect(page.locator("#now.screen")).to_be_visible()
    said = page.locator("body").inner_text()
    assert not any(full_name in said for full_name in shown.values())
    assert page.broken == []
