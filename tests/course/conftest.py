"""What the tests of a unit share: the lesson, its solved functions and the library's. A module names its unit as ``UNIT``."""

import contextlib
import io

import pytest

import xraydojo
from xraydojo import language
from xraydojo.lesson import read_unit


@pytest.fixture(scope="module")
def unit(request):
    """The unit of this module."""
    return read_unit(request.module.UNIT)


@pytest.fixture(scope="module")
def solution(unit):
    """The names that setup and solved exercises define."""
    names = {"__name__": "__main__"}
    xraydojo.begin(unit.id, "en")
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in unit.cells:
            if cell.kind in ("setup", "exercise"):
                exec(cell.sources["en"], names)
    yield names
    language.use(None)


@pytest.fixture(params=["solution", "library"], scope="module")
def functions(request, solution):
    """The functions of the exercises by name: those of the lesson, and those of the library."""
    return solution if request.param == "solution" else vars(solution["library"])
