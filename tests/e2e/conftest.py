"""A browser, and where its pictures go."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from xraydojo.lesson import REPOSITORY

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def launch():
    """Return a function that launches a browser."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on PATH: apt install chromium")
    with sync_playwright() as playwright:
        yield lambda: playwright.chromium.launch(executable_path=path, args=FLAGS)


@pytest.fixture(scope="module")
def chromium(launch):
    """A browser."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def screenshots(tmp_path):
    """The folder of the pictures: the documentation's when XRAYDOJO_SCREENSHOTS is set, else a temporary one."""
    folder = REPOSITORY / "docs" / "screenshots" if os.environ.get("XRAYDOJO_SCREENSHOTS") else tmp_path
    folder.mkdir(exist_ok=True)
    return folder
