"""A class at once: every learner's server starts, all submit within a minute, while hub, proxy and pages are each killed once.

Run it as ``python -m tests.hub.load 20``; it prints what it measured.
"""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests

from tests.hub.running import Hub, logged_in
from xraydojo.build import notebook_path
from xraydojo.grade.export import opened, read_marks
from xraydojo.hub import proxy
from xraydojo.hub.generate import generate
from xraydojo.hub.queue import Queue
from xraydojo.hub.site import Ports, Site

UNIT = "02_perceptron"
COURSE = """\
id: load
title: Load
language: en
address: http://127.0.0.1:19000/
timezone: Asia/Tokyo
instructors: [sensei]
learners: [{learners}]
units: [{{id: 02_perceptron}}]
"""


class Supervised:
    """A hub that is started again when it ends, as systemd does."""

    def __init__(self, site: Site):
        self._site, self._stopping = site, False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
        with (self._site.state / "hub.log").open("ab") as log:
            while not self._stopping:
                self.process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "jupyterhub", "--config", self._site.config],
                    cwd=self._site.state,
                    env=environment | {"XRAYDOJO_DEMO_PASSWORDS": str(self._site.state / "passwords.json")},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                self.process.wait()

    def stop(self) -> None:
        """End it, and all servers."""
        self._stopping = True
        self.process.terminate()
        self._thread.join()
        left = of_site(self._site)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left)


def of_hub(hub: psutil.Process, text: str = "") -> list[psutil.Process]:
    """Return a hub and the processes that it started, of those whose command holds a text; without learners' servers and kernels."""
    found = []
    for process in [hub, *hub.children()]:
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            if text in command and "hub.learner" not in command:
                found.append(process)
    return found


def of_site(site: Site) -> list[psutil.Process]:
    """Return all processes that run for a hub: its services, the grading, learners' servers and kernels."""
    return [
        process
        for process in psutil.process_iter(["environ", "cwd", "cmdline"])
        if str(site.folder) in f"{process.info['cwd']} {process.info['environ']}"
    ]


def servers(site: Site) -> list[psutil.Process]:
    """Return the learners' servers."""
    return [process for process in of_site(site) if "xraydojo.hub.learner" in process.info["cmdline"]]


def measure(count: int) -> dict:
    """Do it all; return what was measured."""
    proxy.install()
    site = Site(Path(tempfile.mkdtemp(prefix="xraydojo-load-")))
    names = [f"learner{number:02}" for number in range(count)]
    site.class_folder.mkdir(parents=True)
    site.course_file.write_text(COURSE.format(learners=", ".join(names)))
    generate(site, Ports(19000, 19001, 19081, 19091, 19092), demo=True)
    (site.folder / "local_config.py").write_text("c.JupyterHub.cleanup_servers = False\n")
    passwords = dict.fromkeys([*names, "sensei"], "load")
    (site.state / "passwords.json").write_text(json.dumps(passwords))
    for name in names:
        (site.homes / name).mkdir(parents=True, mode=0o700)
    supervised = Supervised(site)
    hub = Hub("http://127.0.0.1:19000/", passwords, site, supervised)
    try:
        _until(lambda: _answers(hub), 120)
        return _spawn(hub, names) | _submit_all(hub, names)
    finally:
        supervised.stop()
        shutil.rmtree(site.folder)


def _spawn(hub: Hub, names: list[str]) -> dict:
    begun = time.monotonic()

    def spawn(name: str) -> float:
        session = logged_in(hub, name)
        start = time.monotonic()
        session.get(f"{hub.address}hub/spawn")
        _until(
            lambda: session.get(f"{hub.address}user/{name}/api/status").ok or _again(session, hub, name), 600
        )
        return time.monotonic() - start

    with ThreadPoolExecutor(len(names)) as pool:
        seconds = list(pool.map(spawn, names))
    memory = [process.memory_full_info().pss for process in servers(hub.site)]
    services = [each.memory_full_info().pss for each in of_hub(psutil.Process(hub.process.process.pid))]
    return {
        "servers": len(memory),
        "all servers after (s)": round(time.monotonic() - begun, 1),
        "median spawn (s)": round(statistics.median(seconds), 1),
        "longest spawn (s)": round(max(seconds), 1),
        "memory of a server (MB, PSS)": round(statistics.mean(memory) / 1e6),
        "memory of the hub and its services (MB, PSS)": round(sum(services) / 1e6),
    }


def _again(session: requests.Session, hub: Hub, name: str) -> bool:
    """Press the button again where the hub said that too many start at once."""
    session.get(f"{hub.address}hub/spawn")
    return False


def _submit_all(hub: Hub, names: list[str]) -> dict:
    solved = notebook_path("solutions", UNIT, "en").read_bytes()
    for name in names:
        (hub.site.homes / name / "XrayDojo" / "en" / UNIT / f"{UNIT}.ipynb").write_bytes(solved)
    begun = time.monotonic()
    retries = []

    def submit(number: int) -> float:
        time.sleep(number * 30 / len(names))
        start, key = time.monotonic(), f"{number:032x}"
        while True:
            with contextlib.suppress(requests.RequestException, AssertionError, StopIteration, KeyError):
                if _submit(hub, names[number], key):
                    return time.monotonic() - start
            retries.append(number)
            assert time.monotonic() - start < 300
            time.sleep(1)

    with ThreadPoolExecutor(len(names) + 1) as pool:
        killer = pool.submit(_kill_each, hub)
        seconds = list(pool.map(submit, range(len(names))))
        killed = killer.result()
    queue = Queue(hub.site.class_folder)
    _until(lambda: not any(each.is_under_way for each in queue.last().values()), 900)
    states = [each.state for each in queue.last().values()]
    with opened(f"sqlite:///{hub.site.class_folder / 'gradebook.db'}") as gradebook:
        (unit,) = [unit for unit in gradebook.assignments if unit.name == UNIT]
        marks = [mark.raw for mark in read_marks(gradebook, unit).values()]
    rows = (
        sqlite3.connect(hub.site.class_folder / "queue.sqlite")
        .execute("SELECT count(*) FROM submission")
        .fetchone()
    )
    return {
        "killed": killed,
        "submissions": rows[0],
        "graded": states.count("graded"),
        "full marks": marks.count(10),
        "retries by hand": len(retries),
        "longest submission (s)": round(max(seconds), 1),
        "last graded after (s)": round(time.monotonic() - begun, 1),
    }


def _submit(hub: Hub, name: str, key: str) -> bool:
    session = logged_in(hub, name)
    page = f"{hub.address}services/dojo/"
    session.get(page)
    xsrf = next(
        each.value for each in session.cookies if each.path == "/services/dojo/" and each.name == "_xsrf"
    )
    return session.post(f"{page}submit", data={"_xsrf": xsrf, "unit": UNIT, "key": key}).ok


def _kill_each(hub: Hub) -> list[str]:
    """Kill pages, proxy, grading and hub, ten seconds apart."""
    killed = []
    for text in ("hub.run pages", "configurable-http-proxy", "hub.run grading", "-m jupyterhub --config"):
        time.sleep(7)
        (process,) = of_hub(psutil.Process(hub.process.process.pid), text)
        os.kill(process.pid, signal.SIGKILL)
        killed.append(text)
    return killed


def _answers(hub: Hub) -> bool:
    with contextlib.suppress(requests.RequestException):
        return all(requests.get(hub.address + page).ok for page in ("hub/health", "services/dojo/health"))
    return False


def _until(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(requests.RequestException):
            if condition():
                return
        assert time.monotonic() < end, "it did not come about"
        time.sleep(1)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1])), indent=1))
