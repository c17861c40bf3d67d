"""The warm parents at hand: started when a unit first needs them, kept for the submissions that follow."""

import atexit
import contextlib
import functools
import os
import threading
from collections import Counter
from collections.abc import Iterator

from xraydojo.grade import sandbox
from xraydojo.grade.nursery import Nursery, imported
from xraydojo.lesson import Unit

# whose imports are made in advance: no test's in the learner's process
_NEEDS = {"learner": ("setup",), "checker": ("setup", "test")}
_MOST_IDLE = 8

_warm: dict[tuple, Nursery] = {}
_used: Counter = Counter()
_lock = threading.Lock()


@contextlib.contextmanager
def nurseries(unit: Unit, isolated: bool) -> Iterator[list[Nursery]]:
    """Lend a unit's two warm parents: the learners' and the checkers'.

    Parameters
    ----------
    unit : Unit
    isolated : bool
        Whether learners' processes are put into the sandbox.

    Raises
    ------
    DojoError
        If the sandbox, or what grading needs besides, is not there.
    """
    if isolated:
        sandbox.refuse_without_bubblewrap()
    sandbox.refuse_without_linux()
    keys = [_key(unit, isolated, kind) for kind in _NEEDS]
    with _lock:
        _used.update(keys)
        lent = [_nursery(key) for key in keys]
    try:
        yield lent
    finally:
        with _lock:
            _used.subtract(keys)
            _close_idle()


def warm_up(unit: Unit, isolated: bool) -> None:
    """Start a unit's two warm parents, which get ready while the caller does something else; for parameters and errors see `nurseries`."""
    with nurseries(unit, isolated):
        pass


def cool_down() -> None:
    """End all warm parents, and with them every process that they started."""
    while _warm:
        _warm.popitem()[1].close()


atexit.register(cool_down)


def _key(unit: Unit, isolated: bool, kind: str) -> tuple:
    # a forked copy of this process starts its own
    return os.getpid(), kind, unit.id, isolated, *modules(unit, kind)


@functools.lru_cache(maxsize=64)
def modules(unit: Unit, kind: str) -> list[str]:
    """Return what a warm parent of a kind imports in advance for a unit."""
    return imported(cell.sources["en"] for cell in unit.cells if cell.kind in _NEEDS[kind])


def _nursery(key: tuple) -> Nursery:
    """Return a warm parent, a new one when there is none alive; the one used last stays longest."""
    _, kind, unit, isolated, *names = key
    found = _warm.pop(key, None)
    if found is not None and not found.alive:
        found.close()
        found = None
    _warm[key] = found or Nursery(kind, names, unit, isolated)
    return _warm[key]


def _close_idle() -> None:
    idle = [key for key in _warm if _used[key] == 0]
    for key in idle[: max(0, len(_warm) - _MOST_IDLE)]:
        _warm.pop(key).close()
