"""Where a learner stands: the learner's own record of the exercises, kept in one small file and never lost.

The file is ``progress.json`` in the learner's folder, beside ``en`` and ``ja``, which share it. It holds, for each unit and exercise, when
its check first passed, when it was last run, and the last times that it failed, each with the name of the wrong answer that was recognised.
Two such records can be merged in any order, so that nothing that was recorded goes away but the oldest of many failures.
"""

import contextlib
import itertools
import json
import math
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xraydojo import place, whole
from xraydojo.language import LANGUAGES, current
from xraydojo.lesson import Entry, read_syllabus
from xraydojo.outline import Exercise, outline

FILE = "progress.json"
LONGEST_WAIT = 2  # seconds for another notebook that is just writing
MOST_FAILURES = 10  # of an exercise, that are kept
_LONGEST_NAME = 100
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_EARLIER, _LATER, _FAILED = "passed", "last", "failed"

# of an exercise: {"passed": the first time, "last": the last time, "failed": {a time: the recognised wrong answer's name, or ""}}, in UTC
Mark = dict[str, str | dict[str, str]]
# by unit and exercise
Marks = dict[str, dict[str, Mark]]

_here: place.Place | None = None
# what this notebook has recorded; it is written again each time, lest a write that failed lose it
_session: Marks = {}


def begin(unit: str) -> None:
    """Note in which folder of a learner this process begins a unit; later `record` needs no current folder."""
    global _here
    found = place.find() if place.in_notebook() else None
    if found is not None and found.unit == unit:
        _here = found
    elif _here is not None and _here.unit != unit:
        _here = None


def record(exercise: str, passed: bool, mistake: str | None = None) -> None:
    """Record that a check was run, if this is a learner's notebook; whatever is wrong with folder or file, say nothing and go on.

    Parameters
    ----------
    exercise : str
        The exercise's id.
    passed : bool
        Whether its check passed.
    mistake : str, optional
        Of an answer that failed: the name of the wrong answer that was recognised, or "". Without it nothing was tried yet.
    """
    if _here is None or not place.in_notebook():
        return
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    mark: Mark = {_LATER: now}
    if passed:
        mark[_EARLIER] = now
    elif mistake is not None:
        mark[_FAILED] = {now: mistake}
    # the check has spoken already, and no trouble with a file may disturb what the learner thinks about
    with contextlib.suppress(Exception):
        _session.update(merge(_session, {_here.unit: {exercise: mark}}))
        write(_here.folder, _session)
        from xraydojo.start import refresh

        refresh(_here.folder)


def read(folder: Path) -> Marks:
    """Return what is recorded in a learner's folder; nothing if there is no file or it cannot be read.

    Entries that are no record of an exercise are left out.
    """
    try:
        return sound(json.loads((folder / FILE).read_bytes())["units"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def merge(one: Marks, other: Marks) -> Marks:
    """Return all that either record holds: of each exercise the first pass, the last run and the last failures.

    The order does not matter, merging twice changes nothing, and nothing is taken away.
    """
    return {
        unit: {
            exercise: _merged(one.get(unit, {}).get(exercise, {}), other.get(unit, {}).get(exercise, {}))
            for exercise in sorted({*one.get(unit, {}), *other.get(unit, {})})
        }
        for unit in sorted({*one, *other})
    }


def _merged(one: Mark, other: Mark) -> Mark:
    choose = {_EARLIER: min, _LATER: max}
    merged = {
        name: choose[name](mark[name] for mark in (one, other) if name in mark)
        for name in (_EARLIER, _LATER)
        if name in one or name in other
    }
    failed = _last_failures(one.get(_FAILED, {}), other.get(_FAILED, {}))
    return merged | ({_FAILED: failed} if failed else {})


def _last_failures(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    """Return the last of all failures; of two in one second the name that is not empty, or else comes later in the alphabet."""
    times = sorted({*one, *other})[-MOST_FAILURES:]
    return {time: max(one.get(time, ""), other.get(time, "")) for time in times}


def write(folder: Path, marks: Marks) -> None:
    """Merge marks into the file of a learner's folder, as a whole or not at all, and one notebook at a time.

    What a newer version of the course keeps in the file stays. A damaged file is put aside under another name.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    with _alone(folder):
        kept = _contents(folder / FILE)
        units = kept.get("units", {})
        merged = merge(sound(units), marks)
        content = kept | {"units": _with_foreign(units, merged)}
        if content != kept:
            text = json.dumps(content, indent=1, ensure_ascii=False)
            whole.write((folder / FILE).resolve(), text.encode(), durable=True)  # a link stays one


def _contents(path: Path) -> dict:
    """Return the file's object; a file that holds none is put aside."""
    try:
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and isinstance(content.get("units", {}), dict):
            return content
    except FileNotFoundError:
        return {}
    except ValueError:
        pass
    names = (path.with_name(f"{path.stem}_damaged{number}.json") for number in itertools.count(1))
    os.replace(path, next(name for name in names if not name.exists()))
    return {}


def sound(units: dict) -> Marks:
    """Return what of a file's units is a record, whoever wrote it: times of known meaning, in the one form in which they can be compared."""
    marks = {}
    for unit, exercises in units.items():
        for exercise, said in exercises.items() if isinstance(exercises, dict) else ():
            if isinstance(said, dict) and (mark := _sound_mark(said)):
                marks.setdefault(unit, {})[exercise] = mark
    return marks


def _sound_mark(said: dict) -> Mark:
    mark: Mark = {name: said[name] for name in (_EARLIER, _LATER) if _is_moment(said.get(name))}
    failed = said.get(_FAILED)
    failed = {
        time: name
        for time, name in (failed.items() if isinstance(failed, dict) else ())
        if _is_moment(time) and isinstance(name, str) and len(name) <= _LONGEST_NAME
    }
    return mark | ({_FAILED: _last_failures(failed, {})} if failed else {})


def _is_moment(text: object) -> bool:
    return isinstance(text, str) and _MOMENT.fullmatch(text) is not None


def _with_foreign(units: dict, merged: Marks) -> dict:
    """Return the merged marks together with whatever else the file held."""
    together = dict(units)
    for unit, exercises in merged.items():
        known = units.get(unit) if isinstance(units.get(unit), dict) else {}
        together[unit] = known | {
            exercise: (known[exercise] if isinstance(known.get(exercise), dict) else {}) | mark
            for exercise, mark in exercises.items()
        }
    return together


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only process that writes the folder's record; the system frees the lock of a process that was killed."""
    path = folder / ".lab" / "progress.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        end = time.monotonic() + LONGEST_WAIT
        while not _locked(file):
            if time.monotonic() > end:
                raise TimeoutError(f"{path} is held by another process")
            time.sleep(0.02)
        yield  # closing the file frees it


def _locked(file) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


@dataclass(frozen=True)
class Station:
    """A unit on the learner's way: its exercises, and which of them have passed."""

    entry: Entry
    exercises: tuple[Exercise, ...]
    passed: frozenset[str]
    finished: str | None

    @property
    def core(self) -> tuple[Exercise, ...]:
        """The exercises that are not optional."""
        return tuple(exercise for exercise in self.exercises if exercise.core)

    @property
    def solved(self) -> int:
        """How many of the core exercises have passed."""
        return sum(exercise.id in self.passed for exercise in self.core)

    @property
    def state(self) -> str:
        """``"done"`` (every core exercise has passed), ``"under way"`` or ``"open"``."""
        if self.core and self.solved == len(self.core):
            return "done"
        return "under way" if self.passed else "open"

    @property
    def points(self) -> float:
        """What the unit's checks can give, optional ones apart."""
        return sum(exercise.points for exercise in self.core)

    @property
    def earned(self) -> float:
        """What the passed checks give, optional ones apart."""
        return sum(exercise.points for exercise in self.core if exercise.id in self.passed)

    @property
    def bonus(self) -> float:
        """What the passed optional ones give on top."""
        passed = sum(exercise.points for exercise in self.exercises if exercise.id in self.passed)
        return passed - self.earned

    @property
    def minutes_left(self) -> int:
        """Reading and exercises still to do, as the syllabus estimates them, to the next five minutes."""
        minutes = self.entry.reading_minutes + self.entry.exercise_minutes
        open_exercises = len(self.core) - self.solved
        return 5 * math.ceil(minutes * open_exercises / max(1, len(self.core)) / 5)


@dataclass(frozen=True)
class Summary:
    """The learner's way: the units in the syllabus's order, and where to go on.

    ``next`` holds a unit's id and an exercise's, or is None at the end; ``begun`` tells whether any check has been run.
    """

    stations: tuple[Station, ...]
    next: tuple[str, str] | None
    begun: bool

    @property
    def done(self) -> bool:
        """Whether every core exercise of every unit has passed."""
        return bool(self.stations) and all(station.state == "done" for station in self.stations)

    @property
    def minutes_left(self) -> int:
        """Of all units together."""
        return sum(station.minutes_left for station in self.stations)

    def station(self, unit: str) -> Station:
        """Return the station of a unit's id."""
        return next(station for station in self.stations if station.entry.id == unit)


def units_in(folder: Path) -> set[str]:
    """Return the units whose notebooks lie in a learner's folder, in any language."""
    return {path.parent.name for lang in LANGUAGES for path in (folder / lang).glob("*/*.ipynb")}


def summary(marks: Marks, units: set[str] | None = None) -> Summary:
    """Return where a learner stands, in the current language.

    Parameters
    ----------
    marks : Marks
        As `read` returns them.
    units : set of str, optional
        The units that the learner has; all when not said or none.
    """
    entries = [entry for entry in read_syllabus() if not units or entry.id in units]
    stations = tuple(_station(entry, marks.get(entry.id, {})) for entry in entries)
    last = _last(marks)
    return Summary(stations, _next(stations, last), last is not None)


def _station(entry: Entry, marks: dict[str, dict[str, str]]) -> Station:
    exercises = outline(entry.id, current()).exercises
    passed = {
        exercise.id: marks[exercise.id][_EARLIER]
        for exercise in exercises
        if _EARLIER in marks.get(exercise.id, {})
    }
    station = Station(entry, exercises, frozenset(passed), None)
    if station.state != "done":
        return station
    return Station(entry, exercises, frozenset(passed), max(passed[exercise.id] for exercise in station.core))


def _last(marks: Marks) -> tuple[str, str] | None:
    """Return the unit and the exercise whose check was run last, or None."""
    runs = [
        (mark[_LATER], unit, exercise)
        for unit, exercises in marks.items()
        for exercise, mark in exercises.items()
        if _LATER in mark
    ]
    return max(runs)[1:] if runs else None


def _next(stations: tuple[Station, ...], last: tuple[str, str] | None) -> tuple[str, str] | None:
    """Go on where the learner was: in the unit of the last check, else in the first unit whose prerequisites are done."""
    unit, exercise = last or ("", "")
    done = {station.entry.id for station in stations if station.state == "done"}
    missing = {station.entry.id for station in stations} - done
    left = [station for station in stations if station.entry.id in missing and station.core]
    if not left:
        return None
    # stable: the syllabus's order decides among equals
    left.sort(
        key=lambda station: (station.entry.id != unit, bool(missing & set(station.entry.prerequisites)))
    )
    station = left[0]
    order = [each.id for each in station.exercises]
    waiting = [each.id for each in station.core if each.id not in station.passed]
    here = order.index(exercise) if station.entry.id == unit and exercise in order else 0
    return station.entry.id, next((id for id in waiting if order.index(id) >= here), waiting[0])
