"""Two processes that ask each other, one question at a time, and answer in plain data."""

import contextlib
import signal
import time
from collections.abc import Callable

from xraydojo.grade import failure, wire
from xraydojo.grade.channel import Channel
from xraydojo.grade.wire import Handle, WireError

# a question may be answered by a question, and so on
_MOST_NESTED = 16


class Peer:
    """One end of the conversation between checker and learner's process.

    A question is a tuple that begins with its name; ``("done", value)`` or ``("raised", failure)`` answers it, and until then the other side may
    ask back. Objects that are not plain data stay where they are: see `keep` and `found`, which each side defines for itself.
    ``answers`` are the questions that are answered here and ``events`` what is only told, each by its name and a function of the operands; ``tells`` is
    the kind of exception that goes back as an answer.
    """

    answers: dict[str, Callable] = {}
    events: dict[str, Callable] = {}
    tells: type[BaseException] = Exception

    def __init__(self, channel: Channel):
        self.channel = channel
        self._kept: dict[int, object] = {}
        self._count = 0
        self.nested = 0

    def keep(self, value, kind: str, **facts) -> Handle:
        """Keep an object for the other side, and return what stands for it there."""
        self._count += 1
        self._kept[self._count] = value
        return Handle(self._count, kind, facts)

    def forget(self) -> None:
        """Drop all that was kept; the numbers are not given again."""
        self._kept.clear()

    def stand_in(self, value):
        """Return what to send in place of an object that is not plain data."""
        raise WireError(f"a {type(value).__name__} is not plain data")

    def found(self, handle: Handle):
        """Return what a handle that arrived stands for."""
        if handle.mine and handle.id in self._kept:
            return self._kept[handle.id]
        raise WireError("a handle of nothing")

    def pack(self, value) -> bytes:
        """Return a value as a message."""
        try:
            return wire.encode(value, self.channel.limits, self.stand_in)
        except WireError:
            raise
        except Exception as error:
            # an object that cannot even be looked at
            raise WireError(f"{type(error).__name__} in packing a {type(value).__name__}") from error

    def unpack(self, message: bytes):
        """Return the value in a message."""
        return wire.decode(message, self.channel.limits, self.found)

    def send(self, value, deadline: float | None = None) -> None:
        """Send a value, whole."""
        message = self.pack(value)
        with uninterrupted():
            self.channel.send(message, deadline)

    def ask(self, *question, deadline: float | None = None):
        """Ask the other side, answer what it asks meanwhile, and return its answer or raise its exception."""
        self.send(question, deadline)
        while True:
            match self.unpack(self.channel.receive(deadline)):
                case ("done", value):
                    return value
                case ("raised", dict(told)):
                    raise failure.rebuild(told)
                case (str(name), *operands) if name in self.events:
                    self.events[name](*operands)
                case (str(name), *operands) if name in self.answers:
                    self.answer(name, operands, deadline)
                case _:
                    raise WireError("neither an answer nor a question")

    def answer(self, name: str, operands: list, deadline: float | None = None) -> None:
        """Answer one question."""
        self.nested += 1
        try:
            if self.nested > _MOST_NESTED:
                raise WireError("questions nest too deep")
            try:
                reply = ("done", self.answers[name](*operands))
            except self.tells as error:
                reply = ("raised", self.describe(error))
            self._reply(reply, deadline)
        finally:
            self.nested -= 1

    def describe(self, error: BaseException) -> dict:
        """Return what the other side is told of an exception."""
        return failure.describe(error)

    def _reply(self, reply: tuple, deadline: float | None) -> None:
        try:
            self.send(reply, deadline)
        except WireError as error:
            # too large, or too deep
            self.send(("raised", self.describe(error)), deadline)


@contextlib.contextmanager
def uninterrupted():
    """Hold back the interrupt, which would leave half a message on the wire."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def soon(seconds: float) -> float:
    """Return the time of `time.monotonic` that many seconds from now."""
    return time.monotonic() + seconds
