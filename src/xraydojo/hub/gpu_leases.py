"""Who uses which part of which GPU: slots are leased to kernels, in the order in which they asked, and come back by themselves.

A lease is a word among friends. On one machine that learners share, any process may open the GPU, with a lease or without; what is kept here is
the peace among kernels that ask. Where a learner must be kept out of another's memory, give whole cards or MIG instances (on Kubernetes).
"""

import contextlib
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# seconds after which a lease that nobody renews is free again: its kernel or its server has died
LIFE = 60
# seconds that a lease lasts at least while others wait
TURN = 3600
# seconds before the end of a turn at which its learner is told
NOTICE = 600
# seconds without work after which a kernel passes its slot on to one who waits
IDLE = 900
# bytes of a card that every process takes besides what it computes with: driver and libraries
OVERHEAD = 700_000_000
# bytes with which the units of the course train well
ENOUGH = 2_000_000_000
_COLUMNS = "learner, kernel, asked, seen, slot, since, until, is_over"
_TABLE = """
CREATE TABLE IF NOT EXISTS lease (
    learner TEXT PRIMARY KEY,
    kernel TEXT NOT NULL,
    asked REAL NOT NULL,
    seen REAL NOT NULL,
    slot INTEGER UNIQUE,
    since REAL,
    until REAL,
    is_over INTEGER NOT NULL DEFAULT 0
) STRICT;
"""


@dataclass(frozen=True)
class Device:
    """A GPU: ``id`` as CUDA knows it, ``memory`` in bytes."""

    id: str
    name: str
    memory: int


@dataclass(frozen=True)
class Lease:
    """What a learner's kernel asked for. ``slot`` is None while it waits; times are seconds since 1970."""

    learner: str
    kernel: str
    asked: float
    seen: float
    slot: int | None
    since: float | None
    until: float | None
    is_over: int


@dataclass(frozen=True)
class Answer:
    """Where a kernel stands.

    ``state`` is "waiting" (``place`` counts from 1), "elsewhere" (another kernel of this learner has a lease), "granted", "notice" (granted,
    and ends at ``until``, for others wait) or "over" (the kernel is to end now, and then to give the slot back).
    """

    state: str
    place: int = 0
    slot: int | None = None
    until: float | None = None


def devices() -> list[Device]:
    """Return this machine's NVIDIA GPUs; none where their driver is missing."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    asked = [tool, "--query-gpu=uuid,name,memory.total", "--format=csv,noheader,nounits"]
    with contextlib.suppress(subprocess.TimeoutExpired, OSError):
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20)
        if done.returncode == 0:
            rows = [[part.strip() for part in line.split(",")] for line in done.stdout.splitlines()]
            return [Device(id, name, int(megabytes) * 2**20) for id, name, megabytes in rows]
    return []


def share(device: Device, slots: int) -> int:
    """Return the bytes of a device's memory that one of its slots may compute with; 0 if nothing is left."""
    return max(0, device.memory // slots - OVERHEAD)


class Leases:
    """The leases of a machine's GPUs, in a data base that survives a restart of the service.

    Parameters
    ----------
    path : Path
        The data base.
    devices : sequence of Device
    slots : int
        How many learners share a device.
    clock : callable
        Returns the seconds since 1970.
    """

    def __init__(
        self, path: Path, devices: Sequence[Device], slots: int, clock: Callable[[], float] = time.time
    ):
        self.devices, self.slots = tuple(devices), slots
        self._clock, self._lock = clock, threading.Lock()
        self._database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        # a machine that falls takes its kernels with it: a lease need not be on the disk at once
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(_TABLE)
        self._database.execute("DELETE FROM lease WHERE slot >= ?", (self.count,))
        # nobody could renew while the service was away
        self._database.execute("UPDATE lease SET seen = ?", (clock(),))

    @property
    def count(self) -> int:
        """How many slots there are."""
        return len(self.devices) * self.slots

    def device(self, slot: int) -> Device:
        """Return the device of a slot; slots that follow each other are on different ones, so that cards fill evenly."""
        return self.devices[slot % len(self.devices)]

    def ask(self, learner: str, kernel: str, idle: float = 0, slot: int | None = None) -> Answer:
        """Ask for a slot, or renew what was asked for; asking again changes nothing but the time.

        Parameters
        ----------
        learner : str
        kernel : str
            The kernel's id.
        idle : float
            Seconds since the kernel worked last.
        slot : int, optional
            The slot on which the kernel runs: it gets this one back if its lease was lost and the slot is free.
        """
        now = self._clock()
        with self._changing(now) as database:
            mine = _of(database, learner)
            if mine is not None and mine.kernel != kernel:
                return Answer("elsewhere")
            if mine is None:
                database.execute(
                    "INSERT INTO lease (learner, kernel, asked, seen) VALUES (?, ?, ?, ?)",
                    (learner, kernel, now, now),
                )
                if slot in self._free(database):
                    self._grant(database, learner, slot, now)
            database.execute("UPDATE lease SET seen = ? WHERE learner = ?", (now, learner))
            self._grant_free(database, now)
            return self._answer(database, learner, idle, now)

    def give_back(self, learner: str, kernel: str) -> None:
        """End a kernel's lease, or its waiting; nothing happens if it has none."""
        now = self._clock()
        with self._changing(now) as database:
            database.execute("DELETE FROM lease WHERE learner = ? AND kernel = ?", (learner, kernel))
            self._grant_free(database, now)

    def all(self) -> list[Lease]:
        """Return all leases: those that have a slot, then those that wait, each in the order in which they asked."""
        with self._changing(self._clock()) as database:
            return _read(database, "TRUE ORDER BY slot IS NULL, asked, rowid")

    def _answer(self, database: sqlite3.Connection, learner: str, idle: float, now: float) -> Answer:
        mine = _of(database, learner)
        waiting = [each.learner for each in _read(database, "slot IS NULL ORDER BY asked, rowid")]
        if mine.slot is None:
            return Answer("waiting", place=waiting.index(learner) + 1)
        until = mine.until
        if not waiting:  # a turn never ends sooner than its learner could be told
            until = max(until, now + NOTICE)
            database.execute("UPDATE lease SET until = ? WHERE learner = ?", (until, learner))
        ending = len(_read(database, "is_over"))
        if mine.is_over or (len(waiting) > ending and (now >= until or idle >= IDLE)):
            database.execute("UPDATE lease SET is_over = 1 WHERE learner = ?", (learner,))
            return Answer("over", slot=mine.slot, until=until)
        is_near = len(waiting) > ending and until - now <= NOTICE
        return Answer("notice" if is_near else "granted", slot=mine.slot, until=until)

    def _grant_free(self, database: sqlite3.Connection, now: float) -> None:
        """Give the slots that are free to those who have waited longest."""
        waiting = _read(database, "slot IS NULL ORDER BY asked, rowid")
        for slot, lease in zip(self._free(database), waiting):
            self._grant(database, lease.learner, slot, now)

    def _grant(self, database: sqlite3.Connection, learner: str, slot: int, now: float) -> None:
        database.execute(
            "UPDATE lease SET slot = ?, since = ?, until = ? WHERE learner = ?",
            (slot, now, now + TURN, learner),
        )

    def _free(self, database: sqlite3.Connection) -> list[int]:
        taken = {lease.slot for lease in _read(database, "slot IS NOT NULL")}
        return [slot for slot in range(self.count) if slot not in taken]

    @contextlib.contextmanager
    def _changing(self, now: float) -> Iterator[sqlite3.Connection]:
        """Begin one change, without the leases of the dead."""
        with self._lock, self._database as database:  # which commits, or rolls back
            database.execute("BEGIN IMMEDIATE")
            database.execute("DELETE FROM lease WHERE seen < ?", (now - LIFE,))
            yield database


def _of(database: sqlite3.Connection, learner: str) -> Lease | None:
    found = _read(database, "learner = ?", (learner,))
    return found[0] if found else None


def _read(database: sqlite3.Connection, which: str, values: tuple = ()) -> list[Lease]:
    return [Lease(*row) for row in database.execute(f"SELECT {_COLUMNS} FROM lease WHERE {which}", values)]
