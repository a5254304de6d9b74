"""The kinds of expectations, each in a file of its name, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.declare.expectations.base import Expectation
from lab.declare.kinds import Kinds

EXPECTATIONS: Mapping[str, type[Expectation]] = Kinds(
    __name__,
    {
        "delivered": "delivered.Delivered",
        "bridge": "bridge.Bridge",
        "latency": "latency.Latency",
        "duplicates": "duplicates.Duplicates",
        "ordered": "ordered.Ordered",
        "counters": "counters.Counters",
        "forwarded": "forwarded.Forwarded",
        "stuck": "stuck.Stuck",
        "discarded": "discarded.Discarded",
        "demand": "demand.Demanded",
        "log": "log.Log",
        "recovered": "recovered.Recovered",
        "reachable": "reachable.Reachable",
        "dropped": "dropped.Dropped",
        "peering": "peering.PeeringIs",
        "route": "route.RouteIs",
        "broker-state": "broker_state.BrokerStateExpectation",
        "configuration": "configuration.ConfigurationExpectation",
        "users": "users.UsersExpectation",
        "warnings": "warnings.WarningsExpectation",
        "unreachable": "unreachable.Unreachable",
        "network-page": "network_page.NetworkPage",
        "topics-page": "topics_page.TopicsPage",
        "browsed": "browsed.BrowsedExpectation",
        "answered": "answered.AnsweredExpectation",
        "finished": "finished.Finished",
    },
)


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
