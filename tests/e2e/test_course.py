"""A learner's way in a real browser: the start page, a wrong answer and its hint, the right one, the graded feedback."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.start.running import running
from xraydojo.lesson import REPOSITORY, read_answers

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WORDS = {
    "ja": {
        "locale": "ja-JP",
        "welcome": "XrayDojo へようこそ",
        "unit": "02 パーセプトロン：学習する一つのニューロン",
        "run": "実行",
        "run above": "選択したセルの上にあるすべてを実行",
        "accepted": "✓ predict：正解です。",
    },
    "en": {
        "locale": "en-GB",
        "welcome": "Welcome to XrayDojo",
        "unit": "02 The perceptron: a neuron that learns",
        "run": "Run",
        "run above": "Run All Above Selected Cell",
        "accepted": "✓ predict: correct.",
    },
}
# > instead of >=: one of the mistakes of which the unit knows
WRONG = "def predict(X, w, b):\n    return (X @ w + b > 0).astype(int)"
RIGHT = "def predict(X, w, b):\n    return (X @ w + b >= 0).astype(int)"
SLOW = (
    60_000  # milliseconds; a kernel that imports NumPy and Matplotlib for the first time, on two busy cores
)


@pytest.fixture(scope="module")
def chromium():
    """A browser."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on PATH: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def screenshots(tmp_path):
    """The folder of the pictures: the documentation's when XRAYDOJO_SCREENSHOTS is set, else a temporary one."""
    folder = REPOSITORY / "docs" / "screenshots" if os.environ.get("XRAYDOJO_SCREENSHOTS") else tmp_path
    folder.mkdir(exist_ok=True)
    return folder


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
        picture(page, screenshots / f"start_{lang}.png", height=560)

        page.get_by_role("link", name=words["unit"]).click()
        answer, check = _cells(page, "predict")
        kernel = page.locator(".jp-Notebook-ExecutionIndicator")
        expect(kernel).to_have_attribute("data-status", "idle", timeout=SLOW)
        answer.click()
        page.locator(".lm-MenuBar-itemLabel", has_text=words["run"]).first.click()
        page.locator(".lm-Menu-itemLabel", has_text=words["run above"]).click()

        _write(page, answer, WRONG)
        page.keyboard.press("Shift+Enter")  # the check is the next cell
        verdict = check.locator(".xraydojo-check")
        expect(verdict).to_contain_text(hint, timeout=SLOW)
        picture(page, screenshots / f"hint_{lang}.png", answer, check)

        _write(page, answer, RIGHT)
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


def _cells(page, exercise: str):
    """Return the exercise's cell and the check right below it."""
    code = page.locator(".jp-Notebook .jp-CodeCell")
    answer = code.filter(has=page.locator(".cm-content", has_text=f"def {exercise}(")).first
    check = code.filter(has=page.locator(".cm-content", has_text=f'with check("{exercise}")')).first
    return answer, check


def _write(page, cell, text: str) -> None:
    """Put the text into the cell as a learner does, and run it."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Shift+Enter")


def picture(page, file: Path, *cells, height: int = 860) -> None:
    """Keep a picture of the window's upper part, with these cells in it."""
    for cell in reversed(cells):
        cell.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # for the last line of the page to be drawn
    page.screenshot(path=file, clip={"x": 0, "y": 0, "width": 1280, "height": height})


def _wait_until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)
