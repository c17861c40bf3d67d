"""A learner comes back to the start page: it shows what was solved a moment ago, and where to go on."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import SLOW, cells, picture, run_above, write
from tests.start.running import running
from xraydojo import progress
from xraydojo.outline import outline

WORDS = {
    "ja": {
        "page": "はじめに.md",
        "go on": "ここから続けましょう",
        "under way": "02 演習 4 のうち 1",
    },
    "en": {
        "page": "start_here.md",
        "go on": "Go on here",
        "under way": "02 1 of 4 exercises",
    },
}
TIMES = {"passed": "2026-11-21T10:00:00Z", "last": "2026-11-21T10:00:00Z"}
RIGHT = "def predict(X, w, b):\n    return (X @ w + b >= 0).astype(int)"


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_solved_exercise_is_seen_on_the_start_page(chromium, lang, tmp_path, screenshots):
    words = WORDS[lang]
    for unit in ("00_first_steps", "01_images"):
        progress.write(tmp_path, {unit: {exercise.id: TIMES for exercise in outline(unit, lang).exercises}})
    with running(tmp_path, "--lang", lang) as course:
        page = chromium.new_page(viewport={"width": 1280, "height": 860})
        broken = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(course.address)
        start = page.locator(".jp-RenderedMarkdown")
        expect(start).to_contain_text(words["go on"], timeout=SLOW)
        road = start.locator("img")
        road.click()  # the picture leads to where one goes on
        answer, check = cells(page, "predict")
        run_above(page, answer, lang)
        write(page, answer, "def predict(X, w, b):\n    return X @ v + b")
        page.keyboard.press("Shift+Enter")  # the check is the next cell
        expect(check.locator(".xraydojo-check")).to_contain_text("NameError", timeout=SLOW)
        write(page, answer, RIGHT)
        page.keyboard.press("Shift+Enter")
        expect(check.locator(".xraydojo-check")).to_contain_text("✓", timeout=SLOW)

        page.locator(".lm-TabBar-tabLabel", has_text=words["page"]).click()
        expect(start.locator("p", has_text=words["go on"])).to_contain_text("update", timeout=SLOW)
        expect(road).to_have_attribute("alt", re.compile(words["under way"]))
        assert road.evaluate("image => image.naturalWidth") > 0
        picture(page, screenshots / f"start_{lang}.png", height=720)
        road.click()  # and now to the very exercise
        expect(cells(page, "update")[0]).to_be_in_viewport(timeout=SLOW)
        assert page.locator(".jp-Dialog, .jp-toast-button").count() == 0 and broken == []
        page.close()
    assert "passed" in progress.read(tmp_path)["02_perceptron"]["predict"]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_an_error_is_told_in_a_box_and_the_hints_lead_to_the_section(chromium, lang, tmp_path):
    words = WORDS[lang]
    with running(tmp_path, "--lang", lang) as course:
        page = chromium.new_page(viewport={"width": 1280, "height": 860})
        page.goto(
            course.address.replace(words["page"], "").replace(
                "/?", "/lab/tree/02_perceptron/02_perceptron.ipynb?"
            )
        )
        answer, check = cells(page, "update")
        run_above(page, answer, lang)
        write(page, answer, "def update(w, b, x, t, lr):\n    return w, b\nupdate(1, 2)")
        box = answer.locator(".xraydojo-crash")
        expect(box).to_contain_text("update", timeout=SLOW)
        expect(box.locator("pre")).to_be_hidden()
        box.locator("summary").click()
        expect(box.locator("pre")).to_contain_text("TypeError")
        picture(page, tmp_path / "crash.png", answer)
        write(page, answer, "def update(w, b, x, t, lr):\n    return w, b")
        page.keyboard.press("Shift+Enter")
        verdict = check.locator(".xraydojo-check")
        expect(verdict.locator("summary").first).to_be_visible(timeout=SLOW)
        for step in verdict.locator("summary").all():
            step.click()
        picture(page, tmp_path / "ladder.png", answer, check)
        section = {"ja": "間違いから学ぶ", "en": "Learning from mistakes"}[lang]
        verdict.get_by_role("link", name=section).click()
        expect(page.get_by_role("heading", name=section)).to_be_in_viewport(timeout=SLOW)
        page.close()
    assert course.returncode == 0
