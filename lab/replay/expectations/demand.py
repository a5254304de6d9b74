"""The condition that a demand is as expected."""

from __future__ import annotations

from collections.abc import Callable

from lab.activemq.destinations import destination_of
from lab.declare.expectations.base import Term
from lab.declare.expectations.demand import Demanded
from lab.replay.expectations import conditions
from lab.replay.rehearsal import Rehearsal


@conditions.register(Demanded)
def come_true_demand(rehearsal: Rehearsal, expectation: Demanded, term: Term) -> Callable[[], bool]:
    """Return the condition that the demand was last seen as expected."""
    sightings, of = rehearsal.sightings, (expectation.broker, str(destination_of(expectation)))
    return lambda: sightings.demands.get(of) is expectation.present and expectation.broker not in sightings.unseen
