"""A class of twelve in the middle of unit 02, as its learners would share it; and how much a class of any size costs the pages.

Run it as ``python -m tests.hub.seminar 200``; it prints what it measured.
"""

import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tests.hub.conftest import COURSE
from xraydojo.hub.sharing import FILE, Sharing, moment, written
from xraydojo.outline import outline
from xraydojo.progress import Marks

UNIT = "02_perceptron"
SECONDS = 30
# name, full name, exercises solved, minutes since the last check, failures at the next: (minutes ago, mistake)
LEARNERS = (
    ("akari", "佐藤 陽菜", 4, 3, ()),
    ("ren", "鈴木 蓮", 3, 1, ((1, "and_instead_of_nand"),)),
    ("yui", "高橋 結衣", 3, 2, ()),
    ("minato", "田中 湊", 2, 1, ((4, "one_epoch_only"), (2, "one_epoch_only"), (1, "count_never_reset"))),
    ("rin", "伊藤 凛", 2, 4, ((4, ""),)),
    ("haruto", "渡辺 大翔", 2, 6, ()),
    ("misaki", "山本 美咲", 1, 7, ((11, "bias_never_updated"), (7, "bias_never_updated"))),
    ("kenta", "中村 健太", 1, 1, ((6, "bias_never_updated"), (3, "learning_rate_forgotten"), (1, ""))),
    ("aoi", "小林 葵", 1, 2, ((2, "bias_never_updated"),)),
    ("takumi", "加藤 拓海", 1, 0, ((5, "sign_flipped"), (0, "bias_never_updated"))),
    ("sakura", "吉田 さくら", 0, 2, ((8, "greater_than_zero_only"), (2, "greater_than_zero_only"))),
    ("sota", "山田 颯太", 0, 41, ((41, "sum_returned"),)),
)

# of each exercise, seen at once: how many have solved it, are at work on it, and are stuck
COUNTS = {
    "predict": ["10", "1", "0"],
    "update": ["6", "2", "2"],
    "fit": ["3", "2", "1"],
    "xor_two_layers": ["1", "2", "0"],
}


def marks(solved: int, last: float, failures, now: float) -> Marks:
    """Return what one of them shares."""
    exercises = [exercise.id for exercise in outline(UNIT, "ja").exercises]
    marked = {}
    for number, exercise in enumerate(exercises[:solved]):
        passed = moment(now - 60 * (last + 9 * (solved - number - 1) + (4 if failures else 0)))
        marked[exercise] = {"passed": passed, "last": passed}
    if failures:
        failed = {moment(now - 60 * minutes): mistake for minutes, mistake in failures}
        marked[exercises[solved]] = {"last": max(failed), "failed": failed}
    return {UNIT: marked}


def fill(folder: Path) -> None:
    """Let all of them share, in a class's folder."""
    sharing, now = Sharing(folder / FILE), time.time()
    for name, _, *at in LEARNERS:
        sharing.agree(name)
        assert sharing.keep(name, marks(*at, now))


def measure(count: int) -> dict:
    """Let the servers of a class ask and report as they do, one page be open, and measure the pages' process."""
    from tests.hub import pages

    names = [f"learner{number:03}" for number in range(count)]
    course = COURSE.replace("[hanako, {name: taro, full_name: 山田 太郎}, jiro]", f"[{', '.join(names)}]")
    pages.PEOPLE = (*names, "sensei")
    with tempfile.TemporaryDirectory() as folder, pages.running(Path(folder), course) as service:
        sharing, now = Sharing(service.site.class_folder / FILE), time.time()
        bodies = {}
        for number, name in enumerate(names):
            sharing.agree(name)
            bodies[name] = written(marks(*LEARNERS[number % len(LEARNERS)][2:], now))
        process = psutil.Process(service.process.pid)
        for name in names:  # the hub is asked once for each token
            assert service.as_server(name, "sharing", data=bodies[name]).ok
        idle = _load(process, names, lambda name: service.as_server(name, "sharing", "GET"), count / 20)
        busy = _load(
            process, names, lambda name: service.as_server(name, "sharing", data=bodies[name]), count / 15
        )
        shown, size = [], 0
        for _ in range(20):
            begun = time.perf_counter()
            size = len(service.as_browser("sensei", "class/now").content)
            shown.append(time.perf_counter() - begun)
        return {
            "learners": count,
            "bytes of a record": max(map(len, bodies.values())),
            "servers ask": idle,
            "servers report": busy,
            "the page (ms, median)": round(1000 * statistics.median(shown), 1),
            "the page (bytes)": size,
            "memory (MB)": round(process.memory_info().rss / 1e6),
        }


def _load(process: psutil.Process, names, request, rate: float) -> dict:
    """Make requests at a rate for a while; return the rate, how long an answer took, and the part of a core that the pages took."""
    seconds, failed = [], 0
    lock = threading.Lock()
    end = time.monotonic() + SECONDS
    before = sum(process.cpu_times()[:2])

    def server(name: str, number: int) -> None:
        nonlocal failed
        time.sleep(number / rate)
        while time.monotonic() < end:
            begun = time.perf_counter()
            answer = request(name)
            with lock:
                seconds.append(time.perf_counter() - begun)
                failed += not answer.ok
            time.sleep(len(names) / rate)

    threads = [
        threading.Thread(target=server, args=(name, number), daemon=True) for number, name in enumerate(names)
    ]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        time.sleep(0.2)
    used = sum(process.cpu_times()[:2]) - before
    return {
        "requests a second": round(len(seconds) / SECONDS, 1),
        "answered after (ms, median)": round(1000 * statistics.median(seconds), 1),
        "answered after (ms, 95 of 100)": round(1000 * statistics.quantiles(seconds, n=20)[-1], 1),
        "part of a core": round(used / SECONDS, 3),
        "refused": failed,
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1])), indent=1))
