"""A message travels over bridges that are asked for, hop by hop, and only over links that are open."""

from __future__ import annotations

from typing import Any, cast

import pytest

from lab.declare.steps.base import Step
from lab.declare.steps.messages import Publish
from lab.link.impairment import LinkState
from lab.network.link import Direction
from lab.plan.values import BridgePlan, BrokerPlan, LinkPlan, Plan
from lab.replay.bridge_paths import carries, demanded_at, initial_states, path


def broker(name: str) -> BrokerPlan:
    given: dict[str, Any] = dict.fromkeys(BrokerPlan.__dataclass_fields__, cast("Any", ""))
    return BrokerPlan(**given | {"name": name, "region": name, "users": ("u",)})


def bridge(initiator: str, responder: str, *, duplex: bool) -> BridgePlan:
    return BridgePlan(
        connector=f"{initiator}-{responder}", initiator=initiator, responder=responder, duplex=duplex, user="u"
    )


def link(one: str, other: str) -> LinkPlan:
    ways = (Direction(leaving=one, reaching=other), Direction(leaving=other, reaching=one))
    return LinkPlan(name=f"{one}-{other}", directions=ways, source="declared")


LINE = Plan(
    topology="a line",
    seed=1,
    regions=(),
    links=(link("a", "b"), link("b", "c")),
    brokers=(broker("a"), broker("b"), broker("c")),
    bridges=(bridge("a", "b", duplex=True), bridge("b", "c", duplex=False)),
    actions=(),
)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [("a", "b", True), ("b", "a", True), ("a", "c", True), ("c", "a", False), ("c", "b", False), ("a", "a", True)],
)
def test_bridges_carry_one_way_or_both(source: str, target: str, expected: bool) -> None:
    assert carries(LINE, source, target) is expected


@pytest.mark.parametrize("leaving", ["b", "c"])
def test_a_link_shut_in_either_direction_carries_nothing(leaving: str) -> None:
    states = initial_states(LINE) | {("b-c", leaving): LinkState.CUT}
    assert carries(LINE, "a", "b", states)
    assert not carries(LINE, "a", "c", states)


def test_the_fewest_bridges_are_found_and_only_over_open_links() -> None:
    states = initial_states(LINE)
    assert path(LINE, "a", "c", states) == (("a", "b"), ("b", "c"))
    assert path(LINE, "c", "a", states) == () == path(LINE, "a", "a", states)
    assert path(LINE, "a", "c", states | {("b-c", "c"): LinkState.CUT}) == ()


def publish(at: str, topic: str) -> Step:
    return Publish.model_validate({"broker": at, "over": "stomp", "topic": topic})


def test_demand_is_needed_where_a_later_step_sends_what_the_subscription_hears() -> None:
    later = [publish("a", "x.y"), publish("b", "z"), publish("a", "x.y"), publish("c", "x"), publish("b", "x")]
    assert demanded_at(LINE, "c", "topic://x.>", later) == ("a", "b")
    assert demanded_at(LINE, "a", "topic://x.>", later) == ("b",)
    assert demanded_at(LINE, "c", "queue://x.>", later) == ()
