"""Reading in large pieces loses nothing: not what came before an end, and not why it ended."""

from __future__ import annotations

import ssl

import pytest

from lab.clients.buffered_socket import BufferedStream


class Records:
    """A TLS socket that gives one record at a time, as a broker wrote them; an error is raised when it is its turn."""

    def __init__(self, *records: bytes | OSError) -> None:
        self.left = list(records)

    def recv(self, size: int) -> bytes:
        if not self.left:
            raise ssl.SSLWantReadError
        record = self.left.pop(0)
        if isinstance(record, OSError):
            raise record
        if len(record) > size:
            self.left.insert(0, record[size:])
        return record[:size]

    def pending(self) -> int:
        return 0  # OpenSSL knows of a record only once it has begun to read it


def test_many_small_records_are_one_piece() -> None:
    stream = BufferedStream(Records(b"one ", b"two ", b"three"))
    assert stream.recv(1000) == b"one two three"
    with pytest.raises(ssl.SSLWantReadError):
        stream.recv(1000)


def test_no_more_is_read_than_is_handled_at_once() -> None:
    below = Records(*[b"." * 16_384] * 6)
    stream = BufferedStream(below)
    assert len(stream.take()) == 65_536
    assert len(below.left) == 2


def test_no_record_is_read_in_part() -> None:
    """What is left of one is with OpenSSL, where a selector does not see it: who waits for more waits in vain."""
    below = Records(b"few", *[b"." * 16_384] * 5)
    assert len(BufferedStream(below).take()) == 3 + 4 * 16_384
    assert [len(record) for record in below.left] == [16_384]


def test_what_was_read_is_given_in_the_portions_asked_for() -> None:
    stream = BufferedStream(Records(b"one ", b"two"))
    assert [stream.recv(3), stream.readable(), stream.recv(100), stream.readable()] == [b"one", True, b" two", False]


def test_an_end_comes_after_all_that_was_said() -> None:
    stream = BufferedStream(Records(b"one ", b"two", b""))
    assert stream.recv(1000) == b"one two"
    assert stream.readable()
    assert [stream.recv(1000), stream.recv(1000)] == [b"", b""]


def test_an_error_comes_after_all_that_was_said() -> None:
    stream = BufferedStream(Records(b"one ", b"two", ConnectionResetError("gone")))
    assert stream.recv(1000) == b"one two"
    assert stream.readable()
    for _ in range(2):
        with pytest.raises(ConnectionResetError, match="gone"):
            stream.recv(1000)


def test_an_end_at_once_is_an_end() -> None:
    assert BufferedStream(Records(b"")).recv(1000) == b""
    with pytest.raises(ConnectionResetError):
        BufferedStream(Records(ConnectionResetError("gone"))).recv(1000)
