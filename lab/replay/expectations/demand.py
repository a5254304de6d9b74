"""The condition that a demand is as claimed."""

from __future__ import annotations

from collections.abc import Callable

from lab.activemq.destinations import destination_of
from lab.declare.expectations.base import Term
from lab.declare.expectations.demand import Demanded
from lab.replay.rehearsal import Rehearsal


def come_true(rehearsal: Rehearsal, claim: Demanded, term: Term) -> Callable[[], bool]:
    """Return a condition: the demand was last seen as claimed."""
    sightings, of = rehearsal.sightings, (claim.broker, str(destination_of(claim)))
    return lambda: sightings.demands.get(of) is claim.present and claim.broker not in sightings.unseen
