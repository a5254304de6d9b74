"""What was sent over AMQP is known again in the octets that a broker makes of it for other protocols."""

from __future__ import annotations

from typing import Any

import pytest
from proton import Message, symbol

from lab.activemq.amqp_encoding import decode
from lab.activemq.matching import HEADER, digest, identify, make_body, number_body

# Received over MQTT from ActiveMQ 5.18.3, sent over AMQP: header, message annotations, properties, data.
FROM_A_BROKER = (
    b"\x00Sp\xc0\x02\x01A\x00SsE\x00St\xd1\x00\x00\x00\x19\x00\x00\x00\x02\xa1\x08mqlab_id\xa1\trun:1/1-1"
    b"\x00Su\xa0\x07\xe2\x82\xac\xc3\xbc{{"
)


def encoded(body: Any, **properties: Any) -> bytes:
    message: Any = Message(body=body, inferred=True, durable=True, ttl=5.0, group_id="g")
    message.properties = properties or None
    message.annotations = {symbol("x-opt-a"): 1}
    octets: bytes = message.encode()
    return octets


def test_what_a_broker_hands_on_is_read() -> None:
    found = decode(FROM_A_BROKER)
    assert found is not None
    assert (found.body, found.properties) == ("€ü{{".encode(), {"mqlab_id": "run:1/1-1"})
    assert identify(FROM_A_BROKER, {}, "run:1") == ("1-1", None)


@pytest.mark.parametrize("size", [0, 1, 300, 70_000])
@pytest.mark.parametrize("kind", [bytes, str])
def test_bodies_of_every_size_and_kind(size: int, kind: type) -> None:
    body: Any = b"x" * size if kind is bytes else "x" * size
    found = decode(encoded(body, colour="red" * 100, size=12, yes=True, nothing=None))
    assert found is not None
    assert (found.body, found.properties) == (b"x" * size, {"colour": "red" * 100})


def test_an_id_is_found_in_header_or_body_and_else_the_digest_is_of_the_body_alone() -> None:
    assert identify(encoded(b"mine", **{HEADER: "run/3-17"}), {}, "run") == ("3-17", None)
    assert identify(encoded(make_body("run", "3-17", 500)), {}, "run") == ("3-17", None)
    assert identify(encoded(b"mine", **{HEADER: "other/3-17"}), {}, "run") == (None, digest(b"mine"))
    assert identify(encoded(b"mine"), {}, "run") == (None, digest(b"mine"))


@pytest.mark.parametrize("at", range(2, len(FROM_A_BROKER) - 1))
def test_octets_that_are_no_whole_message_are_a_body_as_any_other(at: int) -> None:
    cut = FROM_A_BROKER[:at]
    found = decode(cut)
    assert found is None or encoded_again(cut)
    if found is None:
        assert identify(cut, {}, "run:1") == (None, digest(cut))


def encoded_again(octets: bytes) -> bool:
    """Tell whether octets end where a section does: such a message is whole, and has no body."""
    return octets in (FROM_A_BROKER[:7], FROM_A_BROKER[:11], FROM_A_BROKER[:44])


def test_bodies_that_only_begin_like_one() -> None:
    for body in (b"\x00S", b"\x00Sp", b"\x00S\x00", b"\x00Sa lot of text", number_body("\x00Sp{n}", 1)):
        assert decode(body) is None
        assert identify(body, {}, "run") == (None, digest(body))
