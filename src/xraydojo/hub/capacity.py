"""How many learners a machine carries: from what one was measured to take."""

import os
from dataclasses import dataclass

import psutil

from xraydojo.hub.course import Course

# Measured on two cores (Debian 12, Python 3.11), rounded to the careful side; tests/hub/load.py measures again.
# a learner's server (94 MB) and a kernel that has loaded TensorFlow (334 MB of its own; the rest is shared)
BYTES_PER_LEARNER = 430_000_000
# hub, proxy, pages, formgrader (529 MB), and grading with its warm processes
BYTES_OF_HUB = 1_500_000_000
# servers that come up in a minute, for each core: 26 on a quiet machine, 11 on a busy one
SPAWNS_PER_CORE = 11
# submissions of unit 02 that are graded and entered in a minute: 30 on a quiet machine
GRADED_PER_MINUTE = 15


@dataclass(frozen=True)
class Capacity:
    """What a machine carries: ``learners`` by its memory; minutes until the class's servers run, and until each learner's submission is graded."""

    memory: int
    cores: int
    learners: int
    minutes_to_start: float
    minutes_to_grade: float


def capacity(course: Course) -> Capacity:
    """Estimate what this machine carries.

    Parameters
    ----------
    course : Course
    """
    memory, cores = psutil.virtual_memory().total, len(os.sched_getaffinity(0))
    class_size = len(course.learners)
    return Capacity(
        memory=memory,
        cores=cores,
        learners=max(0, int((memory - BYTES_OF_HUB) / BYTES_PER_LEARNER)),
        minutes_to_start=class_size / (SPAWNS_PER_CORE * cores),
        minutes_to_grade=class_size / GRADED_PER_MINUTE,
    )
