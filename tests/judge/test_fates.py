"""A message that a broker still has, or may have, is not called lost; and none waits without a counter that says so."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from lab.history import (
    Acknowledged,
    BridgeSeen,
    BrokerChanged,
    ClientChanged,
    Demand,
    DestinationSeen,
    Ended,
    LinkChanged,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Subscribed,
    Unsubscribed,
)
from lab.judge import Streamed, judge
from lab.judge.not_delivered import NotDelivered
from lab.judge.values import Delivery

from .test_truth import HEADER

QUEUE, TOPIC = "queue://x", "topic://x"
BROKERS = {"tokyo": {"region": "tokyo"}, "singapore": {"region": "singapore"}}
MESH = {**BROKERS, "dublin": {"region": "dublin"}}


def listens(client: str = "ear", to: str = QUEUE, broker: str = "singapore", **more: Any) -> Subscribed:
    return Subscribed(t=0, client=client, broker=broker, over="stomp", destination=to, step=1, **more)


def published(
    count: int, to: str = QUEUE, step: int = 2, *, t: float = 1.0, unknown: int = 0, **more: Any
) -> list[Observation]:
    """Return messages to tokyo, of which the last ones have no acknowledgement."""
    its: dict[str, Any] = {"client": f"p{step}", "broker": "tokyo", "over": "stomp", "destination": to, "count": count}
    its = {"persistent": True, "body": "generated", **its, **more}
    seen: list[Observation] = [Publishing(t=t, step=step, **its)]
    for number in range(1, count + 1):
        outcome = SendOutcome.UNKNOWN if number > count - unknown else SendOutcome.OK
        seen += [Sent(t=t, id=f"{step}-{number}"), Acknowledged(t=t + 0.1, id=f"{step}-{number}", outcome=outcome)]
    return seen


def came(*ids: str, client: str = "ear", to: str = QUEUE, **more: Any) -> list[Observation]:
    return [Received(t=1.5, client=client, destination=to, id=each, **more) for each in ids]


def counted(
    broker: str, enqueued: int, dequeued: int, queued: int = 0, forwarded: int = 0, to: str = QUEUE, **more: Any
) -> DestinationSeen:
    its = {"expired": 0, "in_flight": 0, "t": 20.0} | more
    return DestinationSeen(
        broker=broker, destination=to, enqueued=enqueued, dequeued=dequeued, queued=queued, forwarded=forwarded,
        consumers=1, **its,
    )  # fmt: skip


def deliveries(*seen: Observation, brokers: dict[str, Any] = BROKERS, complete: bool = True) -> tuple[Delivery, ...]:
    header = replace(HEADER, declared={"topology": {"regions": {}, "brokers": brokers}})
    whole = sorted(seen, key=lambda each: each.t)
    return judge((), Streamed(header, [*whole, Ended(t=30, complete=complete)])).deliveries


def became(*seen: Observation, **more: Any) -> NotDelivered:
    """Return what became of the messages that were expected by the only audience, each of which is counted once."""
    (row,) = deliveries(*seen, **more)
    assert row.expected == row.received + row.not_delivered.total
    return row.not_delivered


WAIT = [counted("tokyo", 5, 2, queued=3, forwarded=2), counted("singapore", 2, 2)]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ([], NotDelivered(waiting={"tokyo": 3})),
        ([counted("tokyo", 5, 3, queued=2, forwarded=3), counted("singapore", 3, 2, queued=1)],
         NotDelivered(waiting={"tokyo": 2, "singapore": 1})),
        ([counted("tokyo", 5, 2, queued=2, forwarded=2)], NotDelivered(waiting={"tokyo": 2}, lost=1)),
        ([counted("tokyo", 5, 4, queued=1, forwarded=2, expired=1)],
         NotDelivered(waiting={"tokyo": 1}, expired={"tokyo": 1}, lost=1)),
        ([counted("tokyo", 5, 4, queued=1, forwarded=2), counted("tokyo", 1, 0, queued=1, to="queue://ActiveMQ.DLQ")],
         NotDelivered(waiting={"tokyo": 1}, dead_letters={"tokyo": 1}, lost=1)),
        ([BrokerChanged(t=5, broker="tokyo", state="killed"), BrokerChanged(t=6, broker="tokyo", state="starting"),
          BrokerChanged(t=7, broker="tokyo", state="started"), counted("tokyo", 0, 0, queued=2)],
         NotDelivered(waiting={"tokyo": 2}, unknown=1)),
        ([BrokerChanged(t=21, broker="tokyo", state="killed")], NotDelivered(unknown=3)),
    ],
    ids=["all wait", "at two brokers", "two wait", "one expired", "a dead letter", "a restart", "killed since"],
)  # fmt: skip
def test_a_queues_counters_tell_where_its_messages_are(more: list[Observation], found: NotDelivered) -> None:
    assert became(listens(), *published(5), *came("2-1", "2-2"), *WAIT, *more) == found


ANEW = [
    BrokerChanged(t=5, broker="tokyo", state="killed"),
    BrokerChanged(t=6, broker="tokyo", state="starting"),
    BrokerChanged(t=7, broker="tokyo", state="started"),
    counted("tokyo", 0, 0, queued=1),
    counted("singapore", 2, 2),
]


@pytest.mark.parametrize(
    ("dead", "stamped", "found"),
    [(0, "", NotDelivered(waiting={"tokyo": 1}, lost=2)),
     (1, "", NotDelivered(waiting={"tokyo": 1}, lost=1, unknown=1)),
     (0, "<timeStampingBrokerPlugin/>", NotDelivered(waiting={"tokyo": 1}, unknown=2))],
)  # fmt: skip
def test_what_a_killed_broker_had_in_memory_alone_is_lost(dead: int, stamped: str, found: NotDelivered) -> None:
    letters = [counted("tokyo", dead, 0, queued=dead, to="queue://ActiveMQ.DLQ")]
    story = [listens(), *published(5, persistent=False), *came("2-1", "2-2"), *ANEW, *letters]
    assert became(*story, brokers={**BROKERS, "tokyo": {"region": "tokyo", "notes": stamped}}) == found


def test_without_counters_at_the_end_nobody_knows_where_a_queues_messages_are() -> None:
    story = [listens(), *published(5), *came("2-1", "2-2")]
    assert became(*story) == became(*story, *WAIT, complete=False) == NotDelivered(unknown=3)
    assert became(*story, *(each.with_fields(t=1.2) for each in WAIT)) == NotDelivered(unknown=3)


def test_a_broker_may_have_a_message_without_an_acknowledgement_in_the_place_of_a_lost_one() -> None:
    counts = [counted("tokyo", 4, 2, queued=2, forwarded=2), counted("singapore", 2, 2)]
    story = [listens(), *published(5, unknown=1), *came("2-1", "2-2")]
    assert became(*story, *counts) == NotDelivered(waiting={"tokyo": 2}), "the broker took four, which have arrivals"
    counts = [counted("tokyo", 5, 2, queued=2, forwarded=2), counted("singapore", 2, 2)]
    assert became(*story, *counts) == NotDelivered(waiting={"tokyo": 1}, unknown=1)


def test_a_strangers_message_that_waits_may_hide_a_lost_one() -> None:
    counts = [counted("tokyo", 6, 2, queued=3, forwarded=2), counted("singapore", 2, 2)]
    assert became(listens(), *published(5), *came("2-1", "2-2"), *counts) == NotDelivered(
        waiting={"tokyo": 2}, unknown=1
    )


def test_what_waited_before_the_run_is_none_of_its_messages() -> None:
    before = counted("tokyo", 2, 0, queued=2, t=0.5)
    counts = [counted("tokyo", 7, 2, queued=3, forwarded=2), counted("singapore", 2, 2)]
    assert became(listens(), *published(5), *came("2-1", "2-2"), before, *counts) == NotDelivered(
        waiting={"tokyo": 1}, unknown=2
    )


def test_what_was_received_and_not_acknowledged_waits_beside_the_others() -> None:
    counts = [counted("tokyo", 3, 3, forwarded=3), counted("singapore", 3, 1, queued=2, in_flight=2)]
    story = [listens(ack="client"), *published(3), *came("2-1"), *came("2-2", pending=True)]
    assert became(*story, *counts) == NotDelivered(waiting={"singapore": 1})


def test_more_than_did_not_come_cannot_be_apportioned() -> None:
    counts = [counted("tokyo", 5, 2, queued=4, forwarded=2), counted("singapore", 2, 2)]
    assert became(listens(), *published(5), *came("2-1", "2-2"), *counts) == NotDelivered(unknown=3)


def test_several_publications_share_what_waits() -> None:
    counts = [counted("tokyo", 5, 2, queued=3, forwarded=2), counted("singapore", 2, 2)]
    story = [listens(), *published(3), *published(2, step=3), *came("2-1", "3-1")]
    assert became(*story, *counts) == NotDelivered(waiting={"tokyo": 3})


def test_a_message_that_no_client_expected_may_be_the_one_that_waits() -> None:
    left = Unsubscribed(t=2, client="ear", broker="singapore", destination=QUEUE)
    story = [listens(), *published(2), *came("2-1"), left, *published(1, step=3, t=3)]
    counts = [counted("tokyo", 3, 1, queued=1, forwarded=1), counted("singapore", 1, 1)]
    assert became(*story, *counts) == NotDelivered(unknown=1)


QUIET = [counted("tokyo", 3, 3, forwarded=2, to=TOPIC), counted("singapore", 2, 2, to=TOPIC)]
CUT = LinkChanged(t=1.2, link="l", leaving="tokyo", reaching="singapore", state="cut", impairment="none")
BRIDGE = BridgeSeen(
    t=0, connector="wan", broker="tokyo", remote="singapore", remote_address="a", created_by_duplex=False, up=True
)


@pytest.mark.parametrize(
    ("more", "brokers", "found"),
    [
        ([], BROKERS, NotDelivered(lost=1)),
        ([QUIET[0].with_fields(in_flight=1)], BROKERS, NotDelivered(unknown=1)),
        ([CUT], BROKERS, NotDelivered(unknown=1)),
        ([CUT, BRIDGE, BRIDGE.with_fields(t=9.0, up=False)], BROKERS, NotDelivered(lost=1)),
        ([CUT, BRIDGE, BRIDGE.with_fields(t=9.0, up=False)], MESH, NotDelivered(unknown=1)),
        ([CUT, Demand(t=0.5, broker="tokyo", destination=TOPIC, present=False)], BROKERS, NotDelivered(lost=1)),
        ([CUT, Unsubscribed(t=5, client="ear", broker="singapore", destination=TOPIC)], BROKERS, NotDelivered(lost=1)),
        ([BrokerChanged(t=2, broker="singapore", state="paused")], BROKERS, NotDelivered(unknown=1)),
    ],
    ids=["quiet", "in flight", "cut", "the bridge has gone", "one of several", "no demand", "it left", "paused"],
)
def test_a_topics_message_is_lost_once_it_cannot_be_on_its_way(
    more: list[Observation], brokers: dict[str, Any], found: NotDelivered
) -> None:
    story = [listens(to=TOPIC), *published(3, TOPIC), *came("2-1", "2-2", to=TOPIC)]
    assert became(*story, *QUIET, *more, brokers=brokers) == found


@pytest.mark.parametrize(("connectors", "found"), [(1, NotDelivered(lost=1)), (2, NotDelivered(unknown=1))])
def test_a_later_message_overtakes_a_lost_one_alone_where_there_is_one_way(
    connectors: int, found: NotDelivered
) -> None:
    ways = [BRIDGE.with_fields(connector=f"wan-{number}") for number in range(connectors)]
    story = [listens(to=TOPIC), *published(3, TOPIC), *came("2-1", "2-3", to=TOPIC)]
    assert became(*story, *QUIET, CUT, *ways) == found


def test_what_a_broker_retains_is_not_lost() -> None:
    ear = Subscribed(t=3, client="ear", broker="singapore", over="mqtt", destination=TOPIC, step=3)
    assert became(*published(1, TOPIC, retained=True), ear) == NotDelivered(unknown=1)


@pytest.mark.parametrize(
    ("discarded", "others", "found"),
    [
        (2, [], NotDelivered(discarded={"tokyo": 2}, lost=1)),
        (4, [], NotDelivered(unknown=3)),
        (2, [listens("far", "topic://>")], NotDelivered(lost=1, unknown=2)),
    ],
    ids=["two of three", "more than did not come", "on the way to another, too"],
)
def test_what_a_broker_discarded_is_told_where_it_can_be_apportioned(
    discarded: int, others: list[Observation], found: NotDelivered
) -> None:
    counts = [QUIET[0].with_fields(discarded=discarded), QUIET[1]]
    story = [listens(to=TOPIC), *others, *published(5, TOPIC), *came("2-1", "2-2", to=TOPIC)]
    assert deliveries(*story, *counts)[0].not_delivered == found


@pytest.mark.parametrize(("took", "waiting"), [(3, 2), (2, 1), (1, 0), (4, 0)])
def test_what_a_durable_subscribers_broker_took_waits_for_it(took: int, waiting: int) -> None:
    away = ClientChanged(t=1.6, client="ear", broker="singapore", state="disconnected")
    story = [listens(to=TOPIC, durable=True), *published(1, TOPIC), *came("2-1", to=TOPIC), away]
    (row,) = deliveries(*story, *published(2, TOPIC, step=3, t=2), counted("singapore", took, took, to=TOPIC))
    assert (row.waiting, row.unsure, row.not_delivered.total) == (waiting, 2 - waiting, 0)
