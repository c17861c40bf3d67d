"""Run a rebuilt notebook: the learner's cells in one process, the tests in another, both watched from here."""

import contextlib
import json
import os
import select
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_output

from xraydojo.check.verdict import MIME
from xraydojo.grade import wire
from xraydojo.grade.channel import Channel, Closed, Late, pair
from xraydojo.grade.peer import soon
from xraydojo.grade.rebuild import role
from xraydojo.grade.submission import valid_output
from xraydojo.grade.warmth import nurseries
from xraydojo.grade.wire import WireError
from xraydojo.language import L
from xraydojo.lesson import Unit

CELL_SECONDS = 30
NOTEBOOK_SECONDS = 300
# between the interrupt that Python code can heed and the kill that nothing survives
GRACE_SECONDS = 3
# what each of the learner's processes may take on top of the warm parent's, and how many times that all together
MEMORY_BYTES = 4_000_000_000
_TOGETHER = 1.5
# what one cell may put into the notebook besides verdicts; the rest is dropped as it comes
OUTPUT_CHARACTERS = 5_000_000
STREAM_CHARACTERS = 100_000
# what one cell may send before it is stopped; our own shell drops what is printed beyond the figures above
_FLOOD_CHARACTERS = 50_000_000
# what a piece of printed text counts beyond its own characters: empty ones are not free
_PIECE_CHARACTERS = 20
_LOOK_SECONDS = 0.25
# for the checker's own work, after which it is given up
_SLACK_SECONDS = 30


@dataclass
class Checked:
    """What the checker found in one test cell: the verdicts displayed, and the name of the exception by which the cell ended, or None."""

    verdicts: list[dict]
    error: str | None


@dataclass
class Run:
    """A notebook after its run.

    ``seconds`` is the wall time of each cell that ran, by the cell's id. ``stopped`` says of each cell that did not run to its end why:
    ``"timeout"`` (it took too long, or the notebook did before it), ``"died"`` (the learner's Python ended in it), ``"memory"`` (it took too
    much), ``"not_run"`` (Python had ended before it), ``"unsendable"`` (the test hands over what cannot be sent) or ``"checker"`` (the checker itself ended). ``checked`` holds each test cell that ran to its end in the checker.
    """

    notebook: NotebookNode
    seconds: dict[str, float] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    checked: dict[str, Checked] = field(default_factory=dict)


def run(unit: Unit, notebook: NotebookNode, submission: Path, isolated: bool = True, seed: str = "") -> Run:
    """Run a rebuilt notebook's setup cells, exercises, tests and the learner's own cells, in their order.

    Setup cells run both in the learner's process and in the checker, tests in the checker, all else in the learner's process. Demo cells and
    unchanged free cells are not run. An error in a cell does not stop the others. A cell that takes longer than `CELL_SECONDS`, or the
    notebook longer than `NOTEBOOK_SECONDS`, is interrupted, and its process killed if it does not heed that; after that, or when the code
    ended its process itself, no further cell is run.

    Parameters
    ----------
    unit : Unit
    notebook : NotebookNode
        As `xraydojo.grade.rebuild.rebuild` returns it; its outputs are replaced.
    submission : Path
        The file handed in: a copy of it is all that the learner's process finds in its working folder.
    isolated : bool
        Whether the learner's process runs in the sandbox.
    seed : str
        What random cases come from.

    Raises
    ------
    DojoError
        If the sandbox cannot be set up, or no process can be started.
    """
    cells = [cell for cell in notebook.cells if _runs(cell)]
    for cell in cells:
        cell.outputs = []
    with tempfile.TemporaryDirectory(prefix="xraydojo-", ignore_cleanup_errors=True) as folder:
        with _processes(unit, submission, isolated, folder) as (results, learner):
            return _Watch(Run(notebook), results, learner).follow(_job(unit, cells, seed))


def _runs(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and role(cell) not in ("demo", "explore")


def _job(unit: Unit, cells: list[NotebookNode], seed: str) -> dict:
    """Return what the checker is to do."""
    return {
        "cells": [{"id": cell.id, "role": role(cell) or "own", "source": cell.source} for cell in cells],
        "exercises": [cell.exercise for cell in unit.exercises],
        "seed": seed,
        "cell_seconds": float(CELL_SECONDS),
        "notebook_seconds": float(NOTEBOOK_SECONDS),
        "grace": float(GRACE_SECONDS),
        "characters": _FLOOD_CHARACTERS,
    }


@contextlib.contextmanager
def _processes(unit: Unit, submission: Path, isolated: bool, folder: str):
    """Start the two processes; yield the channel from the checker and the learner's process as a pidfd. Afterwards both are gone."""
    with contextlib.ExitStack() as stack:
        to_learner, to_checker = (stack.enter_context(end) for end in pair())
        results, told = (stack.enter_context(end) for end in pair())
        file = stack.enter_context(open(submission, "rb"))
        job = {
            "name": submission.name,
            "folder": folder,
            "memory": MEMORY_BYTES,
            "cpu_seconds": int(NOTEBOOK_SECONDS) * (os.cpu_count() or 1) + 1,
            "characters": STREAM_CHARACTERS,
        }
        learners, checkers = stack.enter_context(nurseries(unit, isolated))
        learner = learners.fork(job, [to_checker.fileno(), file.fileno()])
        stack.callback(_end, learner, isolated)
        checker = checkers.fork({}, [told.fileno(), to_learner.fileno(), learner])
        stack.callback(_end, checker, True)
        # with the last copy of its end closed, a process that is gone is known to be gone
        for end in (to_learner, to_checker, told):
            end.close()
        yield Channel(results), learner


def _end(process: int, isolated: bool) -> None:
    """Kill a process, and where no namespace does it, all that it started."""
    with contextlib.suppress(OSError, psutil.Error):
        left = [] if isolated else psutil.Process(_pid(process)).children(recursive=True)
        signal.pidfd_send_signal(process, signal.SIGKILL)
        for child in left:
            child.kill()
    # the kernel makes it readable when the process is gone
    ready = select.poll()
    ready.register(process, select.POLLIN)
    ready.poll(1000 * GRACE_SECONDS)
    os.close(process)


def _pid(process: int) -> int:
    """Return the number of a process, as this process sees it."""
    told = Path(f"/proc/self/fdinfo/{process}").read_text()
    number = next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pid:"))
    if number < 1:
        raise psutil.NoSuchProcess(number)
    return number


class _Watch:
    """Follow a run to its end: take down what the checker tells, and stop what takes too much memory or never ends."""

    def __init__(self, done: Run, results: Channel, learner: int):
        self._done, self._results, self._learner = done, results, learner
        self._cells = {cell.id: cell for cell in done.notebook.cells}
        self._current: NotebookNode | None = None
        self._kept = 0
        self._over_memory = False
        self._next_look = 0.0

    def follow(self, job: dict) -> Run:
        """Hand over the job, and return when it is done or given up."""
        self._results.send(wire.encode(job))
        end = soon(NOTEBOOK_SECONDS + CELL_SECONDS + GRACE_SECONDS + _SLACK_SECONDS)
        reason = "timeout"
        try:
            while self._take_down(wire.decode(self._next(end))):
                pass
        except Late:
            pass
        except (Closed, WireError):
            reason = "checker"
        for cell in self._cells.values():
            if _runs(cell) and cell.id not in self._done.seconds and cell.id not in self._done.stopped:
                self._done.stopped[cell.id] = reason
        return self._done

    def _next(self, end: float) -> bytes:
        ready = select.poll()
        ready.register(self._results, select.POLLIN)
        while True:
            waiting = ready.poll(1000 * _LOOK_SECONDS)
            if time.monotonic() > self._next_look:
                self._look_at_memory()
                self._next_look = soon(_LOOK_SECONDS)
            if time.monotonic() > end:
                raise Late
            if waiting:
                return self._results.receive(end)

    def _take_down(self, finding: tuple) -> bool:
        match finding:
            case ("begun", id):
                self._current, self._kept = self._cells[id], 0
            case ("output", text):
                self._keep(text)
            case ("shown", text):
                self._current.outputs.append(from_dict(json.loads(text)))
            case ("checked", id, verdicts, error):
                self._done.checked[id] = Checked(verdicts, error)
            case ("stopped", id, reason, seconds):
                if seconds is not None:
                    self._done.seconds[id] = seconds
                if reason:
                    self._done.stopped[id] = "memory" if reason == "died" and self._over_memory else reason
            case ("end",):
                return False
        return True

    def _keep(self, text: str) -> None:
        """Keep an output of the learner's: valid, without forged verdicts, and no more than a notebook should hold."""
        try:
            output = valid_output(from_dict(json.loads(text)))
        except (ValueError, RecursionError):
            output = None
        if output is None:
            return
        output.get("data", {}).pop(MIME, None)
        is_stream = output.output_type == "stream"
        most = STREAM_CHARACTERS if is_stream else OUTPUT_CHARACTERS
        size = len(output.text) + _PIECE_CHARACTERS if is_stream else len(text)
        if self._kept + size <= most:
            self._kept += size
            _append(self._current.outputs, output)
        elif self._kept <= most:
            # noted once; from here on this cell's outputs are over the limit
            start = output.text[: most - self._kept] if is_stream else ""
            self._kept = OUTPUT_CHARACTERS + 1
            _append(self._current.outputs, new_output("stream", text=start + "\n" + _cut()))

    def _look_at_memory(self) -> None:
        """Stop the learner's processes when they take too much together."""
        with contextlib.suppress(OSError, psutil.Error):
            first = psutil.Process(_pid(self._learner))
            taken = sum(_taken(process) for process in [first, *first.children(recursive=True)])
            if taken > _TOGETHER * MEMORY_BYTES:
                self._over_memory = True
                signal.pidfd_send_signal(self._learner, signal.SIGKILL)


def _taken(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _append(outputs: list, output: NotebookNode) -> None:
    """Add an output; printed text joins the text before it."""
    last = outputs[-1] if outputs else None
    if output.output_type == "stream" and last and last.output_type == "stream" and last.name == output.name:
        last.text += output.text
    else:
        outputs.append(output)


def _cut() -> str:
    return L(
        "[The output was too long and is cut here.]\n", "［出力が長すぎるため、ここで打ち切りました。］\n"
    )
