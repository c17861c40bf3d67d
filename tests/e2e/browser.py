"""A real browser, and what a person does with a notebook in it."""

from pathlib import Path

SLOW = (
    60_000  # milliseconds; a kernel that imports NumPy and Matplotlib for the first time, on two busy cores
)


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


def picture(page, file: Path, *cells, height: int = 860) -> None:
    """Keep a picture of the window's upper part, with these cells in it."""
    for cell in reversed(cells):
        cell.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # for the last line of the page to be drawn
    page.screenshot(path=file, clip={"x": 0, "y": 0, "width": 1280, "height": height})
