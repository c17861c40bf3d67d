"""Code that exits, hangs or takes all costs its own notebook what comes after it, and nobody else anything."""

import json
import time

import psutil
import pytest
from nbformat.v4 import new_code_cell

from tests.grade.attacks.conftest import MARK, printed, results
from xraydojo.grade import execution

GONE = {"double": ("passed", 2), "halve": ("crashed", 0), "negate": ("not_run", 0)}
LATE = {"double": ("passed", 2), "halve": ("timeout", 0), "negate": ("passed", 1)}
DEAF = {"double": ("passed", 2), "halve": ("timeout", 0), "negate": ("not_run", 0)}


def halve(body, before=""):
    return f"import os, sys, signal, threading, time\n{before}\ndef halve(x):\n    " + body.replace(
        "\n", "\n    "
    )


@pytest.mark.parametrize("leave", ["os._exit(0)", "os.abort()", "import ctypes; ctypes.string_at(0)"])
def test_a_process_that_ends_keeps_what_was_earned(leave, hostile):
    assert hostile(halve=halve(leave)) == GONE


@pytest.mark.parametrize(
    "leave", ["sys.exit()", "quit()", "exit()", "raise KeyboardInterrupt", "raise GeneratorExit"]
)
def test_leaving_the_cell_costs_this_test_only(leave, hostile):
    assert hostile(halve=halve(leave)) == LATE | {"halve": ("crashed", 0)}


@pytest.mark.parametrize("hang", ["while True: pass", "time.sleep(99)", "threading.Event().wait()"])
def test_an_endless_loop_is_interrupted(hang, hostile):
    assert hostile(halve=halve(hang)) == LATE


@pytest.mark.parametrize(
    "deaf",
    [
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "while True:\n    try: time.sleep(99)\n    except BaseException: pass",
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True: pass",
        "sum(range(10**12))",
    ],
)
def test_what_does_not_heed_the_interrupt_is_killed(deaf, hostile):
    assert hostile(halve=halve(deaf)) == DEAF


def test_a_generator_without_end_is_late(hostile):
    endless = "class Same:\n    def __iter__(self):\n        while True: yield 1\n"
    got = hostile(halve=halve("return Same()", endless), negate="def negate(x):\n    while True: yield x")
    assert got == {"double": ("passed", 2), "halve": ("failed", 0), "negate": ("failed", 0)}


def test_one_process_that_takes_too_much_memory_is_refused_it(hostile, monkeypatch):
    monkeypatch.setattr(execution, "MEMORY_BYTES", 500_000_000)
    hog = "held = []\nwhile True: held.append(bytearray(50_000_000))"
    assert hostile(halve=halve(hog)) == LATE | {"halve": ("crashed", 0)}


def test_many_processes_that_take_too_much_together_are_stopped(hostile, monkeypatch):
    monkeypatch.setattr(execution, "MEMORY_BYTES", 600_000_000)
    hog = "for _ in range(8):\n    if os.fork() == 0:\n        held = b'x' * 200_000_000\n        time.sleep(99)\ntime.sleep(99)"
    assert hostile(halve=halve(hog)) == GONE


def test_a_fork_bomb_runs_out_of_processes(hostile):
    before = len(psutil.pids())
    got = hostile(halve=halve("while True:\n    try: os.fork()\n    except OSError: pass"))
    assert got["double"] == ("passed", 2) and got["halve"][1] == 0
    assert len(psutil.pids()) < before + 20


def test_an_orphan_of_another_session_is_ended(hostile):
    orphan = f"""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", "{MARK}"])
    os._exit(0)
return x / 2"""
    assert hostile(halve=halve(orphan))["halve"] == ("passed", 3)


def test_two_hundred_million_characters_are_cut(attacked, handed):
    flood = "def halve(x):\n    for _ in range(20): print('x' * 10_000_000)\n    return x / 2"
    loop = "for number in range(100_000): print('y' * 100)\ndef negate(x):\n    return -x"
    report = attacked(handed().right().write(halve=flood, negate=loop))
    assert report.points == 6
    assert "cut here" in printed(report) and len(json.dumps(report.notebook)) < 1_000_000


def test_figures_without_end_are_cut(attacked, handed):
    many = "from IPython.display import HTML, display\nfor _ in range(30): display(HTML('x' * 1_000_000))"
    report = attacked(handed().right().insert("double", new_code_cell(many)))
    assert report.points == 6 and len(json.dumps(report.notebook)) < 6_000_000


def test_a_thread_that_prints_after_its_cell_does_no_harm(attacked, handed):
    thread = "import threading\ndef cry():\n    while True: print('x' * 1000)\nthreading.Thread(target=cry, daemon=True).start()"
    report = attacked(handed().right().insert("double", new_code_cell(thread)))
    assert report.points == 6 and len(json.dumps(report.notebook)) < 3_000_000


def test_a_full_disk_is_the_learners_own(hostile):
    fill = """
try:
    for number in range(99):
        with open(f"/tmp/{number}", "wb") as file: file.write(bytes(50_000_000))
except OSError: return x / 2"""
    assert hostile(halve=halve(fill))["halve"] == ("passed", 3)


def test_warnings_and_stderr_in_right_code_cost_nothing(hostile):
    noisy = "import sys, warnings\ndef halve(x):\n    warnings.warn('hm'); print('e', file=sys.stderr)\n    return x / 2"
    assert hostile(halve=noisy)["halve"] == ("passed", 3)


def test_asking_for_input_waits_for_nobody(hostile):
    started = time.monotonic()
    got = hostile(halve="answer = input('?')", negate="def negate(x):\n    return -float(input())")
    assert got == {"double": ("passed", 2), "halve": ("crashed", 0), "negate": ("crashed", 0)}
    assert time.monotonic() - started < 3


def test_an_answer_too_large_to_send_is_wrong(hostile):
    got = hostile(halve="import numpy as np\ndef halve(x):\n    return np.zeros(30_000_000)")
    assert got == LATE | {"halve": ("crashed", 0)}


def test_a_dictionary_of_colliding_keys_takes_no_time(hostile):
    assert hostile(halve="def halve(x):\n    return {n * (2**61 - 1): 0 for n in range(9000)}")["halve"] == (
        "failed",
        0,
    )


def test_results_are_told_apart(unit, handed, attacked):
    report = attacked(handed().right().write(halve="import os; os._exit(3)"))
    assert results(report) == {"double": ("passed", 2), "halve": ("not_run", 0), "negate": ("not_run", 0)}
