"""Who is expected to receive a message: overlaps, retained messages, expiry, clients that leave, replaced bodies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from lab.activemq.matching import digest, digest_as_text
from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered, Duplicates, Ordered
from lab.history import Ended, Observation, Received, Sent, Subscribed, Unsubscribed
from lab.judge import Streamed, judge
from lab.judge.values import Outcome, Verdict

from .test_not_better_than_known import lost, received, sent, subscribed, verdict
from .test_truth import HEADER

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN


def delivered(topic: str, promise: str = "exactly-once", **more: Any) -> Delivered:
    return Delivered.model_validate({"topic": topic, "promise": promise, "within": "5s", **more})


def publishing(t: float, topic: str, count: int = 1, **common: Any) -> list[Observation]:
    """Return the lines of a step that sends to a topic, with other facts of its messages."""
    seen = sent(t, count=count, destination=f"topic://{topic}")
    return [each.with_fields(**common) if type(each).__name__ == "Publishing" else each for each in seen]


def left(t: float, client: str, topic: str) -> Unsubscribed:
    return Unsubscribed(t=t, client=client, broker="tokyo", destination=f"topic://{topic}")


# One client, several subscriptions


@pytest.mark.parametrize(
    ("times", "promise", "outcome"),
    [
        (0, "at-least-once", FAILED),
        (1, "exactly-once", PASSED),
        (2, "exactly-once", PASSED),
        (3, "exactly-once", FAILED),
    ],
)
def test_mqtt_subscriptions_that_overlap_receive_a_message_together(times: int, promise: str, outcome: Outcome) -> None:
    seen: list[Observation] = [subscribed(0, "ear", "topic://p.>"), subscribed(0, "ear", "topic://p.eur")]
    seen += sent(1, destination="topic://p.eur")
    seen += [received(1.1, "ear", destination="topic://p.>") for _ in range(times)]
    its = verdict(delivered("p.eur", promise), *seen)
    assert its.outcome is outcome, its.reason


def test_mqtt_subscriptions_of_two_clients_do_not_receive_a_message_for_each_other() -> None:
    seen: list[Observation] = [subscribed(0, "one", "topic://p.>"), subscribed(0, "two", "topic://p.eur")]
    seen += [*sent(1, destination="topic://p.eur"), received(1.1, "one", destination="topic://p.>")]
    assert verdict(delivered("p.eur"), *seen).outcome is FAILED


@pytest.mark.parametrize(("times", "outcome"), [(2, PASSED), (3, FAILED)])
def test_a_stomp_client_that_subscribes_twice_receives_each_message_twice(times: int, outcome: Outcome) -> None:
    seen: list[Observation] = [subscribed(at, "ear", "topic://x", "stomp") for at in (0, 0.5)]
    seen += [*sent(1), *(received(1.1, "ear") for _ in range(times))]
    its = verdict(Duplicates.model_validate({"topic": "x"}), *seen)
    assert its.outcome is outcome, its.reason


# Retained messages


def retained(t: float, step: int, body: bytes = b"price") -> list[Observation]:
    """Return the lines of a step that publishes one retained message with a given body."""
    lines = publishing(t, "x", retained=True, body="given")
    known: dict[str, Any] = {"Publishing": {"step": step}, "Sent": {"digest": digest(body)}}
    found = []
    for each in lines:
        kind = type(each).__name__
        if kind in ("Sent", "Acknowledged"):
            each = each.with_fields(id=f"{step}-1", **known.get(kind, {}))
        elif kind == "Publishing":
            each = each.with_fields(step=step)
        else:
            each = each.with_fields(step=step) if hasattr(each, "step") else each
        found.append(each)
    return found


def test_a_new_mqtt_subscriber_is_expected_to_receive_the_retained_message() -> None:
    seen = [*retained(1, 2), subscribed(2, "ear")]
    assert verdict(delivered("x"), *seen).outcome is FAILED


def test_an_empty_retained_message_deletes_the_one_before_it_and_comes_to_nobody_later() -> None:
    seen = [*retained(1, 2), *retained(1.5, 3, b""), subscribed(2, "ear")]
    its = verdict(delivered("x"), *seen)
    assert (its.outcome, "nothing was sent" in its.reason) == (UNKNOWN, True), its.reason


def test_a_retained_copy_that_comes_before_kept_messages_is_no_disorder() -> None:
    expectation = Ordered.model_validate({"topic": "x"})
    seen: list[Observation] = [subscribed(0, "ear"), *sent(1, count=3)]
    seen += [received(1.5, "ear", 3).with_fields(retained=True), received(1.6, "ear", 1), received(1.7, "ear", 2)]
    its = verdict(expectation, *seen)
    assert its.outcome is PASSED, its.reason
    seen[-3] = received(1.5, "ear", 3)
    assert verdict(expectation, *seen).outcome is FAILED


# Leaving, and coming back


@pytest.mark.parametrize(("leaves", "outcome"), [(3.0, UNKNOWN), (7.0, FAILED)])
def test_a_message_under_way_at_an_unsubscribe_stays_unknown_when_the_client_comes_back(
    leaves: float, outcome: Outcome
) -> None:
    seen: list[Observation] = [subscribed(0, "ear"), *sent(1), left(leaves, "ear", "x"), subscribed(20, "ear")]
    its = verdict(delivered("x"), *seen)
    assert its.outcome is outcome, its.reason


def test_silence_about_what_was_sent_while_the_connection_was_lost_says_nothing() -> None:
    seen: list[Observation] = [subscribed(0, "ear", f"topic://{each}") for each in ("p.>", "p.eur")]
    seen += [left(1, "ear", "p.>"), lost(2, "ear"), *sent(3, destination="topic://p.eur")]
    seen += [subscribed(4, "ear", f"topic://{each}") for each in ("p.>", "p.eur")]
    its = verdict(delivered("p.eur", "nothing"), *seen)
    assert its.outcome is UNKNOWN, its.reason


def test_silence_counts_from_when_a_message_could_come_first() -> None:
    waits = sent(1, destination="queue://x")
    for joins, outcome in ((50, PASSED), (58, UNKNOWN)):
        expectation = Delivered.model_validate({"queue": "x", "to": "late", "promise": "nothing", "within": "5s"})
        seen: list[Observation] = [*waits, subscribed(joins, "late", "queue://x", "stomp")]
        its = verdict(expectation, *seen)
        assert its.outcome is outcome, its.reason


def test_silence_about_a_message_under_way_as_its_receiver_left_says_nothing() -> None:
    seen: list[Observation] = [subscribed(0, "ear"), *sent(1), left(1.1, "ear", "x"), subscribed(20, "ear")]
    its = verdict(delivered("x", "nothing"), *seen)
    assert its.outcome is UNKNOWN, its.reason


def test_what_another_client_received_late_was_not_kept_for_one_that_came_back() -> None:
    """Of two clients, any of which may receive it, the durable one was away as the other received it too late."""
    its = subscribed(0, "kept").with_fields(durable=True)
    away = lost(0.5, "kept").with_fields(state="disconnected")
    seen: list[Observation] = [its, subscribed(0, "here"), away, *sent(1), received(9, "here"), its.with_fields(t=20)]
    expectation = Delivered.model_validate({"topic": "x", "to": {"any": ["kept", "here"]}, "promise": "at-least-once"})
    expectations = (expectation.model_copy(update={"within": timedelta(seconds=5)}), expectation)
    assert [verdict(each, *seen).outcome for each in expectations] == [FAILED, PASSED]


# Expiry


@pytest.mark.parametrize(("seconds", "outcome"), [(30.0, UNKNOWN), (86_400.0, FAILED)])
def test_an_expiry_explains_a_missing_message_only_if_it_could_have_come(seconds: float, outcome: Outcome) -> None:
    seen = [subscribed(0, "ear"), *publishing(1, "x", expiry_s=seconds)]
    its = verdict(delivered("x"), *seen)
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize(("override", "outcome"), [(30_000, UNKNOWN), (86_400_000, FAILED)])
def test_so_does_a_time_to_live_that_a_brokers_plugin_sets(override: int, outcome: Outcome) -> None:
    plugin = f'<timeStampingBrokerPlugin zeroExpirationOverride="{override}"/>'
    text = f'<broker xmlns="http://activemq.apache.org/schema/core"><plugins>{plugin}</plugins></broker>'
    brokers = {"tokyo": {"region": "tokyo", "configuration": {"text": text}}}
    header = replace(HEADER, declared={"topology": {"regions": {}, "brokers": brokers}})
    seen = [subscribed(0, "ear"), *publishing(1, "x"), Ended(t=60, complete=True)]
    (its,) = judge((delivered("x"),), Streamed(header, seen)).verdicts
    assert its.outcome is outcome, its.reason


# Bodies that are not UTF-8


def test_bodies_with_one_text_are_told_apart_by_those_who_receive_octets() -> None:
    seen: list[Observation] = [subscribed(0, "ear"), *publishing(1, "x", count=2, body="given")]
    bodies = {"2-1": b"\xff", "2-2": b"\xfe"}
    told = [
        each.with_fields(digest=digest(bodies[each.id]), digest_as_text=digest_as_text(bodies[each.id]))
        if isinstance(each, Sent)
        else each
        for each in seen
    ]
    told += [Received(t=1.1, client="ear", destination="topic://x", digest=digest(b"\xfe"))]
    its = verdict(delivered("x"), *told)
    assert (its.outcome, "first 2-1" in its.reason) == (FAILED, True), its.reason


BODY = b"\xff\xfe price"


def bodies(*times: tuple[float, str]) -> list[Observation]:
    """Return a given body sent to p.eur, and its arrivals by a wildcard's subscriber, each with its digest."""
    seen = [subscribed(0, "ear", "topic://p.>", "stomp-wss"), *publishing(1, "p.eur", body="given")]
    its, text = digest(BODY), digest_as_text(BODY)
    told = [each.with_fields(digest=its, digest_as_text=text) if isinstance(each, Sent) else each for each in seen]
    return [*told, *(Received(t=t, client="ear", destination="topic://p.>", digest=known) for t, known in times)]


def expectation(verb: str) -> Expectation:
    if verb == "duplicates":
        return Duplicates.model_validate({"topic": "p.eur"})
    return delivered("p.eur", verb)


@pytest.mark.parametrize(
    ("verb", "times", "outcome"),
    [
        ("at-least-once", 1, PASSED),
        ("exactly-once", 1, PASSED),
        ("nothing", 1, FAILED),
        ("nothing", 0, PASSED),
        ("duplicates", 2, FAILED),
        ("at-most-once", 2, FAILED),
    ],
)
def test_a_body_whose_octets_a_text_protocol_replaced_is_known(verb: str, times: int, outcome: Outcome) -> None:
    text = digest_as_text(BODY)
    assert text is not None
    its = verdict(expectation(verb), *bodies(*[(1.1, text)] * times))
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize("verb", ["at-least-once", "exactly-once", "nothing", "duplicates", "at-most-once"])
def test_a_message_that_nobody_sent_leaves_unknown_what_it_could_change(verb: str) -> None:
    strange = (1.2, digest(b"another"))
    own = [(1.1, digest(BODY))] if verb in ("duplicates", "at-most-once", "exactly-once") else []
    its = verdict(expectation(verb), *bodies(*own, strange))
    assert its.outcome is UNKNOWN, its.reason


def test_a_message_that_nobody_sent_changes_nothing_for_messages_that_carry_their_ids() -> None:
    seen: list[Observation] = [subscribed(0, "ear"), *sent(1), received(1.1, "ear")]
    seen.append(Received(t=1.2, client="ear", destination="topic://x", digest=digest(b"another")))
    assert verdict(delivered("x"), *seen).outcome is PASSED


def _of(*seen: Observation) -> Verdict:
    return verdict(delivered("x"), *seen)


def test_subscriptions_are_told_apart_by_their_clients() -> None:
    seen: list[Observation] = [subscribed(0, "a"), subscribed(0, "b"), *sent(1), received(1.1, "a")]
    assert isinstance(seen[0], Subscribed)
    assert _of(*seen).outcome is FAILED
