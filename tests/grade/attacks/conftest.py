"""What an attack must not reach: others' points, and what the machine keeps."""

import contextlib
import os

import psutil
import pytest

from xraydojo.grade import execution, grade

MARK = "xraydojo-attack-0815"


@pytest.fixture
def clean(handed):
    """Return the file of a clean submission, handed in beside the hostile one."""
    return handed().right().in_file("clean/work.ipynb")


@pytest.fixture
def attacked(unit, handed, clean, monkeypatch):
    """Return a function that grades a hostile notebook between two clean ones, and returns its report."""
    monkeypatch.setattr(execution, "CELL_SECONDS", 3)
    monkeypatch.setattr(execution, "GRACE_SECONDS", 1)

    def graded(work):
        before, report, after = (grade(unit, path) for path in (clean, work.in_file("work.ipynb"), clean))
        assert (before.points, after.points) == (6, 6)
        assert not [process for process in psutil.process_iter() if MARK in _words(process)]
        return report

    return graded


@pytest.fixture
def hostile(attacked, handed):
    """Return a function that grades right answers with hostile ones in their place, and returns what each test got."""

    def graded(**answers):
        return results(attacked(handed().right().write(**answers)))

    return graded


def results(report):
    return {test.exercise: (test.status, test.points) for test in report.tests}


def printed(report):
    """Return all that a report's notebook holds of the learner's printed text."""
    outputs = [output for cell in report.notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def _words(process):
    with contextlib.suppress(psutil.Error, OSError):
        return " ".join(process.cmdline())
    return str(os.getpid())
