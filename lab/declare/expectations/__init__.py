"""The kinds of expectations, each in a file of its name, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.declare.expectations.base import Expectation
from lab.declare.kinds import Kinds

EXPECTATIONS: Mapping[str, type[Expectation]] = Kinds(
    __name__,
    {
        "delivered": "Delivered",
        "bridge": "Bridge",
        "latency": "Latency",
        "duplicates": "Duplicates",
        "ordered": "Ordered",
        "counters": "Counters",
        "forwarded": "Forwarded",
        "stuck": "Stuck",
        "discarded": "Discarded",
        "demand": "Demanded",
        "log": "Log",
        "recovered": "Recovered",
        "reachable": "Reachable",
        "dropped": "Dropped",
        "peering": "PeeringIs",
        "route": "RouteIs",
        "broker-state": "BrokerStateExpectation",
        "configuration": "ConfigurationExpectation",
        "users": "UsersExpectation",
        "warnings": "WarningsExpectation",
        "unreachable": "Unreachable",
        "network-page": "NetworkPage",
        "topics-page": "TopicsPage",
        "browsed": "BrowsedExpectation",
        "answered": "AnsweredExpectation",
        "finished": "Finished",
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
