"""Checks of the step `wait`: its condition can come true, and is not true from the beginning."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.check.context import Context
from lab.check.listening import Listening, too_early
from lab.check.logins import listeners
from lab.check.network import NetworkSoFar
from lab.check.service import check_owner
from lab.declare.steps.message import Message
from lab.declare.steps.wait import Wait
from lab.declare.unrolling import every_step
from lab.errors import Problem


def check(context: Context, step: Wait) -> Iterator[Problem]:
    """Yield the Problems of the condition; clients must have subscribed before."""
    context.recall(NetworkSoFar).waited += step.shortest
    if context.unknown:
        return
    if step.connector is not None:
        yield from check_owner(context, step.connector, step.broker)
    elif step.client is not None:
        if step.client not in context.recall(Listening).first:
            yield too_early(context, step.client)
    elif destination := destination_of(step):
        yield from _destination(context, step, destination)


def _destination(context: Context, step: Wait, destination: str) -> Iterator[Problem]:
    field = "topic" if step.topic is not None else "queue"
    steps = list(every_step(context.scenario.steps))
    heard = {each.destination or "" for each in listeners(context.scenario)}
    sent = {destination_of(each) or "" for each in steps if isinstance(each, Message)}
    if step.until == "demand":
        if not any(hears(each, destination) for each in heard):
            listed = f"subscribed to: {', '.join(sorted(heard)) or 'nothing'}"
            yield context.wrong(field, f"no client subscribes to {destination}, so there is never any demand", listed)
    elif has_wildcard(destination):
        yield context.wrong(field, "a queue is looked at by itself", "* and > are wildcards: write a whole name")
    elif not any(hears(each, destination) for each in heard | sent):
        listed = f"used here: {', '.join(sorted(each for each in heard | sent if each.startswith('queue'))) or 'none'}"
        yield context.wrong(field, f"no step uses {destination}, so it would be empty from the beginning", listed)
