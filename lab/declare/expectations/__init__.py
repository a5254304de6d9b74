"""The claims that a scenario may make, each in a file of its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.declare.expectations.answered import AnsweredClaim
from lab.declare.expectations.base import Expectation
from lab.declare.expectations.bridge import Bridge
from lab.declare.expectations.broker_state import BrokerStateClaim
from lab.declare.expectations.browsed import BrowsedClaim
from lab.declare.expectations.configuration import ConfigurationClaim
from lab.declare.expectations.counters import Counters
from lab.declare.expectations.delivered import Delivered
from lab.declare.expectations.demand import Demanded
from lab.declare.expectations.discarded import Discarded
from lab.declare.expectations.dropped import Dropped
from lab.declare.expectations.duplicates import Duplicates
from lab.declare.expectations.finished import Finished
from lab.declare.expectations.forwarded import Forwarded
from lab.declare.expectations.latency import Latency
from lab.declare.expectations.log import Log
from lab.declare.expectations.network_page import NetworkPage
from lab.declare.expectations.ordered import Ordered
from lab.declare.expectations.peering import PeeringIs
from lab.declare.expectations.reachable import Reachable
from lab.declare.expectations.recovered import Recovered
from lab.declare.expectations.route import RouteIs
from lab.declare.expectations.stuck import Stuck
from lab.declare.expectations.topics_page import TopicsPage
from lab.declare.expectations.unreachable import Unreachable
from lab.declare.expectations.users import UsersClaim
from lab.declare.expectations.warnings import WarningsClaim

EXPECTATIONS: tuple[type[Expectation], ...] = (
    Delivered, Bridge, Latency, Duplicates, Ordered, Counters, Forwarded, Stuck, Discarded, Demanded, Log, Recovered,
    Reachable, Dropped, PeeringIs, RouteIs, BrokerStateClaim, ConfigurationClaim, UsersClaim, WarningsClaim,
    Unreachable, NetworkPage, TopicsPage, BrowsedClaim, AnsweredClaim, Finished,
)  # fmt: skip


def expectations_of(
    declared: Mapping[str, Any], kinds: Sequence[type[Expectation]] = EXPECTATIONS
) -> tuple[Expectation, ...]:
    """Return the expectations that `Scenario.declared` wrote into a history's header."""
    known = {kind.claim: kind for kind in kinds}
    return tuple(
        # mqlab 0.1.0 wrote an empty `to` where none was given.
        known[claim].model_validate({key: value for key, value in fields.items() if (key, value) != ("to", [])})
        for entry in declared["expect"]
        for claim, fields in entry.items()
    )
