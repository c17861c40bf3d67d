"""The wire format between checker and learner's process: plain data in, plain data out, whatever the other side sends.

One byte names the type, the value follows; numbers are little-endian, lengths are four bytes. There is no pickle and no class name: what is not
plain data crosses as a `Handle`, a number under which its owner keeps the object. Each element costs at least one byte, nothing is allocated
for a length that the message cannot hold, and a message is read only as deep and as long as `Limits` allows.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

# each dtype's letter; "U" is text of a width of its own
_DTYPES = {
    letter: np.dtype(name)
    for letter, name in zip(
        b"?bBhHiIqQefdFD",
        "?1 i1 u1 <i2 <u2 <i4 <u4 <i8 <u8 <f2 <f4 <f8 <c8 <c16".replace("?1", "?").split(),
    )
}
_LETTERS = {dtype: letter for letter, dtype in _DTYPES.items()}
_TEXT = ord("U")
_MOST_DIMENSIONS = 16
_INTEGER_BYTES = 512
# more could be chosen to collide, and would take the square of the time
_MOST_KEYS = 10_000
_SEQUENCES = {b"l": list, b"t": tuple}


class WireError(Exception):
    """A value that cannot be sent, or a message that is not what it should be."""


@dataclass(frozen=True)
class Limits:
    """What a message may hold: its bytes, the elements in it (containers and their parts) and how deep they may nest."""

    bytes: int = 64_000_000
    elements: int = 2_000_000
    depth: int = 32


LIMITS = Limits()


@dataclass(frozen=True)
class Handle:
    """What stands for an object that stays with its owner.

    ``mine`` is seen from whoever holds this handle: their own object, or one of the other side. ``kind`` says what can be done with it and
    ``facts`` is plain data about it.
    """

    id: int
    kind: str
    facts: dict = field(default_factory=dict)
    mine: bool = True


def encode(value, limits: Limits = LIMITS, stand_in: Callable | None = None) -> bytes:
    """Return a value as bytes.

    Parameters
    ----------
    value : None, bool, int, float, complex, str, bytes, list, tuple, dict, numpy array or scalar, Handle
        Subclasses of these are sent as what they extend.
    limits : Limits, optional
    stand_in : callable, optional
        Called with any other object: returns what to send in its place.

    Raises
    ------
    WireError
        If the value, or a part of it, is not plain data and nothing stands in for it, or if it is over the limits.
    """
    writer = _Writer(limits, stand_in)
    writer.write(value, 0)
    return bytes(writer.out)


def decode(message, limits: Limits = LIMITS, resolve: Callable | None = None):
    """Return the value in a message.

    Parameters
    ----------
    message : bytes-like
    limits : Limits, optional
    resolve : callable, optional
        Called with each `Handle`: returns what to put in its place.

    Raises
    ------
    WireError
        If the message is anything but exactly one value within the limits.
    """
    if len(message) > limits.bytes:
        raise WireError(f"a message of {len(message)} bytes; {limits.bytes} are the most")
    reader = _Reader(message, limits, resolve)
    value = reader.read(0)
    if reader.position != len(reader.data):
        raise WireError("something follows the value")
    return value


class _Writer:
    def __init__(self, limits: Limits, stand_in: Callable | None):
        self.limits, self.stand_in = limits, stand_in
        self.out = bytearray()
        self.elements = 0

    def write(self, value, depth: int) -> None:
        self.elements += 1
        if self.elements > self.limits.elements or depth > self.limits.depth:
            raise WireError("the value has too many parts, or nests too deep")
        if value is None or value is True or value is False:
            self.out += {None: b"N", True: b"T", False: b"F"}[value]
        elif isinstance(value, np.ndarray):
            self._array(b"a", value)
        # numpy's floats are Python's too: ask for them first
        elif isinstance(value, np.generic):
            self._array(b"x", np.asarray(value))
        elif isinstance(value, (int, float, complex, str, bytes)):
            self._single(value)
        elif isinstance(value, (list, tuple)):
            self._parts(b"l" if isinstance(value, list) else b"t", list(value), depth)
        elif isinstance(value, dict):
            if len(value) > _MOST_KEYS:
                raise WireError("a dictionary of too many keys")
            self._parts(b"d", [part for pair in dict(value).items() for part in pair], depth)
        elif isinstance(value, Handle):
            self._parts(b"h", [value.mine, value.id, value.kind, value.facts], depth)
        elif self.stand_in is not None:
            self._stand_in(value, depth)
        else:
            raise WireError(f"a {type(value).__name__} is not plain data")
        if len(self.out) > self.limits.bytes:
            raise WireError(f"a message of more than {self.limits.bytes} bytes")

    def _stand_in(self, value, depth: int) -> None:
        instead = self.stand_in(value)
        if instead is value:
            raise WireError(f"a {type(value).__name__} is not plain data")
        self.write(instead, depth + 1)

    def _single(self, value) -> None:
        match value:
            case int():
                length = value.bit_length() // 8 + 1
                if length > _INTEGER_BYTES:
                    raise WireError("an integer of too many digits")
                self._sized(b"i", int.to_bytes(value, length, "little", signed=True))
            case float():
                self.out += b"f" + struct.pack("<d", value)
            case complex():
                self.out += b"c" + struct.pack("<dd", value.real, value.imag)
            case str():
                self._sized(b"s", str.encode(value, "utf-8", "replace"))
            case bytes():
                self._sized(b"b", value)

    def _sized(self, tag: bytes, data) -> None:
        if len(data) + len(self.out) > self.limits.bytes:
            raise WireError(f"a message of more than {self.limits.bytes} bytes")
        self.out += tag + struct.pack("<I", len(data)) + data

    def _parts(self, tag: bytes, parts: list, depth: int) -> None:
        self.out += tag + struct.pack("<I", len(parts))
        for part in parts:
            self.write(part, depth + 1)

    def _array(self, tag: bytes, array: np.ndarray) -> None:
        array = np.asarray(array)
        dtype = array.dtype.newbyteorder("<")
        width = dtype.itemsize // 4 if dtype.kind == "U" else 0
        letter = _TEXT if width else _LETTERS.get(dtype)
        if letter is None or array.ndim > _MOST_DIMENSIONS:
            raise WireError(f"an array of dtype {array.dtype} and {array.ndim} dimensions cannot be sent")
        if array.nbytes + len(self.out) > self.limits.bytes:
            raise WireError(f"a message of more than {self.limits.bytes} bytes")
        self.out += tag + struct.pack(f"<BIB{array.ndim}Q", letter, width, array.ndim, *array.shape)
        self.out += array.astype(dtype, copy=False).tobytes()


class _Reader:
    def __init__(self, message, limits: Limits, resolve: Callable | None):
        self.data, self.limits, self.resolve = memoryview(message).cast("B"), limits, resolve
        self.position = 0
        self.elements = 0

    def read(self, depth: int):
        self.elements += 1
        if self.elements > self.limits.elements or depth > self.limits.depth:
            raise WireError("the message has too many parts, or nests too deep")
        tag = bytes(self._take(1))
        match tag:
            case b"N" | b"T" | b"F":
                return {b"N": None, b"T": True, b"F": False}[tag]
            case b"i":
                return self._integer()
            case b"f":
                return struct.unpack("<d", self._take(8))[0]
            case b"c":
                return complex(*struct.unpack("<dd", self._take(16)))
            case b"s":
                return self._text(self._take(self._length()))
            case b"b":
                return bytes(self._take(self._length()))
            case b"l" | b"t":
                return _SEQUENCES[tag](self._parts(depth))
            case b"d":
                return self._dictionary(depth)
            case b"h":
                return self._handle(depth)
            case b"a" | b"x":
                return self._array(tag)
        raise WireError(f"no type has the tag {tag!r}")

    def _take(self, count: int) -> memoryview:
        if count > len(self.data) - self.position:
            raise WireError("the message ends too early")
        self.position += count
        return self.data[self.position - count : self.position]

    def _length(self) -> int:
        return struct.unpack("<I", self._take(4))[0]

    def _integer(self) -> int:
        length = self._length()
        if not 0 < length <= _INTEGER_BYTES:
            raise WireError("an integer of too many digits")
        return int.from_bytes(self._take(length), "little", signed=True)

    @staticmethod
    def _text(data) -> str:
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError:
            raise WireError("text that is not UTF-8") from None

    def _parts(self, depth: int) -> list:
        count = self._length()
        if count > len(self.data) - self.position:
            raise WireError("the message ends too early")
        # grows as parts arrive: the count alone allocates nothing
        return [self.read(depth + 1) for _ in range(count)]

    def _dictionary(self, depth: int) -> dict:
        parts = self._parts(depth)
        if len(parts) % 2 or len(parts) > 2 * _MOST_KEYS:
            raise WireError("a key without its value, or a dictionary of too many keys")
        try:
            return dict(zip(parts[::2], parts[1::2]))
        except TypeError:
            raise WireError("a key that cannot be hashed") from None

    def _handle(self, depth: int):
        match self._parts(depth):
            case [bool(mine), int(id), str(kind), dict(facts)] if not isinstance(id, bool):
                # what is mine to the sender is the other's to me
                handle = Handle(id, kind, facts, not mine)
                return self.resolve(handle) if self.resolve else handle
        raise WireError("a handle that is none")

    def _array(self, tag: bytes):
        letter, width, dimensions = struct.unpack("<BIB", self._take(6))
        if dimensions > _MOST_DIMENSIONS or (tag == b"x" and dimensions):
            raise WireError("an array of too many dimensions")
        shape = struct.unpack(f"<{dimensions}Q", self._take(8 * dimensions))
        dtype = self._dtype(letter, width)
        # an empty array with a huge side would be huge in the next computation
        if math.prod(side for side in shape if side) * dtype.itemsize > self.limits.bytes:
            raise WireError("an array over the limit")
        raw = self._take(math.prod(shape) * dtype.itemsize)
        array = np.frombuffer(raw, dtype).copy().reshape(shape)
        _refuse_bad_elements(array)
        return array[()] if tag == b"x" else array

    def _dtype(self, letter: int, width: int) -> np.dtype:
        if letter == _TEXT and 0 < width <= self.limits.bytes // 4:
            return np.dtype(f"<U{width}")
        if letter not in _DTYPES or width:
            raise WireError("an array of a dtype that is not allowed")
        return _DTYPES[letter]


def _refuse_bad_elements(array: np.ndarray) -> None:
    """Refuse bytes that are no truth value, and code points that are no character: numpy fails on them later."""
    if array.size and array.dtype.kind == "b" and array.view("u1").max() > 1:
        raise WireError("a truth value that is neither true nor false")
    if array.size and array.dtype.kind == "U":
        points = array.reshape(-1).view("<u4")
        if points.max() > 0x10FFFF or np.any((points >= 0xD800) & (points < 0xE000)):
            raise WireError("text with a code point that is no character")
