"""What is wrong with claims about how attempts ended."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard
from lab.declare.expectations.unreachable import Unreachable
from lab.declare.scenario import Scenario
from lab.declare.steps.connect import Connect
from lab.declare.steps.consume import Consume
from lab.declare.steps.message import Message
from lab.declare.steps.subscribe import Subscribe
from lab.declare.suggestions import unknown
from lab.declare.unrolling import every_step
from lab.errors import Problem

_Trying = Connect | Subscribe | Consume | Message


def check_unreachable(scenario: Scenario, number: int, claim: Unreachable) -> Iterator[Problem]:
    """Somebody must try what the claim is about."""
    path = ("expect", number, claim.claim)
    origin, brokers = scenario.origin, scenario.topology.brokers
    trying = [step for step in every_step(scenario.steps) if isinstance(step, _Trying)]
    clients = list(dict.fromkeys(step.client for step in trying if isinstance(step, Connect | Subscribe | Consume)))
    wanted = destination_of(claim)
    if claim.broker is not None and claim.broker not in brokers:
        place = origin.place(*path, "broker")
        yield unknown("broker", claim.broker, brokers, "brokers in this topology", place)
        return
    if claim.client is not None and claim.client not in clients:
        place = origin.place(*path, "client")
        yield unknown("client", claim.client, clients, "clients that connect, subscribe or consume", place)
        return
    named = {destination_of(step) for step in trying if not isinstance(step, Connect)}
    if wanted is not None and has_wildcard(wanted) and wanted not in named:
        place = origin.place(*path, "topic" if claim.topic is not None else "queue")
        yield Problem(what=f"nobody subscribes to {wanted}", remedy="write it as it is subscribed to", place=place)
        return
    if not any(_is_about(claim, wanted, step) for step in trying):
        yield Problem(
            what="no step tries this, so the claim would hold of nothing",
            remedy="add a connect, subscribe or publish step with the same client, broker, over and destination",
            place=origin.key(*path),
        )


def _is_about(claim: Unreachable, wanted: str | None, step: _Trying) -> bool:
    if claim.client is not None and getattr(step, "client", None) != claim.client:
        return False
    if wanted is not None and (isinstance(step, Connect) or destination_of(step) != wanted):
        return False
    return claim.broker in (None, step.broker) and claim.over in (None, step.over)
