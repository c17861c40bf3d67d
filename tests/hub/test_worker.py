"""Grading on submission: into nbgrader's gradebook, with feedback, through a kill, and late work by the class's policy."""

import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from xraydojo.build import notebook_path
from xraydojo.grade.export import opened, read_marks
from xraydojo.hub.queue import Queue
from xraydojo.hub.worker import Worker

SOLVED = notebook_path("solutions", "02_perceptron", "ja").read_bytes()
UNSOLVED = notebook_path("exercises", "02_perceptron", "ja").read_bytes()


def key(number):
    return f"{number:032x}"


def marks(site):
    with opened(f"sqlite:///{site.class_folder / 'gradebook.db'}") as gradebook:
        (unit,) = [unit for unit in gradebook.assignments if unit.name == "02_perceptron"]
        return read_marks(gradebook, unit)


@pytest.fixture
def worker(site, monkeypatch):
    monkeypatch.chdir(site.class_folder)
    return Worker(site.class_folder)


def test_what_is_handed_in_is_graded_into_the_gradebook_with_feedback(site, worker):
    queue = Queue(site.class_folder)
    queue.hand_in("hanako", "02_perceptron", SOLVED, key(1))
    queue.hand_in("taro", "02_perceptron", UNSOLVED, key(2))
    queue.hand_in("jiro", "02_perceptron", b"{}", key(3))
    while worker.step():
        pass
    states = {learner: each.state for (learner, _), each in queue.last().items()}
    assert states == {"hanako": "graded", "taro": "graded", "jiro": "refused"}
    assert "ノートブックではありません" in queue.last("jiro")["jiro", "02_perceptron"].reason
    found = marks(site)
    assert {learner: mark.raw for learner, mark in found.items()} == {"hanako": 10, "taro": 0}
    page = site.class_folder / "feedback" / "hanako" / "02_perceptron" / "02_perceptron.html"
    assert 'lang="ja"' in page.read_text(encoding="utf-8")
    # years late, at a ten-thousandth of the points a day
    days = found["hanako"].seconds_late / 86_400
    assert days > 2000
    assert found["hanako"].penalty == pytest.approx(10 * 0.0001 * (int(days) + 1))
    with opened(f"sqlite:///{site.class_folder / 'gradebook.db'}") as gradebook:
        assert gradebook.find_student("taro").last_name == "山田 太郎"
        # 23:59:59 in Tokyo
        assert f"{gradebook.find_assignment('02_perceptron').duedate}" == "2020-04-12 14:59:59"


def test_a_notebook_of_another_unit_gets_no_mark_in_this_one(site, worker):
    queue = Queue(site.class_folder)
    other = notebook_path("solutions", "01_images", "ja").read_bytes()
    queue.hand_in("hanako", "02_perceptron", other, key(1))
    worker.step()
    last = queue.last()["hanako", "02_perceptron"]
    assert last.state == "refused" and "01_images" in last.reason


def test_a_batch_that_is_killed_again_and_again_is_graded_whole_and_once(site):
    queue, learners = Queue(site.class_folder), [f"learner{number}" for number in range(4)]
    for number, learner in enumerate(learners):
        notebook = nbformat.reads(SOLVED.decode(), as_version=4)
        notebook.metadata["of"] = learner
        queue.hand_in(learner, "02_perceptron", nbformat.writes(notebook).encode(), key(number))
    end, kills = time.monotonic() + 240, 0
    while any(each.is_under_way for each in queue.last().values()):
        assert time.monotonic() < end
        before = sum(each.state == "graded" for each in queue.last().values())
        process = subprocess.Popen(
            [sys.executable, "-m", "xraydojo.hub.run", "grading"],
            cwd=site.class_folder,
            stderr=subprocess.DEVNULL,
        )
        while time.monotonic() < end:
            states = [each.state for each in queue.last().values()]
            if states.count("graded") > before and ("grading" in states or not set(states) - {"graded"}):
                break
            time.sleep(0.05)
        time.sleep(0.3 * kills)  # each time at another place
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    assert kills > 1
    assert {each.state for each in queue.last().values()} == {"graded"}
    assert {learner: mark.raw for learner, mark in marks(site).items()} == dict.fromkeys(learners, 10)


def test_only_one_process_grades_at_a_time(site):
    command = [sys.executable, "-m", "xraydojo.hub.run", "grading"]
    processes = [subprocess.Popen(command, cwd=site.class_folder, stderr=subprocess.DEVNULL) for _ in "ab"]
    try:
        queue = Queue(site.class_folder)
        queue.hand_in("hanako", "02_perceptron", UNSOLVED, key(1))
        end = time.monotonic() + 90
        while queue.last()["hanako", "02_perceptron"].state != "graded" and time.monotonic() < end:
            time.sleep(0.2)
        assert queue.last()["hanako", "02_perceptron"].tries == 1
    finally:
        for process in processes:
            process.kill()
            process.wait()
