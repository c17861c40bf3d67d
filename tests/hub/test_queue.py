"""The queue of submissions: stored first, then queued; nothing lost, nothing twice."""

import os
import signal
import subprocess
import sys
import time

import pytest

from xraydojo.hub.queue import MOST_KEPT, MOST_TRIES, Queue


def key(number):
    return f"{number:032x}"


@pytest.fixture
def queue(tmp_path):
    return Queue(tmp_path)


def test_a_submission_is_on_the_disk_and_waits(queue, tmp_path):
    submission = queue.hand_in("hanako", "02_perceptron", b"notebook", key(1))
    assert submission.state == "waiting"
    assert queue.file(submission).read_bytes() == b"notebook"
    assert (tmp_path / "received").stat().st_mode & 0o777 == 0o700
    assert Queue(tmp_path).last("hanako")["hanako", "02_perceptron"] == submission


def test_the_same_handing_in_twice_is_one_submission(queue):
    first = queue.hand_in("hanako", "02_perceptron", b"notebook", key(1))
    again = queue.hand_in("hanako", "02_perceptron", b"notebook", key(1))
    assert again == first
    assert queue.next().id == first.id and queue.next() is None


def test_two_learners_who_happen_to_have_one_key_have_two_submissions(queue):
    queue.hand_in("hanako", "02_perceptron", b"hers", key(1))
    queue.hand_in("taro", "02_perceptron", b"his", key(1))
    taken = [queue.next(), queue.next()]
    assert {each.learner: queue.file(each).read_bytes() for each in taken} == {
        "hanako": b"hers",
        "taro": b"his",
    }


def test_a_later_submission_replaces_one_that_still_waits_and_not_one_that_is_graded(queue):
    queue.hand_in("hanako", "02_perceptron", b"first", key(1))
    second = queue.hand_in("hanako", "02_perceptron", b"second", key(2))
    assert queue.next() == queue.last()["hanako", "02_perceptron"]
    queue.end(second, "graded")
    third = queue.hand_in("hanako", "02_perceptron", b"third", key(3))
    assert queue.next().id == third.id and queue.next() is None


def test_who_hands_in_first_is_graded_first(queue):
    for number, name in enumerate(["hanako", "taro", "jiro"]):
        queue.hand_in(name, "01_images", b"", key(number))
    last = queue.last()
    assert [queue.before(last[name, "01_images"]) for name in ("hanako", "taro", "jiro")] == [0, 1, 2]
    assert [queue.next().learner for _ in range(3)] == ["hanako", "taro", "jiro"]


def test_what_was_being_graded_when_the_process_ended_is_graded_after_all(queue, tmp_path):
    queue.hand_in("hanako", "02_perceptron", b"", key(1))
    queue.next()
    assert queue.next() is None
    queue.recover()
    assert queue.next().learner == "hanako"


def test_a_hub_that_is_stopped_again_and_again_costs_a_submission_no_try(queue):
    queue.hand_in("hanako", "02_perceptron", b"", key(1))
    for _ in range(MOST_TRIES + 1):
        queue.release(queue.next())
    assert queue.next().tries == 1


def test_a_submission_that_ends_the_process_each_time_is_given_up_and_the_next_one_is_graded(queue):
    queue.hand_in("taro", "02_perceptron", b"", key(1))
    queue.hand_in("hanako", "02_perceptron", b"", key(2))
    for _ in range(MOST_TRIES):
        assert queue.next().learner == "taro"
        queue.recover()
    assert queue.next().learner == "hanako"
    assert queue.last()["taro", "02_perceptron"].state == "failed"


def test_regrading_queues_only_the_last_and_only_what_has_a_grade(queue):
    for number in range(2):
        queue.end(queue.hand_in("hanako", "02_perceptron", b"", key(number)), "graded")
    queue.end(queue.hand_in("taro", "02_perceptron", b"", key(7)), "refused")
    queue.end(queue.hand_in("jiro", "01_images", b"", key(8)), "graded")
    assert queue.regrade("02_perceptron", "taro") == 0
    assert queue.regrade("02_perceptron") == 1
    again = queue.next()
    assert (again.learner, again.key) == ("hanako", key(1)) and queue.next() is None


def test_a_learner_cannot_fill_the_disk(queue, tmp_path):
    for number in range(MOST_KEPT + 5):
        last = queue.hand_in("hanako", "02_perceptron", b"notebook", key(number))
    assert len(list((tmp_path / "received").rglob("*.ipynb"))) == MOST_KEPT
    assert queue.file(last).exists()


@pytest.mark.parametrize("wrong", ["", "../../etc/passwd", "0" * 31, "0" * 33, "G" * 32])
def test_a_key_that_could_name_another_file_is_refused(queue, wrong):
    with pytest.raises(ValueError):
        queue.hand_in("hanako", "02_perceptron", b"", wrong)


HAND_IN_FOR_EVER = """
import sys
from pathlib import Path
from xraydojo.hub.queue import Queue
queue = Queue(Path(sys.argv[1]))
for number in range(10_000):
    queue.hand_in(f"learner{number}", "02_perceptron", b"notebook", f"{number:032x}")
    print(number, flush=True)  # the reply
"""


def test_whatever_was_confirmed_before_a_kill_is_there_once_after_it(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HAND_IN_FOR_EVER, tmp_path], stdout=subprocess.PIPE)
    confirmed = [int(process.stdout.readline()) for _ in range(20)]
    os.kill(process.pid, signal.SIGKILL)
    confirmed += [int(line) for line in process.stdout.read().split()]
    process.wait()
    queue, taken = Queue(tmp_path), []
    while (submission := queue.next()) is not None:
        assert queue.file(submission).read_bytes() == b"notebook"
        taken.append(int(submission.key, 16))
    assert len(set(taken)) == len(taken)
    assert set(confirmed) <= set(taken)
    assert len(taken) <= len(confirmed) + 1  # one may have lost its reply


TAKE = """
import sys
from pathlib import Path
from xraydojo.hub.queue import Queue
queue = Queue(Path(sys.argv[1]))
while (submission := queue.next()) is not None:
    print(submission.id, flush=True)
"""


def test_two_processes_never_take_the_same(tmp_path):
    queue = Queue(tmp_path)
    for number in range(40):
        queue.hand_in(f"learner{number}", "02_perceptron", b"", key(number))
    begun = time.monotonic()
    processes = [
        subprocess.Popen([sys.executable, "-c", TAKE, tmp_path], stdout=subprocess.PIPE) for _ in range(2)
    ]
    taken = [int(id) for process in processes for id in process.communicate()[0].split()]
    assert sorted(taken) == list(range(1, 41))
    assert time.monotonic() - begun < 60
