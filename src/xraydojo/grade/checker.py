"""The checker's process: it runs setup and test cells, and drives the learner's process, which it never believes.

What is found goes to the process that grades, cell by cell, as soon as it is known.
"""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable

import numpy as np

from xraydojo.check.models import is_keras
from xraydojo.check.verdict import MIME
from xraydojo.grade import proxies, wire
from xraydojo.grade.channel import Channel, Closed, Late
from xraydojo.grade.copies import copied, move_on
from xraydojo.grade.peer import Peer, soon
from xraydojo.grade.shell import shell
from xraydojo.grade.wire import Handle, WireError

# the learner's process is stopped first, when both take too long
_SLACK_SECONDS = 5


class Stopped(BaseException):
    """A cell cannot come to its end.

    ``reason`` is ``"timeout"``, ``"died"``, ``"not_run"``, or ``"unsendable"`` when the test itself hands over what cannot be sent.
    """

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Learner(Peer):
    """The checker's end of the conversation with the learner's process.

    Parameters
    ----------
    channel : Channel
    process : int
        The learner's process, as a pidfd: it is interrupted when it is late, and killed when it does not heed that.
    grace : float
        Seconds between the two.
    put : callable
        Called with each output of the learner's, a text.
    most : int
        How many characters of outputs one cell may send; the process is killed when it sends more.
    """

    def __init__(self, channel: Channel, process: int, grace: float, put, most: int):
        super().__init__(channel)
        self._process, self._grace, self._put, self._most = process, grace, put, most
        self._deadline = self._left = 0.0
        self.gone: str | None = None
        self.answers = {"call": self._call_back}
        self.events = {"output": self._output}

    def begin(self, seconds: float) -> None:
        """Begin a cell: it has so many seconds."""
        self._deadline, self._left = soon(seconds), self._most

    def ask_soon(self, *question):
        """Ask, and wait no longer than the cell has time; `Stopped` when no answer comes."""
        if self.gone:
            raise Stopped("not_run")
        if time.monotonic() >= self._deadline:
            raise Stopped("timeout")
        try:
            return self.ask(*question, deadline=self._deadline)
        except Late:
            self._interrupt()
            raise Stopped("timeout") from None
        except (Closed, WireError):
            self.kill()
            raise Stopped("died") from None

    def call(self, function, arguments: tuple, keywords: dict) -> tuple:
        """Call a function of the learner's; return its value, and the arguments and keywords as it left them."""
        packed, named = [self._pack(a) for a in arguments], {k: self._pack(v) for k, v in keywords.items()}
        for value in (*arguments, *keywords.values()):
            _move_on(value)
        answer = self.ask_soon("call", function, packed, named)
        if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], dict)):
            self.kill()
            raise Stopped("died")
        value, changed = answer
        after = [self._after(changed, i, a) for i, a in enumerate(arguments)]
        return value, (tuple(after), {k: self._after(changed, k, v) for k, v in keywords.items()})

    def kill(self) -> None:
        """End the learner's process, and with it all that it started."""
        self.gone = "died"
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)

    def found(self, handle: Handle):
        """Return what a handle from the learner's process stands for: a function of the test, or a proxy."""
        return super().found(handle) if handle.mine else proxies.proxy(self, handle)

    def stand_in(self, value):
        """Return what the learner's process gets in place of an object."""
        if isinstance(value, proxies.Elsewhere):
            return value.handle
        if (handle := copied(value)) is not None:
            return handle
        if is_keras(value, "KerasTensor"):
            return self._input(value)
        if callable(value):
            return self.keep(value, "function", name=getattr(value, "__name__", "?"))
        return super().stand_in(value)

    def _input(self, tensor) -> Handle:
        """Return the handle of a test's symbolic tensor: the same one each time."""
        for id, kept in self._kept.items():
            if kept is tensor:
                return Handle(id, "input", {"shape": tuple(tensor.shape), "dtype": tensor.dtype})
        return self.keep(tensor, "input", shape=tuple(tensor.shape), dtype=tensor.dtype)

    def _pack(self, argument) -> bytes:
        try:
            return self.pack(argument)
        except WireError:
            raise Stopped("unsendable") from None

    def _after(self, changed: dict, key, value):
        try:
            return self.unpack(changed[key]) if key in changed else value
        except (WireError, TypeError):
            self.kill()
            raise Stopped("died") from None

    def _call_back(self, function, arguments: list, keywords: dict):
        """Call a function of the test for the learner's; what is not one of those handed over is not found in the first place."""
        return function(*arguments, **keywords)

    def _output(self, *operands) -> None:
        match operands:
            case [str(text)] if len(text) <= self._left:
                self._left -= len(text)
                self._put(text)
            case _:
                raise WireError("a flood of output, or something else")

    def _interrupt(self) -> None:
        """Interrupt the learner's code; kill it when it does not heed that, or owes more than one answer."""
        if self.nested or self.channel.torn:
            return self.kill()
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._process, signal.SIGINT)
        end = soon(self._grace)
        try:
            while self.unpack(self.channel.receive(end))[0] not in ("done", "raised"):
                pass
        except (Late, Closed, WireError, TypeError, IndexError):
            self.kill()
        return None


def _move_on(value) -> None:
    if isinstance(value, np.random.Generator):
        move_on(value)


class Checker:
    """Run a notebook's cells, each in the process where it belongs.

    Parameters
    ----------
    learner : Learner
    tell : callable
        Called with each finding, a tuple.
    exercises : list of str
        The names that the learner defines and the tests use.
    """

    def __init__(self, learner: Learner, tell: Callable[[tuple], None], exercises: list[str]):
        self.learner, self._tell, self._exercises = learner, tell, exercises
        self._shell = shell()

    def run(self, cells: list[dict], cell_seconds: float, notebook_seconds: float) -> None:
        """Run the cells in their order; each is a dict with ``id``, ``role`` and ``source``."""
        end = soon(notebook_seconds)
        for cell in cells:
            left = min(cell_seconds, end - time.monotonic())
            if self.learner.gone or left <= 0:
                self._tell(("stopped", cell["id"], "not_run" if self.learner.gone else "timeout", None))
                continue
            self._tell(("begun", cell["id"]))
            started = time.monotonic()
            self.learner.begin(left)
            reason = self._run(cell, left)
            self._tell(("stopped", cell["id"], reason, round(time.monotonic() - started, 3)))

    def _run(self, cell: dict, seconds: float) -> str | None:
        """Run one cell; return None when it came to its end, else why not."""
        try:
            if cell["role"] != "test":
                self.learner.ask_soon("cell", cell["source"])
            if cell["role"] in ("setup", "test"):
                self._run_here(cell, seconds)
        except Stopped as stopped:
            return stopped.reason
        return None

    def _run_here(self, cell: dict, seconds: float) -> None:
        self._bind()
        verdicts: list[dict] = []
        self._shell.listen(lambda output: self._verdict(output, verdicts), 0)
        with _alarm(seconds):
            error = self._shell.execute(cell["source"])
        self.learner.forget()
        if isinstance(error, Stopped):
            raise error
        name = None if error is None else type(error).__name__
        self._tell(("checked", cell["id"], verdicts, name))

    def _bind(self) -> None:
        """Put the learner's functions in the place of the exercises' names."""
        for name in self._exercises:
            self._shell.user_ns.pop(name, None)
            # what cannot be sent is nothing that a test could use: it finds no such function
            with contextlib.suppress(Exception):
                match self.learner.ask_soon("get", name):
                    case [value]:
                        self._shell.user_ns[name] = value

    def _verdict(self, output: str, verdicts: list[dict]) -> None:
        """Keep what a check displays; a test cell's other output is nobody's business."""
        data = json.loads(output).get("data", {})
        if MIME in data:
            verdicts.append(data[MIME])
            self._tell(("shown", output))


@contextlib.contextmanager
def _alarm(seconds: float):
    """Stop what runs too long here, be it by what the learner's process sent."""

    def stop(*_):
        raise Stopped("timeout")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds + _SLACK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def serve(results: socket.socket, connection: socket.socket, process: int) -> None:
    """Check one submission: take the job from ``results``, and tell there what is found.

    Parameters
    ----------
    results : socket.socket
        To the process that grades.
    connection : socket.socket
        To the learner's process.
    process : int
        The learner's process, as a pidfd.
    """
    channel = Channel(results)
    job = wire.decode(channel.receive())
    os.environ["XRAYDOJO_SEED"] = job["seed"]

    def tell(finding: tuple) -> None:
        channel.send(wire.encode(finding))

    learner = Learner(
        Channel(connection), process, job["grace"], lambda text: tell(("output", text)), job["characters"]
    )
    try:
        Checker(learner, tell, job["exercises"]).run(
            job["cells"], job["cell_seconds"], job["notebook_seconds"]
        )
        tell(("end",))
    except Closed:
        pass
    finally:
        learner.kill()
