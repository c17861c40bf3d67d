"""The demo hub, run by `dojo hub --demo` in a process of its own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import requests

from xraydojo.hub.site import Site


@dataclass
class Hub:
    """A demo that runs: its address, everybody's password, its folder, and the process."""

    address: str
    passwords: dict[str, str]
    site: Site
    process: subprocess.Popen


@contextlib.contextmanager
def running(folder: Path, lang: str = "ja"):
    """Run a demo in ``folder``; then press Ctrl+C, and see that nothing of it is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "xraydojo", "hub", "--demo", "--folder", str(folder), "--lang", lang],
        env=os.environ | {"PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    try:
        while "Ctrl+C" not in said:
            line = process.stdout.readline()
            assert line, f"the hub did not start: {said}{_log(folder)}"
            said += line
        passwords = dict(re.findall(r"^    (\w+)  +(\S+)", said, re.M))
        yield Hub(re.search(r"http://\S+", said)[0], passwords, Site(folder), process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(90)
        process.stdout.close()


def _log(folder: Path) -> str:
    log = folder / "state" / "jupyterhub.log"
    return log.read_text(errors="replace")[-3000:] if log.exists() else ""


def logged_in(hub: Hub, name: str) -> requests.Session:
    """Return a session of HTTP in which a person is logged in, as a browser is."""
    session = requests.Session()
    session.headers["Sec-Fetch-Mode"] = "navigate"
    login = f"{hub.address}hub/login"
    session.get(login)
    data = {"username": name, "password": hub.passwords[name], "_xsrf": session.cookies["_xsrf"]}
    answer = session.post(login, data=data, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return session
