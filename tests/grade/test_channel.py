"""Messages come whole, in time, within the limit, or not at all."""

import os
import socket
import struct
import threading
import time

import pytest

from xraydojo.grade.channel import Channel, Closed, Late, pair, receive_with_files, send_with_files
from xraydojo.grade.wire import Limits, WireError


@pytest.fixture
def ends():
    """Return a channel, and the socket at its other end."""
    ours, theirs = pair()
    with ours, theirs:
        yield Channel(ours, Limits(bytes=5_000_000)), theirs


def test_messages_arrive_whole_and_in_their_order(ends):
    channel, other = ends
    sent = [b"", b"a", os.urandom(3_000_000)]
    sender = threading.Thread(target=lambda: [Channel(other).send(message) for message in sent])
    sender.start()
    assert [channel.receive() for _ in sent] == sent
    sender.join()


def test_after_the_deadline_nothing_is_read_however_much_waits(ends):
    channel, other = ends
    other.sendall(struct.pack("<I", 0) * 10)
    assert channel.receive(time.monotonic() + 1) == b""
    with pytest.raises(Late):
        channel.receive(time.monotonic() - 1)
    assert not channel.torn


def test_a_message_that_stops_half_way_is_late_and_tears_the_channel(ends):
    channel, other = ends
    other.sendall(struct.pack("<I", 10) + b"half")
    with pytest.raises(Late):
        channel.receive(time.monotonic() + 0.05)
    assert channel.torn


def test_a_reader_who_does_not_read_makes_the_sender_late(ends):
    channel, _ = ends
    with pytest.raises(Late):
        channel.send(bytes(5_000_000), time.monotonic() + 0.05)
    assert channel.torn


def test_a_message_over_the_limit_is_refused_before_it_is_read(ends):
    channel, other = ends
    other.sendall(struct.pack("<I", 5_000_001))
    with pytest.raises(WireError, match="5000001 bytes"):
        channel.receive(time.monotonic() + 1)
    with pytest.raises(WireError, match="more than 5000000 bytes"):
        channel.send(bytes(5_000_001))


def test_the_others_end_is_known(ends):
    channel, other = ends
    other.sendall(b"\1\0")
    other.close()
    with pytest.raises(Closed):
        channel.receive()
    with pytest.raises(Closed):
        channel.send(b"x")


def test_open_files_go_with_a_message(tmp_path):
    (tmp_path / "x").write_text("content")
    ours, theirs = pair()
    with ours, theirs, open(tmp_path / "x") as file:
        send_with_files(ours, b"message", [file.fileno()])
        message, (received,) = receive_with_files(theirs)
        assert message == b"message" and os.read(received, 99) == b"content"
        os.close(received)
        ours.shutdown(socket.SHUT_WR)
        assert receive_with_files(theirs) == (b"", [])
