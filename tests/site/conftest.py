"""The browser of the end-to-end tests, for the site."""

from tests.e2e.conftest import chromium, launch  # noqa: F401
