"""JupyterHub's proxy, `configurable-http-proxy`: installed from npm as `grading/hub/package-lock.json` pins it."""

from pathlib import Path

from xraydojo import npm
from xraydojo.lesson import REPOSITORY

FOLDER = REPOSITORY / "grading" / "hub"
PROXY = FOLDER / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"


def install() -> None:
    """Install the proxy if it is not there.

    Raises
    ------
    DojoError
        If Node.js or npm is missing, or npm fails.
    """
    npm.install(FOLDER, PROXY)


def installed() -> Path | None:
    """Return where the proxy is, or None."""
    return PROXY if PROXY.exists() else None
