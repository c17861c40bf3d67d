"""What learners share of their checks while a class is on: of those alone who agreed, for a day, and apart from all that is marked."""

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from xraydojo import progress
from xraydojo.hub.course import Course
from xraydojo.lesson import COURSE, Answer, read_answers
from xraydojo.outline import outline
from xraydojo.progress import Mark, Marks

FILE = "sharing.sqlite"
# seconds after the last check (or after agreeing) at which everything is forgotten
DAY = 86_400
# bytes of a record; a day with ten failures in every exercise of three units has 20 000
LARGEST = 64_000
# seconds between two records of one learner
PAUSE = 1.0
# seconds by which the clock of a learner's server may be ahead
AHEAD = 60
_TABLE = """
CREATE TABLE IF NOT EXISTS shared (
    learner TEXT PRIMARY KEY,
    since REAL NOT NULL,
    until REAL NOT NULL,
    marks TEXT NOT NULL DEFAULT '{}'
) STRICT;
"""
# by unit and exercise: the names of the wrong answers that are recognised
Known = dict[str, dict[str, frozenset[str]]]


class Sharing:
    """Who shares, and what was shared, in a data base that survives a restart of the service.

    To agree makes a learner's row, to take it back deletes it: nothing is kept of anybody without a row.

    Parameters
    ----------
    path : Path
        The data base.
    clock : callable
        Returns the seconds since 1970.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time):
        self.clock, self._lock = clock, threading.Lock()
        self._reported: dict[str, float] = {}
        self._database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        # a machine that falls takes the servers with it, and they report again: nothing need be on the disk at once
        self._database.execute("PRAGMA synchronous = NORMAL")
        # what is deleted is to be gone from the file, too; see _wipe
        self._database.execute("PRAGMA secure_delete = ON")
        self._database.execute(_TABLE)

    def agree(self, learner: str) -> None:
        """Let a learner's checks be shared from now on."""
        now = self.clock()
        with self._changing() as database:
            database.execute(
                "INSERT INTO shared (learner, since, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (learner, now, now + DAY),
            )

    def take_back(self, learner: str) -> None:
        """Share a learner's checks no longer, and delete what was shared."""
        with self._changing() as database:
            database.execute("DELETE FROM shared WHERE learner = ?", (learner,))
        self._wipe()

    def since(self, learner: str) -> float | None:
        """Return since when a learner shares, in seconds since 1970; None for one who does not."""
        with self._changing() as database:
            row = database.execute("SELECT since FROM shared WHERE learner = ?", (learner,)).fetchone()
            return row and row[0]

    def is_too_soon(self, learner: str) -> bool:
        """Tell whether a learner's last record came less than a moment ago; if not, note that one comes now."""
        now = self.clock()
        with self._lock:
            if 0 <= now - self._reported.get(learner, 0) < PAUSE:
                return True
            self._reported[learner] = now
            return False

    def keep(self, learner: str, marks: Marks) -> bool:
        """Keep a learner's marks in the place of those before; return False, and keep nothing, if the learner does not share."""
        last = [seconds(mark["last"]) for exercises in marks.values() for mark in exercises.values()]
        with self._changing() as database:
            changed = database.execute(
                "UPDATE shared SET marks = ?, until = max(since, ?) + ? WHERE learner = ?",
                (json.dumps(marks), max(last, default=0), DAY, learner),
            )
            return changed.rowcount == 1

    def all(self) -> dict[str, Marks]:
        """Return what is shared now, by learner."""
        with self._changing() as database:
            rows = database.execute("SELECT learner, marks FROM shared ORDER BY learner").fetchall()
        return {learner: json.loads(marks) for learner, marks in rows}

    def forget(self, learners: Collection[str]) -> None:
        """Delete what is a day old, and what is of others than these learners."""
        with self._changing() as database:
            here = json.dumps(sorted(learners))
            database.execute(
                "DELETE FROM shared WHERE learner NOT IN (SELECT value FROM json_each(?))", (here,)
            )
        self._wipe()

    def _wipe(self) -> None:
        """Empty the log of changes, which may still hold what was deleted."""
        with self._lock:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Begin one change, without what is a day old."""
        with self._lock, self._database as database:  # which commits, or rolls back
            database.execute("BEGIN IMMEDIATE")
            database.execute("DELETE FROM shared WHERE until <= ?", (self.clock(),))
            yield database


def seconds(moment: str) -> float:
    """Return a time of a record in seconds since 1970; one that no clock shows is as long ago as can be."""
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return 0.0


def moment(seconds: float) -> str:
    """Return seconds since 1970 as records have them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today(marks: Marks, now: float) -> Marks:
    """Return the marks of the units in which a check was run within the last day, without failures that are older.

    What claims to come from the future is left out.
    """
    units = {}
    for unit, exercises in marks.items():
        past = {
            exercise: _of_today(mark, now)
            for exercise, mark in exercises.items()
            if "last" in mark and 0 < seconds(mark["last"]) <= now + AHEAD
        }
        if any(_is_of_today(mark["last"], now) for mark in past.values()):
            units[unit] = past
    return units


def _of_today(mark: Mark, now: float) -> Mark:
    failed = {time: name for time, name in mark.get("failed", {}).items() if _is_of_today(time, now)}
    rest = {name: value for name, value in mark.items() if name != "failed"}
    return rest | ({"failed": failed} if failed else {})


def _is_of_today(time: str, now: float) -> bool:
    return now - DAY < seconds(time) <= now + AHEAD


def written(marks: Marks) -> bytes:
    """Return marks as a learner's server sends them."""
    return json.dumps({"units": marks}, separators=(",", ":")).encode()


def checked(said: bytes, known: Known, now: float) -> Marks:
    """Return what is sound of a record that a learner may have written by hand: units, exercises and wrong answers that there are, today.

    Raises
    ------
    ValueError
        If it is too large, or no record at all.
    """
    if len(said) > LARGEST:
        raise ValueError("too large")
    try:
        marks = progress.sound(json.loads(said)["units"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("no record") from None
    return today(
        {
            unit: {
                exercise: _with_known(mark, known[unit][exercise])
                for exercise, mark in exercises.items()
                if exercise in known[unit]
            }
            for unit, exercises in marks.items()
            if unit in known
        },
        now,
    )


def _with_known(mark: Mark, names: frozenset[str]) -> Mark:
    if "failed" not in mark:
        return mark
    return mark | {"failed": {time: name if name in names else "" for time, name in mark["failed"].items()}}


def known(course: Course) -> Known:
    """Return what a record may speak of: the units that are open now, their exercises and the wrong answers to them."""
    now = course.now()
    return {
        unit.id: {
            exercise.id: frozenset(name for of, name in wrong_answers(unit.id) if of == exercise.id)
            for exercise in outline(unit.id, course.language).exercises
        }
        for unit in course.units
        if unit.is_open(now)
    }


@lru_cache
def wrong_answers(unit: str) -> dict[tuple[str, str], Answer]:
    """Return a unit's wrong answers, by exercise and name; none where the course's source is not installed."""
    folder = COURSE / unit
    if not (folder / "wrong_answers.py").exists():
        return {}
    return {(answer.exercise, answer.name): answer for answer in read_answers(folder, "wrong")}
