"""How many learners a machine carries."""

from dataclasses import replace
from types import SimpleNamespace

from tests.hub.test_course import GOOD, written
from xraydojo.hub import capacity
from xraydojo.hub.course import Learner, read_course


def test_a_class_of_44_on_16_gb_and_two_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(capacity.psutil, "virtual_memory", lambda: SimpleNamespace(total=16_000_000_000))
    monkeypatch.setattr(capacity.os, "sched_getaffinity", lambda process: {0, 1})
    learners = tuple(Learner(f"learner{number}") for number in range(44))
    found = capacity.capacity(replace(read_course(written(tmp_path, GOOD)), learners=learners))
    # (16 GB - 1.5 GB) / 430 MB; 44 / (11 x 2) min
    assert (found.learners, found.minutes_to_start) == (33, 2)
