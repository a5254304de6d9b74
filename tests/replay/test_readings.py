"""Two readings of the brokers' counters follow at once where nothing can change them, and else after a moment."""

from __future__ import annotations

from typing import Any

import pytest

from lab.history import BridgeSeen, DestinationSeen
from lab.plan.values import BridgePlan
from lab.replay.settling import at_rest
from lab.runtime.messages import Destination

ORDERS = Destination.of("queue://orders")
WANTED = [("tokyo", ORDERS), ("singapore", ORDERS)]
BRIDGE = BridgePlan(connector="c", initiator="tokyo", responder="singapore", duplex=True, user="u")


def orders(broker: str, **fields: Any) -> DestinationSeen:
    counts: dict[str, Any] = {"enqueued": 3, "dequeued": 3, "forwarded": 3, "queued": 0, "consumers": 1, "in_flight": 0}
    return DestinationSeen(t=1.0, broker=broker, **({"destination": str(ORDERS)} | counts | fields))


def bridge(**fields: Any) -> BridgeSeen:
    ends = {"broker": "tokyo", "remote": "singapore"}
    return BridgeSeen(
        t=1.0,
        connector="c",
        remote_address="a",
        up=True,
        **(ends | {"created_by_duplex": False, "enqueued": 3, "dequeued": 3} | fields),
    )


def beyond(**fields: Any) -> BridgeSeen:
    return bridge(broker="singapore", remote="tokyo", created_by_duplex=True, enqueued=0, dequeued=0, **fields)


def test_nothing_waits_and_all_is_acknowledged() -> None:
    assert at_rest(WANTED, [BRIDGE], [orders("tokyo"), orders("singapore"), bridge(), beyond()])


def test_where_no_message_was_sent_only_bridges_can_change() -> None:
    assert at_rest([], [BRIDGE], [bridge(enqueued=0, dequeued=0), beyond()])
    assert not at_rest([], [BRIDGE], [bridge(enqueued=0, dequeued=0)])
    assert not at_rest([], [BRIDGE], [beyond()])


@pytest.mark.parametrize(
    "changed", [{"queued": 1}, {"in_flight": 1}, {"in_flight": None}, {"destination": "topic://orders", "enqueued": 1}]
)
def test_messages_that_wait_or_are_in_flight_or_are_of_a_topic_are_not_at_rest(changed: dict[str, Any]) -> None:
    assert not at_rest(WANTED, [BRIDGE], [orders("tokyo"), orders("singapore", **changed), bridge(), beyond()])


def test_a_bridge_that_waits_for_answers_is_not_at_rest() -> None:
    assert not at_rest(WANTED, [BRIDGE], [orders("tokyo"), orders("singapore"), bridge(enqueued=4), beyond()])


def test_a_silent_broker_is_not_known_to_be_at_rest() -> None:
    assert not at_rest(WANTED, [], [orders("tokyo")])
