"""Messages over a socket, one at a time, until a deadline."""

import os
import select
import socket
import struct
import threading
import time

from xraydojo.grade.wire import LIMITS, Limits, WireError

_LENGTH = struct.Struct("<I")


class Closed(Exception):
    """The other side is gone."""


class Late(Exception):
    """The deadline passed before a whole message had come."""


class Channel:
    """Send and receive messages, each a length and as many bytes.

    Parameters
    ----------
    connection : socket.socket
        A connected stream socket.
    limits : Limits, optional
        A longer message is a `WireError`, before any of it is read.
    """

    def __init__(self, connection: socket.socket, limits: Limits = LIMITS):
        self._socket, self.limits = connection, limits
        self._sending = threading.Lock()
        # whether a deadline passed in the middle of a message, after which nothing can be understood
        self.torn = False
        connection.setblocking(False)

    def fileno(self) -> int:
        """Return the socket's number, for `select`."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close this side."""
        self._socket.close()

    def send(self, message: bytes, deadline: float | None = None) -> None:
        """Send one message; ``deadline`` is a time of `time.monotonic`."""
        if len(message) > self.limits.bytes:
            raise WireError(f"a message of more than {self.limits.bytes} bytes")
        left = memoryview(_LENGTH.pack(len(message)) + message)
        # a thread of the learner's may print while the answer goes out
        with self._sending:
            self.torn = True
            while left:
                left = left[self._try(deadline, select.POLLOUT, lambda: self._socket.send(left)) :]  # noqa: B023
            self.torn = False

    def receive(self, deadline: float | None = None) -> bytes:
        """Return the next message; none after the deadline, however many wait."""
        if deadline is not None and time.monotonic() > deadline:
            raise Late
        head = self._read(1, deadline)
        self.torn = True
        (length,) = _LENGTH.unpack(head + self._read(_LENGTH.size - 1, deadline))
        if length > self.limits.bytes:
            raise WireError(f"a message of {length} bytes; {self.limits.bytes} are the most")
        message = self._read(length, deadline)
        self.torn = False
        return message

    def _read(self, count: int, deadline: float | None) -> bytes:
        data = bytearray()
        while len(data) < count:
            most = min(count - len(data), 1 << 20)
            part = self._try(deadline, select.POLLIN, lambda: self._socket.recv(most))  # noqa: B023
            if not part:
                raise Closed
            data += part
        return bytes(data)

    def _try(self, deadline: float | None, event: int, action):
        """Do it when the socket is ready."""
        while True:
            try:
                return action()
            except BlockingIOError:
                self._wait(deadline, event)
            except OSError:
                raise Closed from None

    def _wait(self, deadline: float | None, event: int) -> None:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise Late
        ready = select.poll()
        ready.register(self._socket, event)
        ready.poll(None if left is None else left * 1000)


def pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def send_with_files(connection: socket.socket, message: bytes, files: list[int]) -> None:
    """Send a short message together with open files' numbers."""
    socket.send_fds(connection, [_LENGTH.pack(len(message)) + message[:1]], files)
    connection.sendall(message[1:])


def receive_with_files(connection: socket.socket, most: int = 8) -> tuple[bytes, list[int]]:
    """Return a message of `send_with_files`; an empty one when the other side is gone."""
    head, files, _, _ = socket.recv_fds(connection, _LENGTH.size + 1, most)
    if len(head) < _LENGTH.size + 1:
        for file in files:
            os.close(file)
        return b"", []
    (length,) = _LENGTH.unpack(head[: _LENGTH.size])
    message = bytearray(head[_LENGTH.size :])
    while len(message) < length:
        part = connection.recv(length - len(message))
        if not part:
            return b"", []
        message += part
    return bytes(message), files
