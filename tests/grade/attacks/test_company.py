"""Submissions that run at the same time, or whose grader is killed, do not find each other and leave nothing behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
from nbformat.v4 import new_code_cell

from tests.grade.attacks.conftest import MARK, printed
from xraydojo.grade import grade, warmth

HUNT = """
import ctypes, os, socket, time
libc, end, found = ctypes.CDLL(None), time.monotonic() + 2, set()
while time.monotonic() < end:
    for number in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
        if str(number) == os.readlink("/proc/self"): continue
        for sign in (0, 9):
            try: os.kill(number, sign); found.add(("killed", number)) if number > 1 else None
            except OSError: pass
        if libc.ptrace(16, number, None, None) == 0: found.add(("traced", number))
        for file in ("mem", "environ", "root/tmp/work", "cwd/work.ipynb", "fd/0"):
            path = f"/proc/{number}/{file}"
            try: os.listdir(path) if file.startswith("root") else open(path, "rb").read(1); found.add(("read", path))
            except OSError: pass
    for port in (4711, 4712):
        try: socket.create_connection(("127.0.0.1", port), timeout=0.1); found.add(("reached", port))
        except OSError: pass
print("found", sorted(found))
"""
WAITING = """
import socket, time
server = socket.create_server(("127.0.0.1", 4711))
def halve(x):
    time.sleep(1.5)
    return x / 2
"""


def test_submissions_that_run_together_cannot_reach_each_other(unit, handed):
    calm = [handed().right().write(halve=WAITING).in_file(f"{name}.ipynb") for name in "ab"]
    hunter = handed().right().insert("double", new_code_cell(HUNT)).in_file("hunter.ipynb")
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda path: grade(unit, path), [calm[0], hunter, calm[1]]))
    assert [report.points for report in reports] == [6, 6, 6]
    assert printed(reports[1]) == "found []\n"


def test_a_signal_to_its_own_group_reaches_no_parent(attacked, handed):
    kill = """
import os, signal
print(os.getpgrp() == os.getsid(0) == os.getpid())
os.kill(0, signal.SIGKILL)
"""
    report = attacked(handed().right().insert("double", new_code_cell(kill)))
    assert printed(report) == "True\n"


def test_a_dead_warm_parent_is_replaced(unit, clean):
    assert grade(unit, clean).points == 6
    for nursery in warmth._warm.values():
        nursery._process.kill()
        nursery._process.wait()
    assert grade(unit, clean).points == 6


def test_when_the_grader_is_killed_nothing_is_left(course, handed):
    loop = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{MARK}"], start_new_session=True)
def double(x):
    while True: pass
"""
    path = handed().right().write(double=loop).in_file()
    program = f"""
import pathlib
from xraydojo.grade import grade
from xraydojo.lesson import read_unit
grade(read_unit(pathlib.Path({str(course / "05_numbers")!r})), {str(path)!r})
"""
    grader = subprocess.Popen([sys.executable, "-c", program])
    _until(lambda: _marked(MARK))
    family = psutil.Process(grader.pid).children(recursive=True)
    os.kill(grader.pid, signal.SIGKILL)
    grader.wait()
    _until(lambda: not _marked(MARK) and not psutil.wait_procs(family, timeout=0)[1])


def _marked(mark):
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found += [process] if mark in process.cmdline() else []
    return found


def _until(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
