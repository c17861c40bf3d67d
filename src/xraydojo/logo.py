"""The course's sign: a chest film that wears a belt of the dojo."""

import base64
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("logo.svg")


@cache
def address() -> str:
    """Return the sign as an address that holds the whole picture, for pages that load nothing."""
    return "data:image/svg+xml;base64," + base64.b64encode(FILE.read_bytes()).decode()
