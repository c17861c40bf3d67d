"""JupyterHub's proxy, `configurable-http-proxy`: installed from npm as `grading/hub/package-lock.json` pins it."""

import shutil
import subprocess
from pathlib import Path

from xraydojo import DojoError
from xraydojo.language import L
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
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise DojoError(
            L(
                f"the hub's proxy needs {' and '.join(missing)}; install Node.js 18 or newer (Debian: apt install nodejs npm)",
                f"ハブのプロキシーには {' と '.join(missing)} が必要です。Node.js 18 以上を入れてください（Debian では apt install nodejs npm）",
            )
        )
    if PROXY.exists():
        return
    print(L("Installing the proxy …", "プロキシーをインストールしています…"), flush=True)
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
    )
    if done.returncode or not PROXY.exists():
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "?")
        raise DojoError(
            L(
                f"npm could not install the proxy ({said}); run npm ci in {FOLDER}",
                f"npm でプロキシーをインストールできませんでした（{said}）。{FOLDER} で npm ci を実行してみてください",
            )
        )


def installed() -> Path | None:
    """Return where the proxy is, or None."""
    return PROXY if PROXY.exists() else None
