"""Checks of steps against Amazon MQ by a dry run, and the connectors, users and revisions that exist at some time."""

from __future__ import annotations

from collections.abc import Iterator

from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.check.context import Context
from lab.check.dry_run import Move, changes_anything, connectors_by_broker, moves, whole_account
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OfService, OfUser, Step
from lab.declare.unrolling import every_step
from lab.errors import InputError, Problem, Refused
from lab.plan.brokers import connectors


class Revisions:
    """The latest revision of each configuration that exists at some time."""

    def __init__(self, scenario: Scenario) -> None:
        self.by_name: dict[str, int] = {}
        self.certain = True
        try:
            accounts = [whole_account(scenario.topology), *(move.account for move in moves(scenario))]
        except InputError:  # reported by the checks of the topology
            self.certain = False
            return
        for account in accounts:
            self.by_name |= {each.name: len(each.revisions) for each in account.configurations}


def check_service(scenario: Scenario) -> Iterator[Problem]:
    """Yield a Problem for each step that Amazon MQ certainly refuses."""
    if not any(isinstance(step, OfService) for step in every_step(scenario.steps)):
        return
    try:
        for move in moves(scenario):
            if move.refusal is not None and isinstance(move.step, OfService) and not _is_missing(scenario, move):
                yield from _refused(scenario, move, move.refusal)
    except InputError:  # reported by the checks of the topology
        return


def connectors_of(scenario: Scenario) -> dict[str, list[str]]:
    """Return the brokers that have each connector, by its name, at the beginning or after a step."""
    owners = connectors(scenario.topology)
    if changes_anything(scenario):
        for broker, each in connectors_by_broker(scenario).items():
            for connector in (connector for its in each for connector in its):
                if broker not in owners.setdefault(connector.name, []):
                    owners[connector.name].append(broker)
    return owners


def connectors_at(scenario: Scenario, broker: str) -> tuple[NetworkConnector, ...]:
    """Return the connectors that a broker has at some time."""
    return tuple(connector for its in connectors_by_broker(scenario).get(broker, ()) for connector in its)


def check_owner(context: Context, name: str, broker: str | None) -> Iterator[Problem]:
    """Yield a Problem if the broker does not have the connector, or if several have it and none is named."""
    owners = connectors_of(context.scenario)[name]
    if broker is not None and broker not in owners:
        right = f"write broker: {' or '.join(owners)}"
        yield context.wrong("broker", f"{broker} has no connector {name}", right)
    elif broker is None and len(owners) > 1:
        right = f"add broker: one of {', '.join(owners)}"
        yield context.wrong("connector", f"{len(owners)} brokers have a connector {name}", right)


def users_of(scenario: Scenario, broker: str) -> list[str]:
    """Return the names of a broker's users, those included that the steps create."""
    steps = (step for step in every_step(scenario.steps) if isinstance(step, OfUser) and step.verb == "create-user")
    made = (step.user for step in steps if step.broker == broker)
    return list(dict.fromkeys((*scenario.topology.brokers[broker].users, *made)))


def _is_missing(scenario: Scenario, move: Move) -> bool:
    """Return whether the broker of a step does not exist at that time, which the check of the step reports."""
    name = getattr(move.step, "broker", None)
    return name in scenario.topology.brokers and all(name != each.name for each in move.account.brokers)


def _refused(scenario: Scenario, move: Move, refusal: InputError) -> Iterator[Problem]:
    """Yield the Problems of a refusal, at the field that is wrong; a Problem inside a file has its own place."""
    field = refusal.attribute if isinstance(refusal, Refused) and refusal.attribute else _default_field(move.step)
    place = scenario.origin.place(*move.path, field)
    for problem in refusal.problems:
        yield problem if problem.place else Problem(what=problem.what, remedy=problem.remedy, place=place)


def _default_field(step: Step) -> str:
    """Return the field at which to report a refusal that names none."""
    return "configuration" if step.verb == "update-configuration" else next(iter(type(step).model_fields))
