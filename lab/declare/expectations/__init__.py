"""The kinds of expectations, in a file for each family, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.declare.expectations.base import Expectation
from lab.declare.kinds import Kinds

EXPECTATIONS: Mapping[str, type[Expectation]] = Kinds(
    __name__,
    {
        "delivered": "messages.Delivered", "bridge": "forwarding.Bridge", "latency": "times.Latency",
        "duplicates": "messages.Duplicates", "ordered": "messages.Ordered", "counters": "forwarding.Counters",
        "forwarded": "forwarding.Forwarded", "stuck": "forwarding.Stuck", "discarded": "forwarding.Discarded",
        "demand": "forwarding.Demanded", "log": "logs.Log", "recovered": "times.Recovered",
        "reachable": "network.Reachable", "dropped": "network.Dropped", "peering": "states.PeeringIs",
        "route": "states.RouteIs", "broker-state": "states.BrokerStateExpectation",
        "configuration": "states.ConfigurationExpectation", "users": "states.UsersExpectation",
        "warnings": "states.WarningsExpectation", "unreachable": "network.Unreachable",
        "network-page": "states.NetworkPage", "topics-page": "states.TopicsPage",
        "browsed": "messages.BrowsedExpectation", "answered": "messages.AnsweredExpectation",
        "finished": "times.Finished",
    },
)  # fmt: skip


def expectations_of(
    declared: Mapping[str, Any], kinds: Mapping[str, type[Expectation]] = EXPECTATIONS
) -> tuple[Expectation, ...]:
    """Return the expectations that `Scenario.declared` wrote into a history's header."""
    return tuple(
        # mqlab 0.1.0 wrote an empty `to` where none was given.
        kinds[expectation].model_validate({key: value for key, value in fields.items() if (key, value) != ("to", [])})
        for entry in declared["expect"]
        for expectation, fields in entry.items()
    )
