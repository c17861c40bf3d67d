"""The learner's process: it runs the learner's cells and calls the learner's functions for the checker.

Nothing that this process says is believed by itself; what it does here is a service to honest code.
"""

import itertools
import os
import random
import signal
import socket

import numpy as np

from xraydojo.check.models import is_keras
from xraydojo.grade import failure
from xraydojo.grade.channel import Channel, Closed
from xraydojo.grade.copies import copied, from_copy, is_dataset, is_tensor
from xraydojo.grade.peer import Peer, uninterrupted
from xraydojo.grade.shell import Shell, shell
from xraydojo.grade.wire import Handle

_SHORT = 200


def serve(connection: socket.socket, characters: int) -> None:
    """Answer the checker until it hangs up.

    Parameters
    ----------
    connection : socket.socket
        To the checker.
    characters : int
        How much of what a cell prints is sent.
    """
    np.random.seed()
    random.seed()
    learner = Learner(Channel(connection), shell())
    learner.shell.listen(lambda output: learner.send(("output", output)), characters)
    try:
        while True:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            name, *operands = learner.unpack(learner.channel.receive())
            learner.answer(name, operands)
    except Closed:
        os._exit(0)


class Learner(Peer):
    """The learner's end of the conversation."""

    tells = BaseException

    def __init__(self, channel: Channel, shell: Shell):
        super().__init__(channel)
        self.shell = shell
        self._inputs: dict[int, object] = {}
        self.answers = {
            "cell": self.cell,
            "get": self.get,
            "call": self.call,
            "iterate": self.iterate,
            "next": self.next,
            "attribute": self.attribute,
            "method": self.method,
            "model": self.model,
        }

    def cell(self, source: str) -> dict | None:
        """Run a cell; return the exception by which it ended."""
        with _interruptible():
            error = self.shell.run(source)
        return None if error is None else failure.describe(error)

    def get(self, name: str):
        """Return the value of a name of the cells, in a list; an empty one when there is none."""
        return [self.shell.user_ns[name]] if name in self.shell.user_ns else []

    def call(self, function, packed: list, named: dict) -> tuple:
        """Call a function; return its value and, packed again by position or name, the arguments that it changed."""
        arguments = [self.unpack(part) for part in packed]
        keywords = {key: self.unpack(part) for key, part in named.items()}
        before = dict(enumerate(packed)) | named
        try:
            with _interruptible():
                value = function(*arguments, **keywords)
        finally:
            self.shell.flush()
        after = dict(enumerate(arguments)) | keywords
        changed = {key: self._repacked(after[key], part) for key, part in before.items()}
        return value, {key: part for key, part in changed.items() if part is not None}

    def iterate(self, iterable):
        """Return a new iterator."""
        with _interruptible():
            return iter(iterable)

    def next(self, iterator) -> list:
        """Return the next value of an iterator, in a list; an empty one at the end."""
        with _interruptible():
            return list(itertools.islice(iterator, 1))

    def attribute(self, value, name: str):
        """Return an attribute of a model or layer."""
        with _interruptible():
            return getattr(value, name)

    def method(self, value, name: str, arguments: list, keywords: dict):
        """Call a method of a model or layer."""
        with _interruptible():
            return getattr(value, name)(*arguments, **keywords)

    def model(self, inputs, outputs):
        """Return the model between symbolic tensors."""
        import keras

        return keras.Model(inputs, outputs)

    def describe(self, error: BaseException) -> dict:
        """Tell an exception with its place in the learner's code."""
        return failure.describe(error, self.shell.user_ns)

    def found(self, handle: Handle):
        """Return what the checker's handle stands for: an object kept here, a copy, or a function to call back."""
        if handle.mine:
            return super().found(handle)
        if handle.kind == "function":
            return self._callback(handle)
        if handle.kind == "input":
            return self._input(handle)
        return from_copy(handle)

    def stand_in(self, value):
        """Return what the checker gets in place of an object."""
        if isinstance(handle := getattr(value, "_xraydojo_handle", None), Handle):
            return handle
        if isinstance(value, np.random.Generator) or is_dataset(value):
            return copied(value)
        if is_keras(value, "KerasTensor"):
            return self.keep(value, "symbolic", shape=tuple(value.shape), dtype=value.dtype)
        if (array := _as_array(value)) is not None:
            return array
        if isinstance(value, (range, type({}.keys()), type({}.values()))):
            return list(value)
        facts = {"name": type(value).__name__, "said": _short(value)}
        if is_keras(value, "Model", "Layer") or type(value).__module__.startswith("keras."):
            return self.keep(value, "keras", **facts)
        if callable(value):
            return self.keep(value, "function", **facts | {"name": getattr(value, "__name__", "?")})
        if hasattr(value, "__next__"):
            return self.keep(value, "iterator", **facts)
        if hasattr(value, "__iter__"):
            return self.keep(value, "iterable", **facts)
        return self.keep(value, "object", **facts)

    def _callback(self, handle: Handle):
        def call_back(*arguments, **keywords):
            with uninterrupted():
                return self.ask("call", handle, list(arguments), keywords)

        call_back.__name__ = call_back.__qualname__ = str(handle.facts.get("name"))
        call_back._xraydojo_handle = handle
        return call_back

    def _input(self, handle: Handle):
        """Return the symbolic tensor of a test's `keras.Input`: the same one each time."""
        import keras

        if handle.id not in self._inputs:
            facts = handle.facts
            self._inputs[handle.id] = keras.Input(batch_shape=facts["shape"], dtype=facts["dtype"])
        return self._inputs[handle.id]

    def _repacked(self, value, packed: bytes) -> bytes | None:
        """Return an argument packed again if a call has changed it; the checker decides whether that matters."""
        if is_keras(value, "Model", "KerasTensor") or is_tensor(value):
            return None
        again = self.pack(value)
        if again == packed or (is_dataset(value) and self.unpack(packed) == value):
            return None
        return again


class _interruptible:
    """Let the interrupt through while the learner's code runs; one that comes too late is dropped."""

    def __enter__(self):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._before = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def __exit__(self, *_):
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


def _as_array(value) -> np.ndarray | None:
    """Return what says that it is an array (a tensor, a variable, a table) as one; None for anything else."""
    try:
        array = np.asarray(value) if hasattr(type(value), "__array__") else None
    except Exception:
        return None
    return array if isinstance(array, np.ndarray) and array.dtype != object else None


def _short(value) -> str:
    try:
        return repr(value)[:_SHORT]
    except Exception:
        return "?"
