"""What comes from npm: installed as a folder's package-lock.json pins it, into node_modules beside that."""

import shutil
import subprocess
from pathlib import Path

from xraydojo import DojoError
from xraydojo.language import L


def install(folder: Path, wanted: Path) -> None:
    """Install a folder's packages if what is wanted of them is not there.

    Parameters
    ----------
    folder : Path
        It holds package.json and package-lock.json.
    wanted : Path
        A file that the installation brings.

    Raises
    ------
    DojoError
        If Node.js or npm is missing, or npm fails.
    """
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise DojoError(
            L(
                f"this needs {' and '.join(missing)}; install Node.js 18 or newer (Debian: apt install nodejs npm)",
                f"これには {' と '.join(missing)} が必要です。Node.js 18 以上を入れてください（Debian では apt install nodejs npm）",
            )
        )
    if wanted.exists():
        return
    print(L("Installing what comes from npm …", "npm のパッケージをインストールしています…"), flush=True)
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode or not wanted.exists():
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "?")
        raise DojoError(
            L(
                f"npm could not install what is needed ({said}); run npm ci in {folder}",
                f"npm で必要なものをインストールできませんでした（{said}）。{folder} で npm ci を実行してみてください",
            )
        )
