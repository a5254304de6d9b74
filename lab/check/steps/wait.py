"""Checks of the step `wait`: its condition can come true, and is not true from the beginning."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.check.context import Context
from lab.check.logins import listeners
from lab.check.message_places import Fed
from lab.check.network_so_far import NetworkSoFar
from lab.check.service import check_owner
from lab.check.steps import checks
from lab.check.subscriptions import Subscriptions, too_early
from lab.check.terms import WHOLE_NAME
from lab.declare.steps.wait import Wait
from lab.errors import Problem


@checks.register(Wait)
def check_wait(context: Context, step: Wait) -> Iterator[Problem]:
    """Yield the Problems of the condition; clients must have subscribed before."""
    context.recall(NetworkSoFar).waited += step.shortest
    if context.unknown:
        return
    if step.connector is not None:
        yield from check_owner(context, step.connector, step.broker)
    elif step.client is not None:
        if step.client not in context.recall(Subscriptions).first:
            yield too_early(context, step.client)
    elif destination := destination_of(step):
        yield from _destination(context, step, destination)


def _destination(context: Context, step: Wait, destination: str) -> Iterator[Problem]:
    field = "topic" if step.topic is not None else "queue"
    heard = {each.destination or "" for each in listeners(context.scenario)}
    fed = context.recall(Fed)
    if step.until == "demand":
        if not any(hears(each, destination) for each in heard) and not fed.may_have_demand(destination):
            there = ", ".join(sorted(heard)) or "nothing"
            listed = f"add a step subscribe for it, or name another destination; subscribed to: {there}"
            yield context.wrong(field, f"no client subscribes to {destination}, so there is never any demand", listed)
    elif has_wildcard(destination):
        yield context.wrong(field, "wait checks one queue", WHOLE_NAME)
    elif not fed.may_have(destination) and not any(hears(each, destination) for each in heard):
        used = sorted(each for each in heard | fed.sent if each.startswith("queue"))
        listed = f"add a step that uses it, or name another queue; used here: {', '.join(used) or 'none'}"
        yield context.wrong(field, f"no step uses {destination}, so it would be empty from the beginning", listed)
