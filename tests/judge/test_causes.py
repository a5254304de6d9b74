"""What befell the ways between brokers explains nothing of messages that need not leave their broker."""

from __future__ import annotations

import pytest

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Discarded
from lab.declare.expectations.messages import Delivered
from lab.declare.expectations.times import Latency
from lab.history import BridgeSeen, BrokerChanged, Demand, LinkChanged, Observation, PeeringChanged, SightChanged
from lab.judge.values import Outcome

from .test_not_better_than_known import QUEUE, TOPIC, received, sent, snapshot, subscribed, verdict

DELIVERED = Delivered.model_validate({"to": "ear", "promise": "at-least-once", "within": "5s"})
SOON = Latency.model_validate({"to": "ear", "max": "1s"})


def changed(t: float, state: str) -> LinkChanged:
    return LinkChanged(t=t, link="wan", leaving="tokyo", reaching="singapore", state=state, impairment="")


def bridge(t: float, up: bool) -> BridgeSeen:
    return BridgeSeen(
        t=t, connector="wan", broker="tokyo", remote="singapore", remote_address="a:1", created_by_duplex=False, up=up
    )  # fmt: skip


CUT: list[Observation] = [changed(0, "open"), bridge(0, True), changed(0.5, "cut"), bridge(0.6, False)]


@pytest.mark.parametrize(
    ("expectation", "more"),
    [(DELIVERED, []), (DELIVERED, [received(9, "ear")]), (SOON, [received(9, "ear")])],
    ids=["lost", "late", "slow"],
)
@pytest.mark.parametrize("destination", [TOPIC, QUEUE])
def test_a_link_is_no_cause_between_clients_of_one_broker(
    expectation: Expectation, more: list[Observation], destination: str
) -> None:
    peering = PeeringChanged(t=0.7, peering="p", id="pcx-1", requester="a", accepter="b", state="deleted")
    other = BrokerChanged(t=0.8, broker="singapore", state="killed")
    seen = [*CUT, subscribed(0, "ear", destination, "stomp"), peering.with_fields(t=0, state="active"), peering, other]
    more = [each.with_fields(destination=destination) for each in more]
    its = verdict(expectation, *seen, *sent(1, destination=destination), *more)
    assert its.outcome is Outcome.FAILED
    assert not any(word in its.reason for word in ("wan", "peering", "singapore")), its.reason
    own = BrokerChanged(t=0.9, broker="tokyo", state="killed")
    assert "tokyo was killed" in verdict(expectation, *seen, own, *sent(1, destination=destination), *more).reason


def test_it_is_one_where_they_are_at_two_brokers() -> None:
    ear = subscribed(0, "ear").with_fields(broker="singapore")
    assert "0.5 s after link wan was cut" in verdict(DELIVERED, *CUT, ear, *sent(1)).reason


def test_it_is_one_where_another_broker_asks_for_the_queue() -> None:
    seen = [*CUT, subscribed(0, "ear", QUEUE, "stomp"), Demand(t=0, broker="tokyo", destination=QUEUE, present=True)]
    assert "0.5 s after link wan was cut" in verdict(DELIVERED, *seen, *sent(1, destination=QUEUE)).reason


@pytest.mark.parametrize("silent", [False, True])
def test_demand_that_was_last_seen_before_a_silence_explains_nothing(silent: bool) -> None:
    ear = subscribed(0, "ear").with_fields(broker="singapore")
    sight = SightChanged(t=0.6, broker="tokyo", of="management", state="lost", since=0.5)
    seen = [ear, Demand(t=0, broker="tokyo", destination=TOPIC, present=False), *([sight] if silent else []), *sent(1)]
    assert ("tokyo had no demand for it" in verdict(DELIVERED, *seen).reason) is not silent


@pytest.mark.parametrize("first", [TOPIC, "topic://>"])
def test_demand_for_one_of_the_names_that_hear_a_topic_is_demand_for_it(first: str) -> None:
    ear = subscribed(0, "ear").with_fields(broker="singapore")
    demand = [Demand(t=0, broker="tokyo", destination=each, present=each == first) for each in (TOPIC, "topic://>")]
    for seen in (demand, [*reversed(demand)]):
        assert "no demand" not in verdict(DELIVERED, ear, *seen, *sent(1)).reason


@pytest.mark.parametrize(("silent", "outcome"), [(False, Outcome.PASSED), (True, Outcome.UNKNOWN)])
def test_what_was_discarded_is_not_known_where_a_bridge_may_have_gone_unseen(silent: bool, outcome: Outcome) -> None:
    sight = SightChanged(t=10, broker="singapore", of="management", state="lost", since=9)
    silence = [sight, sight.with_fields(t=20, state="regained", since=20)] if silent else []
    its = verdict(
        Discarded.model_validate({"broker": "tokyo", "topic": "x", "count": "0"}),
        *snapshot(0, "start", "tokyo", discarded=0),
        *sent(1),
        *silence,
        *snapshot(50, "end", "tokyo", discarded=0),
    )
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize(
    ("polls", "told"),
    [
        ([(3, True)], "which tokyo retained: a bridge brings a retained message over for the first demand alone"),
        ([], "when tokyo had no demand for it (no network consumer on tokyo at any time)"),
        ([(9, True)], ""),
    ],
    ids=["another subscriber was there before", "no bridge asked for it", "the demand was its own"],
)
def test_a_retained_message_is_brought_over_for_the_first_demand_alone(
    polls: list[tuple[float, bool]], told: str
) -> None:
    ear = subscribed(8, "ear").with_fields(broker="singapore")
    seen = [Demand(t=t, broker="tokyo", destination=TOPIC, present=present) for t, present in ((0.5, False), *polls)]
    its = verdict(DELIVERED, *sent(1, retained=True), ear, *seen)
    assert its.outcome is Outcome.FAILED
    assert told in its.reason and ("demand" in its.reason) is bool(told), its.reason
