"""The wire carries plain data unchanged, and whatever arrives instead ends in one kind of error."""

import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from xraydojo.grade.wire import Handle, Limits, WireError, decode, encode

DTYPES = "? i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 c8 c16 >f8 >i2 U3".split()
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda name: hnp.arrays(
        name, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4), fill=st.nothing()
    )
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SINGLE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), TEXT, st.binary()
)
KEYS = st.one_of(st.integers(), TEXT, st.tuples(st.integers(), TEXT))
PLAIN = st.recursive(
    st.one_of(SINGLE, ARRAYS),
    lambda parts: st.one_of(
        st.lists(parts), st.lists(parts).map(tuple), st.dictionaries(KEYS, parts, max_size=4)
    ),
    max_leaves=20,
)
SMALL = Limits(bytes=100_000, elements=1000, depth=8)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (np.ndarray, np.generic)):
        return a.shape == b.shape and a.dtype == b.dtype.newbyteorder("=") and a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return struct.pack("<d", a) == struct.pack("<d", b) if isinstance(a, float) else repr(a) == repr(b)


def native(value):
    """Return the value with arrays in the machine's byte order, in which they arrive."""
    if isinstance(value, np.ndarray):
        return value.astype(value.dtype.newbyteorder("="))
    if isinstance(value, (list, tuple)):
        return type(value)(map(native, value))
    return {key: native(part) for key, part in value.items()} if isinstance(value, dict) else value


@given(PLAIN)
def test_plain_data_arrives_as_it_was_sent(value):
    assert same(decode(encode(value)), native(value))


@given(st.sampled_from(DTYPES[:-3]).flatmap(lambda name: hnp.from_dtype(np.dtype(name))))
def test_numpy_scalars_stay_numpy_scalars(value):
    assert same(decode(encode(value)), value)


def test_an_array_that_arrives_can_be_written_to():
    array = decode(encode(np.zeros(3)))
    array += 1
    assert array.tolist() == [1, 1, 1]


@pytest.mark.parametrize("array", [np.arange(12).reshape(3, 4).T, np.arange(9)[::-2], np.asfortranarray(np.eye(3))])  # fmt: skip
def test_views_and_fortran_arrays_keep_their_values(array):
    assert np.array_equal(decode(encode(array)), array)


class Bag(dict):
    """A learner's own kind of dictionary."""


def test_subclasses_arrive_as_what_they_extend():
    assert type(decode(encode(Bag(a=1)))) is dict
    assert type(decode(encode(np.ma.array([1, 2])))) is np.ndarray
    assert decode(encode(type("Num", (float,), {"__eq__": lambda *_: True})(2.5))) == 2.5


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=500)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_a_wire_error(message):
    try:
        decode(message, SMALL)
    except WireError:
        pass


@settings(max_examples=500)
@given(PLAIN, st.data())
def test_a_damaged_message_raises_nothing_but_a_wire_error(value, data):
    message = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 4))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    del message[data.draw(st.integers(0, len(message))) :]
    try:
        decode(message, SMALL)
    except WireError:
        pass


def length(number):
    return struct.pack("<I", number)


BOMBS = {
    "a list of four billion": b"l" + length(2**32 - 1),
    "lists of four billion, nested": (b"l" + length(2**32 - 1)) * 500,
    "lists as long as the message, nested": (b"l" + length(60_000)) * 7 + b"N" * 60_000,
    "a thousand levels": (b"l" + length(1)) * 1000 + b"N",
    "text of four billion": b"s" + length(2**32 - 1),
    "an integer of four billion bytes": b"i" + length(2**32 - 1),
    "an array of 2**64 sides": b"a" + struct.pack("<BIB4Q", ord("d"), 0, 4, *[2**64 - 1] * 4),
    "an empty array with a huge side": b"a" + struct.pack("<BIB2Q", ord("d"), 0, 2, 0, 2**40),
    "an array of 255 dimensions": b"a" + struct.pack("<BIB", ord("d"), 0, 255) + bytes(255 * 8),
    "an array of objects": b"a" + struct.pack("<BIBQ", ord("O"), 0, 1, 1) + bytes(8),
    "text wider than the limit": b"a" + struct.pack("<BIBQ", ord("U"), 2**32 - 1, 1, 0),
    "a truth value of 2": b"a" + struct.pack("<BIBQ", ord("?"), 0, 1, 1) + b"\x02",
    "a character that is none": b"a" + struct.pack("<BIBQ", ord("U"), 1, 1, 1) + length(0x110000),
    "a list as a key": b"d" + length(2) + b"l" + length(0) + b"N",
    "an array as a key": b"d" + length(2) + encode(np.zeros(2)) + b"N",
    "a key without its value": b"d" + length(1) + b"N",
    "two values": b"NN",
    "nothing": b"",
    "a pickle": b"cos\nsystem\n(S'true'\ntR.",
    "a handle of the wrong parts": b"h" + length(1) + b"N",
}


@pytest.mark.parametrize("message", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_before_it_takes_memory(message):
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            decode(message, SMALL)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_message_over_a_limit_is_refused_by_both_sides():
    with pytest.raises(WireError, match="bytes"):
        encode(np.zeros(20_000), SMALL)
    with pytest.raises(WireError, match="bytes"):
        decode(encode(np.zeros(20_000)), SMALL)
    with pytest.raises(WireError, match="parts"):
        encode([0] * 1000, SMALL)
    with pytest.raises(WireError, match="parts"):
        decode(encode([0] * 1000), SMALL)


def test_a_list_that_holds_itself_is_too_deep():
    endless = []
    endless.append(endless)
    with pytest.raises(WireError, match="deep"):
        encode(endless)


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([None]), np.datetime64("2026-01-01"), 10**2000, np.zeros(1, "i4,i4")])  # fmt: skip
def test_what_is_not_plain_is_refused_by_the_sender(value):
    with pytest.raises(WireError):
        encode(value)


def test_a_handle_is_the_others_on_arrival_and_its_own_again_on_return():
    there = decode(encode([Handle(3, "function", {"name": "f"})]))
    assert there == [Handle(3, "function", {"name": "f"}, mine=False)]
    assert decode(encode(there)) == [Handle(3, "function", {"name": "f"}, mine=True)]


def test_other_objects_cross_by_what_stands_in_for_them():
    message = encode([len, 1], stand_in=lambda value: Handle(7, value.__name__))
    assert decode(message, resolve=lambda handle: (handle.id, handle.kind)) == [(7, "len"), 1]
