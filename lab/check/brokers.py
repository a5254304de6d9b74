"""What is wrong with what befalls brokers, and with claims about it: impossible states, unknown patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lab.activemq.log_lines import NAMED
from lab.amazonmq.identity import DeploymentMode
from lab.check.instances import Instances
from lab.check.service import connectors_of
from lab.declare.expectations.bridge import Bridge
from lab.declare.expectations.log import Log
from lab.declare.expectations.recovered import Recovered
from lab.declare.scenario import Scenario
from lab.declare.steps.broker import OnBroker, OnInstance, State
from lab.declare.steps.connector import ConnectorStep
from lab.declare.steps.create_broker import CreateBroker
from lab.declare.steps.move_clock import MoveClock
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.resume import Resume
from lab.declare.steps.update_broker import UpdateBroker
from lab.declare.suggestions import unknown
from lab.declare.unrolling import every_step, in_time
from lab.errors import Place, Problem
from lab.plan.brokers import unread

_A_NAME = re.compile(r"[a-z]+(-[a-z]+)+")  # what looks like a pattern's name is taken for one
_IS_THERE: dict[State | None, str] = {
    None: "is there already",
    State.DELETED: "was deleted, and the service would give a new one another id",
}
_LATER = "create each broker once, and declare it with later: yes"
_BEFORE = {State.DOWN: "start", State.PAUSED: "resume", State.ABSENT: "create-broker"}


def check_broker_steps(scenario: Scenario) -> Iterator[Problem]:
    """Go through the steps in their order, remembering how each instance and connector is."""
    topology = scenario.topology
    brokers = {
        name: Instances(name, broker.deployment_mode.instances, later=broker.later)
        for name, broker in topology.brokers.items()
    }
    stopped: set[tuple[str, str]] = set()
    unknown_connectors: set[str] = set()  # of brokers that may have been rebooted since
    for path, step in in_time(scenario.steps):
        named = getattr(step, "broker", None) or ""
        place = scenario.origin.place(*path, "broker")
        if not isinstance(step, OnBroker) and named in brokers and brokers[named].missing:
            yield _missing(named, brokers[named], step, place)
            continue
        if isinstance(step, MoveClock):  # a window may open, and the reboot in it starts connectors: nobody knows when
            unknown_connectors |= set(brokers)
        if isinstance(step, UpdateBroker) and step.apply == "immediately" and step.broker in brokers:
            step = Reboot(broker=step.broker)
        if not isinstance(step, OnBroker):
            continue
        if step.broker not in brokers:
            yield unknown("broker", step.broker, topology.brokers, "brokers in this topology", place)
            continue
        its = brokers[step.broker]
        if its.single and isinstance(step, OnInstance) and step.instance is not None:
            yield Problem(
                what=f"{step.broker} is a single instance: there is no other one to tell it from",
                remedy=f"leave instance out, or give it deployment-mode: {DeploymentMode.ACTIVE_STANDBY_MULTI_AZ}",
                place=scenario.origin.place(*path, "instance"),
            )
            continue
        if its.missing and not isinstance(step, CreateBroker):
            yield _missing(step.broker, its, step, place)
            continue
        if isinstance(step, CreateBroker) and its.missing != State.ABSENT:
            yield Problem(what=f"{step.broker} {_IS_THERE[its.missing]}", remedy=_LATER, place=place)
            continue
        meant = its.meant(step)
        needed, brings = step.needs, step.brings
        if len(meant) > 1:
            what = f"both instances of {step.broker} are {its.state(meant[0])} here"
            yield Problem(what=what, remedy="say which one is meant: instance: 1, or instance: 2", place=place)
        found = its.state(meant[0])
        if found not in needed:
            what = f"{its.name(meant[0])} is {found} here, so there is nothing to {_words(step)}"
            before = _BEFORE[found] if found != State.UP else "pause" if isinstance(step, Resume) else "stop or kill"
            yield Problem(what=what, remedy=f"put a {before} step before it", place=place)
        its.done(step, meant[0], brings or found)
        if isinstance(step, ConnectorStep):
            yield from _connector(scenario, path, step, stopped, known=step.broker not in unknown_connectors)
        elif brings == State.DOWN or isinstance(step, Reboot):  # a broker that starts starts its connectors
            stopped = {each for each in stopped if each[0] != step.broker}


def _missing(broker: str, its: Instances, step: Any, place: Place | None) -> Problem:
    remedy = "put a create-broker step before it" if its.missing == State.ABSENT else "put the step before its deletion"
    return Problem(
        what=f"{broker} is {its.missing} here, so there is nothing to {_words(step)}", remedy=remedy, place=place
    )


def _connector(
    scenario: Scenario,
    path: tuple[str | int, ...],
    step: ConnectorStep,
    stopped: set[tuple[str, str]],
    *,
    known: bool,
) -> Iterator[Problem]:
    its = [name for name, owners in connectors_of(scenario).items() if step.broker in owners]
    place = scenario.origin.place(*path, "name")
    if step.name not in its:
        if step.broker not in unread(scenario.topology):
            yield unknown("connector", step.name, its, f"connectors in {step.broker}'s configuration", place)
        return
    key = (step.broker, step.name)
    if known and step.do == "start" and key not in stopped:
        what = f"the connector {step.name} is not stopped here"
        yield Problem(what=what, remedy="put a connector step with do: stop before it", place=place)
    if known and step.do == "stop" and key in stopped:
        what = f"the connector {step.name} is stopped already"
        yield Problem(what=what, remedy="remove the step, or start it first", place=place)
    (stopped.add if step.do == "stop" else stopped.discard)(key)


def check_log(scenario: Scenario, number: int, claim: Log) -> Iterator[Problem]:
    """Return what is wrong with a `log` expectation."""
    path = ("expect", number, claim.claim)
    brokers = scenario.topology.brokers
    if claim.broker not in brokers:
        place = scenario.origin.place(*path, "broker")
        yield unknown("broker", claim.broker, brokers, "brokers in this topology", place)
    place = scenario.origin.place(*path, "matches")
    if claim.matches not in NAMED and _A_NAME.fullmatch(claim.matches):
        yield unknown("pattern", claim.matches, NAMED, "patterns, beside regular expressions", place)
    yield from check_after(scenario, path, claim)


def check_after(scenario: Scenario, path: tuple[str | int, ...], claim: Log | Recovered | Bridge) -> Iterator[Problem]:
    """An expectation that counts from a step needs one."""
    if claim.after is not None and claim.after not in {step.verb for step in every_step(scenario.steps)}:
        place = scenario.origin.place(*path, "after")
        right = {Bridge: "remove within and after", Log: "remove after", Recovered: "count from another one"}[
            type(claim)
        ]
        yield Problem(what=f"the scenario has no {claim.after} step", remedy=f"add the step, or {right}", place=place)


def _words(step: Any) -> str:
    return f"{step.do} a connector on" if isinstance(step, ConnectorStep) else step.verb.removesuffix("-broker")
