"""What may be wrong with the expectation `unreachable`: nobody tries what it is about."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard
from lab.check.context import Context
from lab.declare.expectations.unreachable import Unreachable
from lab.declare.steps.connect import Connect
from lab.declare.steps.consume import Consume
from lab.declare.steps.message import Message
from lab.declare.steps.subscribe import Subscribe
from lab.declare.unrolling import every_step
from lab.errors import Problem

_Trying = Connect | Subscribe | Consume | Message


def check(context: Context, claim: Unreachable) -> Iterator[Problem]:
    """Somebody must try what the claim is about."""
    if context.unknown:
        return
    trying = [step for step in every_step(context.scenario.steps) if isinstance(step, _Trying)]
    wanted = destination_of(claim)
    named = {destination_of(step) for step in trying if not isinstance(step, Connect)}
    if wanted is not None and has_wildcard(wanted) and wanted not in named:
        field = "topic" if claim.topic is not None else "queue"
        yield context.wrong(field, f"nobody subscribes to {wanted}", "write it as it is subscribed to")
    elif not any(_is_about(claim, wanted, step) for step in trying):
        right = "add a connect, subscribe or publish step with the same client, broker, over and destination"
        yield context.whole("no step tries this, so the claim would hold of nothing", right)


def _is_about(claim: Unreachable, wanted: str | None, step: _Trying) -> bool:
    if claim.client is not None and getattr(step, "client", None) != claim.client:
        return False
    if wanted is not None and (isinstance(step, Connect) or destination_of(step) != wanted):
        return False
    return claim.broker in (None, step.broker) and claim.over in (None, step.over)
