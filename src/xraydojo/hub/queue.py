"""What learners handed in, and its way to a grade: in a data base that survives a restart, so that nothing is lost and nothing counts twice."""

import contextlib
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

# a submission whose grading ended the process so often is given up
MOST_TRIES = 3
# submissions of one learner and unit that are kept as files
MOST_KEPT = 20
KEY = re.compile(r"[0-9a-f]{32}")
_TABLE = """
CREATE TABLE IF NOT EXISTS submission (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    learner TEXT NOT NULL,
    unit TEXT NOT NULL,
    received TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'grading', 'graded', 'refused', 'failed', 'replaced')),
    tries INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    UNIQUE (learner, key)
) STRICT;
CREATE INDEX IF NOT EXISTS submission_state ON submission (state);
CREATE INDEX IF NOT EXISTS submission_learner ON submission (learner, unit);
"""
_COLUMNS = "id, key, learner, unit, received, state, tries, reason"


@dataclass(frozen=True)
class Submission:
    """One submission.

    ``state`` is "waiting", "grading", "graded", "refused" (the notebook cannot be graded; ``reason`` says why, for the learner), "failed"
    (the grading broke; ``reason`` is for the instructor) or "replaced" (by a later one, before it was graded).
    """

    id: int
    key: str
    learner: str
    unit: str
    received: datetime
    state: str
    tries: int
    reason: str

    @property
    def is_under_way(self) -> bool:
        """Whether its grade is still to come."""
        return self.state in ("waiting", "grading")


class Queue:
    """The submissions of a class.

    Parameters
    ----------
    folder : Path
        The class's folder. Several processes may open it at once.
    """

    def __init__(self, folder: Path):
        self._received = folder / "received"
        self._received.mkdir(mode=0o700, exist_ok=True)
        self._database = folder / "queue.sqlite"
        with self._open() as database:
            database.executescript(_TABLE)

    def hand_in(self, learner: str, unit: str, content: bytes, key: str) -> Submission:
        """Take a submission: the file is on the disk first, then it is queued.

        Parameters
        ----------
        learner, unit : str
        content : bytes
            The notebook's file.
        key : str
            Of this handing-in; the same key again, after a reply that was lost, is the same submission.
        """
        if not KEY.fullmatch(key):
            raise ValueError(f"not a key: {key!r}")
        path = self._path(learner, unit, key)
        _write(path, content)
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            known = database.execute(
                "SELECT id FROM submission WHERE learner = ? AND key = ?", (learner, key)
            ).fetchone()
            if known is None:
                database.execute(
                    "UPDATE submission SET state = 'replaced' WHERE learner = ? AND unit = ? AND state = 'waiting'",
                    (learner, unit),
                )
                known = database.execute(
                    "INSERT INTO submission (key, learner, unit, received, state) VALUES (?, ?, ?, ?, 'waiting') RETURNING id",
                    (key, learner, unit, datetime.now(UTC).isoformat()),
                ).fetchone()
            submission = _read(database, "id = ?", known)[0]
        self._forget(learner, unit)
        return submission

    def next(self) -> Submission | None:
        """Take the oldest that waits, to grade it; None if none waits. One that broke the grading too often is given up."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "UPDATE submission SET state = 'failed', reason = 'the grading process ended' WHERE state = 'waiting' AND tries >= ?",
                (MOST_TRIES,),
            )
            row = database.execute(
                "UPDATE submission SET state = 'grading', tries = tries + 1 WHERE id = "
                f"(SELECT id FROM submission WHERE state = 'waiting' ORDER BY received LIMIT 1) RETURNING {_COLUMNS}"
            ).fetchone()
            return _submission(row) if row else None

    def end(self, submission: Submission, state: str, reason: str = "") -> None:
        """Note how the grading of a submission ended."""
        with self._open() as database:
            database.execute(
                "UPDATE submission SET state = ?, reason = ? WHERE id = ?", (state, reason, submission.id)
            )

    def release(self, submission: Submission) -> None:
        """Put a submission back as if it had not been taken."""
        with self._open() as database:
            database.execute(
                "UPDATE submission SET state = 'waiting', tries = tries - 1 WHERE id = ?", (submission.id,)
            )

    def recover(self) -> None:
        """Put back what was being graded when the grading process ended."""
        with self._open() as database:
            database.execute("UPDATE submission SET state = 'waiting' WHERE state = 'grading'")

    def regrade(self, unit: str, learner: str | None = None) -> int:
        """Queue the last submission of a learner, or of everybody, once more; return how many."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            changed = database.execute(
                "UPDATE submission SET state = 'waiting', tries = 0, reason = '' WHERE id IN "
                "(SELECT max(id) FROM submission WHERE unit = ? AND (? IS NULL OR learner = ?) GROUP BY learner) "
                "AND state IN ('graded', 'failed')",
                (unit, learner, learner),
            )
            return changed.rowcount

    def last(self, learner: str | None = None) -> dict[tuple[str, str], Submission]:
        """Return the last submission by (learner, unit): of one learner, or of all."""
        with self._open() as database:
            found = _read(
                database,
                "id IN (SELECT max(id) FROM submission WHERE ? IS NULL OR learner = ? GROUP BY learner, unit)",
                (learner, learner),
            )
        return {(submission.learner, submission.unit): submission for submission in found}

    def before(self, submission: Submission) -> int:
        """Return how many are graded before this one."""
        with self._open() as database:
            return database.execute(
                "SELECT count(*) FROM submission WHERE state = 'grading' OR (state = 'waiting' AND received < ?)",
                (submission.received.isoformat(),),
            ).fetchone()[0]

    def file(self, submission: Submission) -> Path:
        """Return where a submission's notebook is."""
        return self._path(submission.learner, submission.unit, submission.key)

    def _path(self, learner: str, unit: str, key: str) -> Path:
        return self._received / learner / unit / f"{key}.ipynb"

    def _forget(self, learner: str, unit: str) -> None:
        """Remove the files of the oldest submissions: a learner cannot fill the disk."""
        files = (self._received / learner / unit).glob("*.ipynb")
        for path in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)[MOST_KEPT:]:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._database, timeout=30, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            # a submission that was confirmed is on the disk, whatever happens to the machine
            database.execute("PRAGMA synchronous = FULL")
            yield database
            if database.in_transaction:
                database.execute("COMMIT")
        finally:
            database.close()


def _read(database: sqlite3.Connection, which: str, values: tuple) -> list[Submission]:
    rows = database.execute(f"SELECT {_COLUMNS} FROM submission WHERE {which}", values).fetchall()
    return [_submission(row) for row in rows]


def _submission(row: tuple) -> Submission:
    id, key, learner, unit, received, *rest = row
    return Submission(id, key, learner, unit, datetime.fromisoformat(received), *rest)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and onto the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)
