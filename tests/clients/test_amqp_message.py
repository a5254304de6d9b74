"""What the AMQP client writes and reads itself is what proton would have written and read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proton import Message, ProtonException, symbol

from lab.clients.amqp_message import decode, encode, reply_to, whole
from lab.runtime.messages import Destination, Outgoing, Shown

TO = Destination(kind="topic", name="t")
ANY = Destination(kind="topic", name=">")
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)

# Received from ActiveMQ 5.18.3, sent over STOMP (header, annotations, properties, own properties, data) and MQTT.
OVER_STOMP = (
    b"\x00Sp\xc0\t\x03@P\x07p\x00\x00u)\x00Sr\xc1\x13\x02\xa3\x0ex-opt-jms-destQ\x01\x00Ss\xd0\x00\x00\x00Z\x00\x00\x00\x0b"
    b"\xa1'ID:tokyo-33451-1795575976707-7:1:-1:1:2@\xa1\x0etopic://see.it@@@@@\x83\x00\x00\x01\xa2\x10\xb8>\x1e\x83\x00\x00"
    b"\x01\xa2\x10\xb7\xc8\xf2\xa1\x03grp\x00St\xc1\x1c\x04\xa1\x08mqlab_id\xa1\x07run/1-1\xa1\x03own\xa1\x01x\x00Su\xa0\x03..."
)
OVER_MQTT = (
    b"\x00Sp\xc0\x02\x01A\x00Sr\xc1\x13\x02\xa3\x0ex-opt-jms-destQ\x01\x00Ss\xd0\x00\x00\x00M\x00\x00\x00\n"
    b"\xa1'ID:tokyo-33451-1795575976707-8:1:-1:1:1@\xa1\x0etopic://see.it@@@@@@\x83\x00\x00\x01\xa2\x10\xb7\xca\xfe"
    b"\x00St\xc1\x16\x02\xa1\x11ActiveMQ.MQTT.QoST\x01\x00Su\xa0\x03..."
)


def by_proton(octets: bytes) -> Any:
    message = Message()
    message.decode(octets)
    return message


@given(
    body=st.binary(max_size=400),
    headers=st.dictionaries(TEXTS, TEXTS, max_size=4),
    persistent=st.booleans(),
    expiry=st.none() | st.floats(0.001, 1e6),
    group=st.none() | TEXTS.filter(lambda text: "\0" not in text),
    priority=st.none() | st.integers(0, 9),
)
def test_a_message_is_written_as_proton_writes_it(
    body: bytes,
    headers: dict[str, str],
    persistent: bool,
    expiry: float | None,
    group: str | None,
    priority: int | None,
) -> None:
    theirs: Any = Message(body=body, inferred=True, durable=persistent, group_id=group, ttl=expiry or 0.0)
    theirs.properties = headers or None
    if priority is not None:
        theirs.priority = priority
    ours = Outgoing("1-1", TO, body, headers, 1, persistent, False, expiry, group, priority)
    assert encode(ours) == bytes(theirs.encode())


@given(text=TEXTS)
def test_a_text_is_written_as_proton_writes_it(text: str) -> None:
    ours = Outgoing("1-1", TO, text.encode(), {}, 1, True, False, text=True)
    assert encode(ours) == bytes(Message(body=text, inferred=True, durable=True).encode())  # type: ignore[no-untyped-call]
    assert decode(encode(ours)).body == text.encode()


def test_no_text_is_made_of_octets_that_are_none() -> None:
    assert encode(Outgoing("1-1", TO, b"\xff", {}, 1, True, False, text=True)).endswith(b"\x00Su\xa0\x01\xff")


def test_what_a_broker_shows_of_a_message() -> None:
    see = Destination(kind="topic", name="see.it")
    assert whole(OVER_STOMP, ANY) == Shown(
        see,
        {"mqlab_id": "run/1-1", "own": "x"},
        persistent=False,
        priority=7,
        expiry=29.996,
        group="grp",
        type="bytes",
        id="ID:tokyo-33451-1795575976707-7:1:-1:1:2",
    )
    assert whole(OVER_MQTT, ANY) == Shown(
        see,
        {},  # ActiveMQ.MQTT.QoS, which it has, is the broker's
        persistent=True,
        priority=4,
        type="bytes",
        id="ID:tokyo-33451-1795575976707-8:1:-1:1:1",
    )


@pytest.mark.parametrize(
    ("body", "kind"), [("text", "text"), (b"octets", "bytes"), (None, "bytes"), ({"a": 1}, "map"), ([1], "list")]
)
def test_the_kind_of_a_body(body: object, kind: str) -> None:
    its: Any = Message(body=body, address="topic://q", properties={"n": 1, "yes": True, "x": 1.5, "t": "t"})
    found = whole(bytes(its.encode()), ANY)
    assert found is not None
    assert (found.type, found.headers) == (kind, {"n": "1", "yes": "true", "x": "1.5", "t": "t"})


@pytest.mark.parametrize("octets", [b"no message", bytes(Message(body=b"", address="q").encode())])  # type: ignore[no-untyped-call]
def test_a_message_that_names_no_destination_shows_nothing(octets: bytes) -> None:
    assert whole(octets, ANY) is None


def test_a_message_that_names_no_destination_was_sent_to_the_one_that_is_subscribed_to() -> None:
    found = whole(encode(Outgoing("1-1", TO, b"x", {"k": "v"}, 1, True, False)), TO)
    assert found == Shown(TO, {"k": "v"}, persistent=True, priority=4, type="bytes")


@pytest.mark.parametrize("address", ["topic://other", "queue://see.it", "http://x", "topic://see.>", ""])
def test_what_a_sender_names_is_not_where_it_came_from(address: str) -> None:
    one, several = TO, Destination(kind="topic", name="prices.*")
    octets = bytes(Message(body=b"", address=address).encode())  # type: ignore[no-untyped-call]
    found = whole(octets, one)
    assert found is not None
    assert found.sent_to == one
    assert whole(octets, several) is None
    assert whole(octets, Destination(kind="queue", name="a,b")) is None, "each part is a queue of its own"


@pytest.mark.parametrize(("expiry", "ms"), [(0.0001, 1), (0.0, 1), (0.02, 20), (None, 0)])
def test_what_is_to_expire_at_once_is_not_kept_for_ever(expiry: float | None, ms: int) -> None:
    octets = encode(Outgoing("1-1", TO, b"", {}, 1, True, False, expiry))
    assert round(by_proton(octets).ttl * 1000) == ms


@pytest.mark.parametrize("size", [0, 255, 256, 70_000])
def test_long_texts_and_bodies_come_back(size: int) -> None:
    headers = {"a": "€" * size, "b" * max(size, 1): ""}
    found = decode(encode(Outgoing("1-1", TO, b"x" * size, headers, 1, True, False)))
    assert found == (b"x" * size, headers, False)


@pytest.mark.parametrize(
    ("octets", "properties"),
    [(OVER_STOMP, {"mqlab_id": "run/1-1", "own": "x"}), (OVER_MQTT, {"ActiveMQ.MQTT.QoS": 1})],
)
def test_what_a_broker_makes_of_other_protocols_is_read(octets: bytes, properties: dict[str, Any]) -> None:
    assert decode(octets) == (b"...", properties, False)


@given(
    body=st.none() | st.binary(max_size=400) | TEXTS | st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=3),
    properties=st.none() | st.dictionaries(TEXTS, TEXTS | st.integers(-9, 9) | st.booleans() | st.none(), max_size=4),
    delivered=st.integers(0, 3),
    durable=st.booleans(),
    inferred=st.booleans(),
    annotated=st.booleans(),
    priority=st.integers(0, 9),
)
def test_a_message_is_read_as_proton_reads_it(
    body: Any, properties: dict[str, Any] | None, delivered: int, annotated: bool, **fields: Any
) -> None:
    message: Any = Message(body=body, properties=properties, delivery_count=delivered, **fields)
    if annotated:
        message.annotations = {symbol("x-opt-a"): 1}
        message.correlation_id = "€" * 300
    octets = bytes(message.encode())
    theirs = by_proton(octets)
    found = decode(octets)
    assert found.properties == (theirs.properties or {})
    assert found.redelivered == (delivered > 0)
    if isinstance(theirs.body, bytes | memoryview):
        assert found.body == bytes(theirs.body)
    elif theirs.body is None:
        assert found.body == b""
    else:
        assert found.body == str(theirs.body).encode()


@given(cut=st.integers(1, len(OVER_STOMP) - 1))
def test_what_is_cut_short_is_read_by_proton_alone(cut: int) -> None:
    octets = OVER_STOMP[:cut]
    try:
        theirs = by_proton(octets)
    except ProtonException:
        assert decode(octets) == (octets, {}, False)
    else:
        found = decode(octets)
        assert (found.properties, found.body) == (theirs.properties or {}, bytes(theirs.body or b""))


@pytest.mark.parametrize("more", [b"\x00Sx\xc1\x01\x00", b"\x00Su\xa0\x03+++", b"\x00"])
def test_what_follows_a_body_is_for_proton(more: bytes) -> None:
    try:
        theirs = by_proton(OVER_STOMP + more)  # which its body is a view of
    except ProtonException:
        assert decode(OVER_STOMP + more) == (OVER_STOMP + more, {}, False)
    else:
        assert decode(OVER_STOMP + more).body == bytes(theirs.body)


def test_a_message_of_no_octets_does_not_end_the_process() -> None:
    assert decode(b"") == (b"", {}, False)
    assert whole(b"", TO) is None
    assert reply_to(b"") is None


@given(octets=st.binary(max_size=40).map(lambda end: b"\x00Sp\xc0" + end) | st.binary(max_size=40))
def test_no_octets_make_a_client_stumble(octets: bytes) -> None:
    assert isinstance(decode(octets).body, bytes)


def test_a_property_that_is_no_text_is_shown_as_far_as_it_is_one() -> None:
    assert decode(OVER_STOMP.replace(b"\xa1\x01x", b"\xa1\x01\xff")).properties["own"] == "\ufffd"


REDELIVERED = OVER_STOMP.replace(b"\x00Sp\xc0\t\x03@P\x07p\x00\x00u)", b"\x00Sp\xc0\r\x05@P\x07p\x00\x00u)@R\x01")


@pytest.mark.parametrize(
    "octets",
    [
        REDELIVERED.replace(b"\xa1\x01x", b"\xa1\x01\xff"),
        b"\x00St\xc1\x0a\x04\xa1\x01a\xa1\x01\xff\xa1\x01bA\x00Su\xa0\x01.",  # beside a boolean
        b"\x00Sw\xa1\x01\xff",  # the body
    ],
)
def test_what_proton_cannot_read_is_given_as_it_is(octets: bytes) -> None:
    assert decode(REDELIVERED) == (b"...", {"mqlab_id": "run/1-1", "own": "x"}, True)
    assert decode(octets) == (octets, {}, False)
