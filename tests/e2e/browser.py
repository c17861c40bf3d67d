"""A real browser, and what a person does with a notebook in it."""

import re
from pathlib import Path

from playwright.sync_api import expect

SLOW = (
    60_000  # milliseconds; a kernel that imports NumPy and Matplotlib for the first time, on two busy cores
)

RUN_ABOVE = {
    "ja": ("実行", "選択したセルの上にあるすべてを実行"),
    "en": ("Run", "Run All Above Selected Cell"),
}


def cells(page, exercise: str):
    """Return the exercise's cell and the check right below it."""
    code = page.locator(".jp-Notebook .jp-CodeCell")
    answer = code.filter(has=page.locator(".cm-content", has_text=f"def {exercise}(")).first
    check = code.filter(has=page.locator(".cm-content", has_text=f'with check("{exercise}")')).first
    return answer, check


def write(page, cell, text: str) -> None:
    """Put the text into the cell as a learner does, and run it."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Shift+Enter")


def await_kernel(page) -> None:
    """Wait until the kernel is there and has nothing to do: before that, JupyterLab passes over what is to be run, without a word."""
    expect(page.locator(".jp-Toolbar-kernelName").first).not_to_contain_text("No Kernel", timeout=SLOW)
    indicator = page.locator(".jp-Notebook-ExecutionIndicator")
    expect(indicator).to_have_attribute("data-status", "idle", timeout=SLOW)


def run_above(page, cell, lang: str) -> None:
    """Once the kernel is there, run all cells above this one by the menu."""
    await_kernel(page)
    # not by a click: pictures above may still move the page under it
    cell.locator(".cm-content").focus()
    expect(cell).to_have_class(re.compile(r"\bjp-mod-active\b"))
    menu, item = RUN_ABOVE[lang]
    page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
    page.locator(".lm-Menu-itemLabel", has_text=item).click()


def picture(page, file: Path, *cells, height: int = 860) -> None:
    """Keep a picture of the window's upper part, with these cells in it."""
    for cell in reversed(cells):
        cell.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # for the last line of the page to be drawn
    page.screenshot(path=file, clip={"x": 0, "y": 0, "width": 1280, "height": height})
