"""What the service would refuse of a scenario's steps, and claims about it that cannot hold of anything."""

from __future__ import annotations

from collections.abc import Iterator

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.refusals import Refused
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.check.dry_run import Move, changes_anything, moves, opening, texts
from lab.declare.expectations.broker_state import BrokerStateClaim
from lab.declare.expectations.configuration import ConfigurationClaim
from lab.declare.expectations.users import UsersClaim
from lab.declare.expectations.warnings import WarningsClaim
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Step
from lab.declare.steps.create_user import CreateUser
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.service import OfService
from lab.declare.steps.update_configuration import UpdateConfiguration
from lab.declare.suggestions import unknown
from lab.declare.unrolling import every_step
from lab.errors import InputError, Problem
from lab.plan.brokers import connectors


def check_service(scenario: Scenario) -> Iterator[Problem]:
    """Return every refusal that is certain, and every claim about what is not there."""
    wanted = any(isinstance(step, OfService) for step in every_step(scenario.steps))
    if not wanted and not any(claim.of_service for claim in scenario.expect):
        return
    try:
        last = opening(scenario.topology)
    except (InputError, KeyError):  # said by the checks of the topology
        return
    revisions = {each.name: len(each.revisions) for each in last.configurations}
    users = {(record.name, user.name) for record in last.brokers for user in record.users}
    for move in moves(scenario):
        if move.refusal is not None and not isinstance(move.step, Reboot):
            yield from _refused(scenario, move, move.refusal)
        last = move.account
        revisions |= {each.name: len(each.revisions) for each in last.configurations}
        users |= {
            (each.name, user.name) for account in move.accounts for each in account.brokers for user in each.users
        }
    for number, claim in enumerate(scenario.expect):
        if claim.of_service:
            yield from _claim(scenario, number, claim, last, revisions, users)


def connectors_of(scenario: Scenario) -> dict[str, list[str]]:
    """Map each connector's name to the brokers that have it, at the beginning or by what the steps apply."""
    owners = connectors(scenario.topology)
    if changes_anything(scenario):
        for broker, each in texts(scenario).items():
            for connector in (connector for its in each for connector in its):
                if broker not in owners.setdefault(connector.name, []):
                    owners[connector.name].append(broker)
    return owners


def connectors_at(scenario: Scenario, broker: str) -> tuple[NetworkConnector, ...]:
    """Return every connector that a broker has at some time."""
    return tuple(connector for its in texts(scenario).get(broker, ()) for connector in its)


def users_of(scenario: Scenario, broker: str) -> list[str]:
    """Name the users of a broker, those whom the steps create too."""
    made = (step.user for step in every_step(scenario.steps) if isinstance(step, CreateUser) and step.broker == broker)
    return list(dict.fromkeys((*scenario.topology.brokers[broker].users, *made)))


def _refused(scenario: Scenario, move: Move, refusal: InputError) -> Iterator[Problem]:
    """Return a refusal at the field that is at fault; what is wrong inside a file has its own place."""
    field = refusal.attribute if isinstance(refusal, Refused) and refusal.attribute else _first(move.step)
    place = scenario.origin.place(*move.path, field)
    for problem in refusal.problems:
        yield problem if problem.place else Problem(what=problem.what, remedy=problem.remedy, place=place)


def _first(step: Step) -> str:
    """Name the field that a refusal without one is about."""
    return "configuration" if isinstance(step, UpdateConfiguration) else next(iter(type(step).model_fields))


def _claim(
    scenario: Scenario,
    number: int,
    claim: object,
    last: Account,
    revisions: dict[str, int],
    users: set[tuple[str, str]],
) -> Iterator[Problem]:
    path = ("expect", number)
    verbs = {step.verb for step in every_step(scenario.steps)}
    assert isinstance(claim, BrokerStateClaim | ConfigurationClaim | UsersClaim | WarningsClaim)
    at = (*path, claim.claim)
    if not isinstance(claim, WarningsClaim):
        if claim.broker not in scenario.topology.brokers:
            place = scenario.origin.place(*at, "broker")
            yield unknown("broker", claim.broker, scenario.topology.brokers, "brokers in this topology", place)
            return
        moments = {"after": claim.after, "during": claim.during if isinstance(claim, BrokerStateClaim) else None}
        for field, verb in moments.items():
            if verb is not None and verb not in verbs:
                place = scenario.origin.place(*at, field)
                yield Problem(what=f"the scenario has no {verb} step", remedy="add the step, or remove it", place=place)
    if isinstance(claim, UsersClaim) and claim.pending != "no-such-user" and (claim.broker, claim.user) not in users:
        names = [user for broker, user in sorted(users) if broker == claim.broker]
        place = scenario.origin.place(*at, "user")
        yield unknown("user", claim.user, names, f"users of {claim.broker}", place)
    name, field = (None, "name")
    if isinstance(claim, ConfigurationClaim):
        name = claim.name
    elif isinstance(claim, WarningsClaim):
        name, field = claim.configuration, "configuration"
    if name is not None and name not in revisions:
        yield unknown("configuration", name, revisions, "configurations", scenario.origin.place(*at, field))
    elif isinstance(claim, WarningsClaim) and claim.revision is not None and claim.revision > revisions[str(name)]:
        what = f"{name} never has a revision {claim.revision}"
        place = scenario.origin.place(*at, "revision")
        yield Problem(what=what, remedy=f"its revisions: 1 to {revisions[str(name)]}", place=place)
