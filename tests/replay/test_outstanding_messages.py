"""Only what a broker accepted is expected, once, to each subscription of a topic and to one of a queue's consumers."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.activemq.matching import digest
from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.history import Acknowledged, ClientChanged, Publishing, Received, SendOutcome, Sent, Subscribed, Unsubscribed
from lab.history.expected.incremental import Expected, undecided
from lab.replay.outstanding_messages import Outstanding
from lab.replay.settling import expected_arrivals


class Seen(Outstanding):
    """Tokyo's and Singapore's brokers, which no bridge joins."""

    def __init__(
        self,
        *clients: str,
        to: str = "topic://a",
        expected: Expected = undecided,
    ) -> None:
        super().__init__(lambda source, target: source == target, expected)
        self.to = to
        for client in clients:
            self.record(Subscribed(t=0, client=client, broker="tokyo", over="stomp", destination=to, step=1))

    def publishing(self, step: int, count: int, *, broker: str = "tokyo", body: str = "generated") -> None:
        self.record(
            Publishing(
                t=0, step=step, client="p", broker=broker, over="stomp", destination=self.to, count=count,
                persistent=True, body=body,
            )
        )  # fmt: skip

    def accepted(self, id: str, outcome: SendOutcome = SendOutcome.OK) -> None:
        self.record(Acknowledged(t=0, id=id, outcome=outcome))

    def received(self, client: str, id: str | None = None, digest: str | None = None) -> None:
        self.record(Received(t=0, client=client, destination=self.to, id=id, digest=digest))


def test_nothing_is_expected_before_the_broker_accepts() -> None:
    seen = Seen("one")
    seen.publishing(2, 2)
    assert seen.is_empty()
    seen.accepted("2-1")
    assert not seen.is_empty()
    seen.received("one", "2-1")
    assert seen.is_empty()


def test_each_part_of_a_composite_name_expects_its_own_also_to_one_who_comes_later() -> None:
    seen = Seen(to="queue://a,b")
    seen.publishing(2, 1)
    for part in ("queue://a", "queue://b"):
        seen.record(Subscribed(t=1, client=f"at-{part}", broker="tokyo", over="stomp", destination=part, step=3))
    seen.accepted("2-1")
    for part in ("queue://a", "queue://b"):
        assert not seen.is_empty()
        seen.record(Received(t=2, client=f"at-{part}", destination=part, id="2-1"))
    assert seen.is_empty()


def test_a_queue_behind_a_virtual_topic_expects_what_is_sent_to_the_topic() -> None:
    seen = Seen(to="topic://VirtualTopic.a")
    queue = "queue://Consumer.one.VirtualTopic.a"
    seen.record(Subscribed(t=0, client="one", broker="tokyo", over="stomp", destination=queue, step=1))
    seen.publishing(2, 1)
    seen.accepted("2-1")
    assert not seen.is_empty()
    seen.record(Received(t=2, client="one", destination=queue, id="2-1"))
    assert seen.is_empty()


def test_an_arrival_may_be_faster_than_the_outcome_and_than_the_subscription() -> None:
    seen = Seen()
    seen.received("one", "9-1")
    seen.record(Subscribed(t=0, client="one", broker="tokyo", over="stomp", destination="topic://a", step=1))
    seen.publishing(2, 2)
    seen.received("one", "2-1")
    seen.accepted("2-1")
    assert seen.is_empty()


def test_a_duplicate_does_not_stand_for_what_is_missing() -> None:
    seen = Seen("one")
    seen.publishing(2, 2)
    seen.accepted("2-1")
    seen.accepted("2-2")
    for _ in range(3):
        seen.received("one", "2-1")
    assert not seen.is_empty()


def test_what_was_not_accepted_is_not_expected() -> None:
    seen = Seen("one")
    seen.publishing(2, 2)
    seen.accepted("2-1", SendOutcome.FAILED)
    seen.accepted("2-2", SendOutcome.UNKNOWN)
    assert seen.is_empty()


def test_every_topic_subscription_is_expected_but_only_one_of_a_queue() -> None:
    for to, content in (("topic://a", False), ("queue://a", True)):
        seen = Seen("one", "two", to=to)
        seen.publishing(3, 1)
        seen.accepted("3-1")
        seen.received("two", "3-1")
        assert seen.is_empty() is content


def test_those_out_of_reach_or_gone_are_expected_to_receive_nothing() -> None:
    seen = Seen("one")
    seen.publishing(2, 1, broker="singapore")
    seen.accepted("2-1")
    assert seen.is_empty()
    seen.publishing(3, 1)
    seen.accepted("3-1")
    assert not seen.is_empty()
    seen.record(Unsubscribed(t=0, client="one", broker="tokyo", destination="topic://a"))
    assert seen.is_empty()


def test_what_is_expected_to_arrive_is_expected_to_those_out_of_reach_too() -> None:
    seen = Seen("one", expected=lambda client, at, destination, sender: True)
    seen.publishing(2, 1, broker="singapore")
    seen.accepted("2-1")
    assert not seen.is_empty()
    seen.received("one", "2-1")
    assert seen.is_empty()


def test_those_who_subscribe_later_are_expected_to_receive_nothing() -> None:
    seen = Seen()
    seen.publishing(2, 1)
    seen.record(Sent(t=0, id="2-1"))
    seen.record(Subscribed(t=0, client="one", broker="tokyo", over="stomp", destination="topic://a", step=3))
    seen.accepted("2-1")
    assert seen.is_empty()


def test_given_bodies_are_counted_by_digest_and_foreign_ones_are_not() -> None:
    seen = Seen("one")
    seen.publishing(2, 2, body="given")
    for each in ("2-1", "2-2"):
        seen.record(Sent(t=0, id=each, digest="same"))
        seen.accepted(each)
    seen.received("one", digest="foreign")
    seen.received("one", digest="same")
    assert not seen.is_empty()
    seen.received("one", digest="same")
    assert seen.is_empty()


def test_a_given_body_may_be_known_by_its_header() -> None:
    seen = Seen("one")
    seen.publishing(2, 2, body="given")
    for each in ("2-1", "2-2"):
        seen.record(Sent(t=0, id=each, digest="same"))
        seen.accepted(each)
    seen.received("one", "2-1")
    seen.received("one", "2-1")
    assert not seen.is_empty()
    seen.received("one", "2-2")
    assert seen.is_empty()


def test_a_given_body_of_unknown_outcome_is_listened_for_to_the_end() -> None:
    seen = Seen("one")
    seen.publishing(2, 2, body="given")
    seen.record(Sent(t=0, id="2-1", digest="same"))
    seen.accepted("2-1")
    seen.accepted("2-2", SendOutcome.UNKNOWN)
    seen.received("one", digest="same")
    assert not seen.is_empty()


def test_what_is_not_to_come_is_not_waited_for() -> None:
    seen = Seen(
        "one",
        "two",
        expected=lambda client, at, destination, sender: (
            False if (client, destination) == ("one", "topic://a") else None
        ),
    )
    seen.publishing(2, 1)
    seen.accepted("2-1")
    assert not seen.is_empty(), "two is expected to receive it"
    seen.received("two", "2-1")
    assert seen.is_empty()


@pytest.mark.parametrize(
    ("expectations", "arrives"),
    [
        ("{to: tk, promise: nothing}", False),
        ("{topic: a, promise: nothing}", False),
        ("{to: tk, topic: a.>, promise: nothing}", False),
        ("{to: tk, topic: b, promise: nothing}", None),
        ("{to: sg, promise: nothing}", None),
        ("{to: tk, topic: a, promise: nothing}, {to: tk, promise: at-least-once}", True),
        ("{to: tk, topic: b, promise: exactly-once}, {to: tk, topic: a, promise: nothing}", False),
        ("{to: tk, at: tokyo, promise: nothing}", False),
        ("{to: tk, at: singapore, promise: nothing}", None),
        ("{to: tk, from: sg, promise: nothing}", None),
        ("{to: tk, from: tk, promise: nothing}", False),
    ],
)
def test_an_expectation_of_silence_spares_only_what_no_other_expectation_is_about(
    tmp_path: Path, expectations: str, arrives: bool | None
) -> None:
    path = tmp_path / "scenario.yaml"
    expect = "".join(f"  - delivered: {each}\n" for each in expectations.replace("}, {", "}\n{").splitlines())
    path.write_text(
        f"scenario: s\ntopology: {shipped('scenarios') / 'topologies' / 'tokyo-singapore.yaml'}\nsteps:\n"
        "  - subscribe: {client: tk, broker: tokyo, over: stomp, topic: '>'}\n"
        "  - subscribe: {client: sg, broker: tokyo, over: stomp, topic: '>'}\n"
        "  - publish: {broker: tokyo, over: stomp, topic: a, count: 1}\n"
        "  - publish: {broker: tokyo, over: stomp, topic: b, count: 1}\n"
        f"expect:\n{expect}"
    )
    assert expected_arrivals(load(path, environment={}))("tk", "tokyo", "topic://a", "tk") is arrives


def retained(seen: Seen, step: int, body: bytes) -> None:
    """Publish one retained message with a given body, and let the broker accept it."""
    seen.record(
        Publishing(
            t=0, step=step, client="p", broker="tokyo", over="mqtt", destination=seen.to, count=1, persistent=True,
            body="given", retained=True,
        )
    )  # fmt: skip
    seen.record(Sent(t=1, id=f"{step}-1", digest=digest(body)))
    seen.accepted(f"{step}-1")


def subscribe(seen: Seen, client: str, to: str, *, over: str = "mqtt", selector: str | None = None) -> None:
    seen.record(Subscribed(t=5, client=client, broker="tokyo", over=over, destination=to, step=9, selector=selector))


def test_a_retained_message_is_expected_to_a_new_mqtt_subscriber_from_its_subscription_on() -> None:
    seen = Seen()
    retained(seen, 2, b"price")
    assert seen.is_empty()
    subscribe(seen, "one", "topic://a")
    assert (seen.is_empty(), seen.last_sent, seen.last_due) == (False, 1, 5)
    seen.received("one", digest=digest(b"price"))
    assert seen.is_empty()


def test_an_empty_retained_message_leaves_nothing_to_be_expected() -> None:
    seen = Seen()
    retained(seen, 2, b"price")
    retained(seen, 3, b"")
    subscribe(seen, "one", "topic://a")
    assert seen.is_empty()


def test_a_queue_keeps_what_its_consumer_does_not_select_for_the_next_one() -> None:
    seen = Seen(to="queue://q")
    subscribe(seen, "picky", "queue://q", over="stomp", selector="region = 'eu'")
    seen.publishing(2, 1)
    seen.accepted("2-1")
    assert seen.is_empty()
    subscribe(seen, "any", "queue://q", over="stomp")
    assert not seen.is_empty()
    seen.received("any", "2-1")
    assert seen.is_empty()


def test_overlapping_subscriptions_of_an_mqtt_client_expect_a_message_together() -> None:
    seen = Seen(to="topic://p.eur")
    for to in ("topic://p.>", "topic://p.eur"):
        subscribe(seen, "one", to)
    subscribe(seen, "two", "topic://p.eur")
    seen.publishing(2, 1)
    seen.accepted("2-1")
    seen.record(Received(t=2, client="one", destination="topic://p.>", id="2-1"))
    assert not seen.is_empty()
    seen.received("two", "2-1")
    assert seen.is_empty()


def test_given_bodies_and_retained_ones_come_to_overlapping_subscriptions_together() -> None:
    seen = Seen(to="topic://p.eur")
    retained(seen, 2, b"price")
    for to in ("topic://p.>", "topic://p.eur"):
        subscribe(seen, "one", to)
    seen.record(Received(t=6, client="one", destination="topic://p.>", digest=digest(b"price"), retained=True))
    assert seen.is_empty()


def test_what_is_kept_with_given_bodies_can_be_delivered_from_a_return_on() -> None:
    seen = Seen()
    away = {"client": "one", "broker": "tokyo", "over": "stomp", "destination": "topic://a", "durable": True, "step": 1}
    seen.record(Subscribed(t=0, **away))
    seen.record(ClientChanged(t=1, client="one", broker="tokyo", state="disconnected"))
    seen.publishing(2, 1, body="given")
    seen.record(Sent(t=2, id="2-1", digest=digest(b"order")))
    seen.accepted("2-1")
    seen.record(Subscribed(t=30, **away))
    assert (seen.is_empty(), seen.last_due, seen.last_return) == (False, 30, 30)


def test_a_queue_is_listened_to_from_the_coming_of_one_who_is_to_hear_nothing() -> None:
    seen = Seen(to="queue://q", expected=lambda client, at, destination, sender: False if client == "late" else None)
    seen.publishing(2, 1)
    seen.record(Sent(t=1, id="2-1"))
    subscribe(seen, "late", "queue://q", over="stomp")
    assert seen.last_due == 5


@pytest.mark.parametrize("body", ["generated", "given"])
@pytest.mark.parametrize("count", [3, None], ids=["publish", "traffic"])
def test_one_who_comes_while_a_step_sends_is_expected_to_receive_what_is_sent_from_then_on(
    count: int | None, body: str
) -> None:
    seen = Seen()
    publishing = Publishing(
        t=0, step=2, client="p", broker="tokyo", over="stomp", destination="topic://a", count=count, persistent=True,
        body=body,
    )  # fmt: skip
    known = digest(b"x") if body == "given" else None
    seen.record(publishing)
    seen.record(Sent(t=0, id="2-1", digest=known))
    seen.accepted("2-1")
    seen.record(Subscribed(t=1, client="late", broker="tokyo", over="stomp", destination="topic://a", step=3))
    assert seen.is_empty()
    for number in (2, 3):
        seen.record(Sent(t=1, id=f"2-{number}", digest=known))
        seen.accepted(f"2-{number}")
    assert not seen.is_empty()
    for number in (2, 3):
        seen.received("late", None if known else f"2-{number}", known)
    assert seen.is_empty()
    seen.record(Subscribed(t=2, client="later", broker="tokyo", over="stomp", destination="topic://a", step=4))
    assert seen.is_empty()
