"""Checks of the steps that order others, or look on: conditions can come true, names are free."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.check.context import Context
from lab.check.message_places import Fed
from lab.check.names import names_of_rounds, wrong_round
from lab.check.network_so_far import NetworkSoFar
from lab.check.service import check_owner
from lab.check.steps import checks
from lab.check.subscriptions import Subscriptions, listeners, too_early
from lab.check.terms import WHOLE_NAME
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps.flow import END, START, Snapshot, Together, Wait
from lab.declare.unrolling import inner_in_order
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


@checks.register(Together)
def check_together(context: Context, step: Together) -> Iterator[Problem]:
    """Yield a Problem for each client in two of the inner steps: a client does one thing at a time."""
    first: dict[str, int] = {}
    for position, branch in enumerate(step.steps):
        for where, each in inner_in_order(branch, (*context.path, position, branch.verb)):
            client = getattr(each, "client", None) if each.uses_client else None
            if client is not None and first.setdefault(client, position) != position:
                what = f"the client {client} is in two steps at once"
                right = "put these steps one after the other, or use two clients: a client does one thing at a time"
                yield Problem(what=what, remedy=right, place=context.scenario.origin.place(*where, "client"))


class _Taken:
    def __init__(self, scenario: Scenario) -> None:
        self.by_name: dict[str, Keys] = {}
        self.of_rounds = names_of_rounds(scenario, lambda step: step.name if isinstance(step, Snapshot) else "")


@checks.register(Snapshot)
def check_snapshot(context: Context, step: Snapshot) -> Iterator[Problem]:
    """Yield a Problem if the name belongs to another snapshot, or to another round of the same step."""
    taken = context.recall(_Taken)
    if step.name in (START, END):
        right = f"remove the step, or give it another name than {step.name}"
        yield context.wrong("name", f"mqlab takes the snapshot {step.name} by itself", right)
    elif taken.by_name.setdefault(step.name, context.path) != context.path:
        yield context.wrong("name", f"two snapshots are named {step.name}", "give each a name of its own")
    elif wrong := wrong_round(context, step.name):
        yield context.wrong("name", *wrong)
    elif step.name in taken.of_rounds:
        what = f"another snapshot is named {step.name} in one of its rounds"
        yield context.wrong("name", what, "give each a name of its own")
