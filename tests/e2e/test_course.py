"""A learner's way in a real browser: the start page, a wrong answer and its hint, the right one, the graded feedback."""

import re
import subprocess
import sys
import time

import nbformat
import pytest
from playwright.sync_api import expect

from tests.e2e.browser import SLOW, cells, picture, run_above, write
from tests.start.running import running
from xraydojo.lesson import REPOSITORY, read_answers

WORDS = {
    "ja": {
        "locale": "ja-JP",
        "welcome": "XrayDojo へようこそ",
        "unit": "02 パーセプトロン：学習する一つのニューロン",
        "run": "実行",
        "accepted": "✓ predict：正解です。",
        "hint": "ヒント",
    },
    "en": {
        "locale": "en-GB",
        "welcome": "Welcome to XrayDojo",
        "unit": "02 The perceptron: a neuron that learns",
        "run": "Run",
        "accepted": "✓ predict: correct.",
        "hint": "Hint",
    },
}
# > instead of >=: one of the mistakes of which the unit knows
WRONG = "def predict(X, w, b):\n    return (X @ w + b > 0).astype(int)"
RIGHT = "def predict(X, w, b):\n    return (X @ w + b >= 0).astype(int)"


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_learner_meets_a_hint_then_success_and_reads_the_feedback(chromium, lang, tmp_path, screenshots):
    words = WORDS[lang]
    (hint,) = [
        answer.hint[lang]
        for answer in read_answers(REPOSITORY / "course" / "02_perceptron", "wrong")
        if (answer.exercise, answer.name) == ("predict", "greater_than_zero_only")
    ]
    with running(tmp_path / "learner", "--lang", lang) as course:
        page = chromium.new_page(viewport={"width": 1280, "height": 860}, locale=words["locale"])
        elsewhere, broken = [], []
        page.on(
            "request", lambda request: _is_local(request.url, course.address) or elsewhere.append(request.url)
        )
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("response", lambda response: response.status < 400 or broken.append(response.url))

        page.goto(course.address)
        expect(page.locator(".jp-RenderedMarkdown h1")).to_contain_text(words["welcome"], timeout=SLOW)
        expect(page.locator(".lm-MenuBar-itemLabel", has_text=words["run"]).first).to_be_visible()
        page.get_by_role("link", name=words["unit"]).click()
        answer, check = cells(page, "predict")
        run_above(page, answer, lang)

        write(page, answer, WRONG)
        page.keyboard.press("Shift+Enter")  # the check is the next cell
        verdict = check.locator(".xraydojo-check")
        expect(verdict).to_contain_text(hint, timeout=SLOW)
        expect(verdict.get_by_text(hint)).to_be_hidden()
        for step in (1, 2):
            verdict.get_by_text(re.compile(rf"^{words['hint']} ?{step}")).click()
        expect(verdict.get_by_text(hint)).to_be_visible()
        picture(page, screenshots / f"hint_{lang}.png", answer, check)

        write(page, answer, RIGHT)
        page.keyboard.press("Shift+Enter")
        expect(verdict).to_have_text(words["accepted"], timeout=SLOW)
        picture(page, screenshots / f"accepted_{lang}.png", answer, check)

        page.keyboard.press("Control+s")
        notebook = tmp_path / "learner" / lang / "02_perceptron" / "02_perceptron.ipynb"
        _wait_until(lambda: RIGHT in [cell.source for cell in nbformat.read(notebook, 4).cells])
        assert page.locator(".jp-Dialog, .jp-toast-button").count() == 0  # nothing asked a question

        # the instructor's turn, and back
        done = subprocess.run([sys.executable, "-m", "xraydojo", "grade", notebook, "--feedback", tmp_path],
                              capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
        (feedback,) = tmp_path.glob("*.html")
        page.goto(feedback.as_uri())
        assert page.locator("html").get_attribute("lang") == lang
        solved = page.locator(".tests li.passed", has_text="predict")
        expect(solved).to_have_count(1)
        picture(page, screenshots / f"feedback_{lang}.png")
        assert elsewhere == [] and broken == []
        page.close()
    assert course.returncode == 0


def _is_local(url: str, address: str) -> bool:
    return url.startswith((address.partition("?")[0], "data:", "blob:", "file:"))


def _wait_until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)
