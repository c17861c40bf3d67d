"""nbgrader's formgrader as a service of the hub: instructors mark by hand here, in the class's folder, as the grader's account."""

import os
import sys
from pathlib import Path

import jupyterhub.singleuser.app

from xraydojo.start import FOREIGN, NOT_ON_SERVER

# jupyterhub says 'none' since 4.1, and nbgrader's tab in JupyterLab, a frame, stayed blank (nbgrader issue 1870)
HEADERS = {"Content-Security-Policy": "frame-ancestors 'self'"}
_FORMGRADER = "nbgrader.server_extensions.formgrader"


def main() -> None:
    """Run the service in the class's folder, the working directory."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    folder = Path.cwd()
    lab = folder / ".lab"
    os.environ |= {
        "JUPYTER_PREFER_ENV_PATH": "0",
        "JUPYTER_CONFIG_DIR": str(lab / "config"),
        "JUPYTER_DATA_DIR": str(lab / "data"),
        "JUPYTER_RUNTIME_DIR": str(lab / "runtime"),
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", ""),
    }
    extensions = dict.fromkeys(NOT_ON_SERVER, False) | {_FORMGRADER: True}
    sys.argv = [
        "jupyterhub-singleuser",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.default_url=/formgrader",
        "--ServerApp.allow_root=True",
        f"--ServerApp.tornado_settings={ {'headers': HEADERS} }",
        f"--ServerApp.jpserver_extensions={extensions}",
        # learners' notebooks lie here: nothing of theirs may run as the grader
        "--ServerApp.terminals_enabled=False",
        "--KernelSpecManager.allowed_kernelspecs={'none'}",
        "--KernelSpecManager.ensure_native_kernel=False",
    ]
    jupyterhub.singleuser.app.main()
