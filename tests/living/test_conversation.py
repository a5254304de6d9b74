"""Names of topics and queues in programs, as ActiveMQ shows them and exactly one, and who acknowledges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import labs
from lab.errors import BrokerError, InputError
from lab.history import Received, Settled, Subscribed, read
from lab.living.conversation import destination
from lab.living.lab import Live
from lab.runtime.messages import Destination


def test_a_destination_is_named_as_activemq_shows_it() -> None:
    assert destination(None, "orders") == Destination(kind="queue", name="orders")
    assert destination("prices.>", None) == Destination(kind="topic", name="prices.>")


@pytest.mark.parametrize(
    ("topic", "queue", "right"),
    [
        (None, "/queue/orders", "queue='orders'"),
        (None, "queue://orders", "queue='orders'"),
        ("queue:orders", None, "queue='orders'"),
        (None, "orders,/topic/prices", "queue='orders', or topic='prices'"),
        (None, "orders?consumer.prefetchSize=1", "queue='orders'"),
        (" a, Queue://b", None, "topic='a', or queue='b'"),
        (None, "/temp-queue/answers", "write a destination that is not temporary"),
        ("a", "b", "write topic='prices.eur' or queue='orders'"),
    ],
)
def test_a_protocols_name_is_refused(topic: str | None, queue: str | None, right: str) -> None:
    with pytest.raises(InputError) as refused:
        destination(topic, queue)
    assert refused.value.problems[0].remedy == right


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as lab:
        with lab.connect("tokyo", over="stomp") as tokyo:
            for body in "123":
                tokyo.publish(body, queue="q")
        yield lab


@pytest.mark.parametrize("over", ["stomp", "amqp"])
@pytest.mark.parametrize(("ack", "left"), [("client-individual", 2), ("client", 1)])
def test_what_is_not_acknowledged_stays_in_its_queue(live: Live, over: str, ack: str, left: int) -> None:
    with live.connect("tokyo", over=over, name="ear") as ear:
        ear.subscribe(queue="q", ack=ack, prefetch=2)
        messages = [ear.receive(), ear.receive()]
        assert [each.body for each in messages] == [b"1", b"2"]
        assert live.queued("tokyo", "q") == 3
        ear.acknowledge(messages[1])
        with pytest.raises(InputError, match="does not wait for an acknowledgement"):
            ear.acknowledge(messages[1])
    assert live.queued("tokyo", "q") == left
    seen = list(read(live.history.file.path).observations)
    assert [each.ack for each in seen if isinstance(each, Subscribed)] == [ack]
    assert all(each.pending for each in seen if isinstance(each, Received))
    settled = [each.id for each in seen if isinstance(each, Settled)]
    assert settled == [each.id for each in seen if isinstance(each, Received)][left == 2 : 2]


def test_what_the_broker_has_sent_in_mode_auto_awaits_nothing(live: Live) -> None:
    with live.connect("tokyo", over="stomp") as ear:
        ear.subscribe(queue="q")
        with pytest.raises(InputError, match="does not wait for an acknowledgement"):
            ear.acknowledge(ear.receive())
    assert live.queued("tokyo", "q") == 0


@pytest.mark.parametrize(
    ("over", "terms", "what"),
    [
        ("mqtt", {"selector": "a = 1"}, "selector='a = 1': MQTT has no selector"),
        ("mqtt-wss", {"ack": "client"}, "ack='client': MQTT has no ack"),
        ("mqtt", {"prefetch": 1}, "prefetch=1: MQTT has no prefetch"),
        ("stomp", {"ack": "never"}, "ack='never' is not a way to acknowledge"),
        ("amqp", {"prefetch": 0}, "prefetch=0 lets no message arrive"),
    ],
)
def test_terms_that_would_mean_nothing_are_refused(live: Live, over: str, terms: dict[str, Any], what: str) -> None:
    with live.connect("tokyo", over=over) as client, pytest.raises(InputError, match=what):
        client.subscribe(topic="prices", **terms)


@pytest.mark.parametrize("name", [">", "prices.*", "prices.>"])
def test_a_message_is_sent_to_one_destination(live: Live, name: str) -> None:
    with live.connect("tokyo", over="stomp") as client:
        for named in ({"topic": name}, {"queue": name}):
            with pytest.raises(InputError, match="a message is sent to one destination, not to"):
                client.publish("one", **named)


def test_silence_is_expected_and_a_message_ends_it_and_stays_there(live: Live) -> None:
    with live.connect("tokyo", over="stomp") as tokyo, live.connect("tokyo", name="ear") as ear:
        ear.subscribe(topic="prices")
        begun = live.lab.clock.now()
        ear.stays_silent(within=5)
        assert live.lab.clock.now() - begun >= 5
        tokyo.publish("x" * 100, topic="prices")
        with pytest.raises(AssertionError, match=r"a message of .*prices came .* 5 s: b'x+' … \(100 bytes\)"):
            ear.stays_silent(within=5)
        assert ear.receive().body == b"x" * 100


def test_a_client_that_cannot_hear_shows_no_silence(live: Live) -> None:
    with live.connect("tokyo", name="deaf") as deaf, pytest.raises(InputError, match="deaf has no subscription"):
        deaf.stays_silent(within=1)
    with live.connect("tokyo", on_message=lambda message: None) as handed_on:
        handed_on.subscribe(topic="prices")
        with pytest.raises(InputError, match="on_message takes the messages"):
            handed_on.stays_silent(within=1)
    with live.connect("tokyo") as closed:
        closed.subscribe(topic="prices")
    with pytest.raises(InputError, match="no subscription"):
        closed.stays_silent(within=1)


def test_a_connection_that_is_lost_is_no_silence(live: Live) -> None:
    ear = live.connect("singapore")
    ear.subscribe(topic="prices")
    live.kill("singapore")
    with pytest.raises(BrokerError, match="connection was lost"):
        ear.stays_silent(within=600)
