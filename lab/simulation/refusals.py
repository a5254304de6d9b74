"""The parts of a scenario without a model, each with its place and a remedy, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import cast

from lab.activemq import selectors
from lab.activemq.destinations import ADVISORY, Addressed, destination_of, hears
from lab.activemq.log_lines import NAMED, pattern
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.sanitising import sanitise
from lab.base.units import format_duration
from lab.check.timing import first_beyond
from lab.declare.expectations.base import LogLines
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Step
from lab.declare.steps.service import CreateConfiguration, UpdateConfiguration
from lab.errors import Problem
from lab.plan.brokers import sanitised
from lab.plan.control import opening_control
from lab.plan.values import CUBIC, OF_HOST, Plan
from lab.simulation import LONGEST, instances
from lab.simulation.bridge import sentences as of_bridges
from lab.simulation.broker import sentences as of_brokers
from lab.simulation.broker.releases import why_not
from lab.simulation.ignoring import clusters, lacking, misnamed, named, without_store
from lab.simulation.protocols import sentences as of_sessions
from lab.simulation.regex_alternatives import narrowed

_REAL = "run it with real brokers: --runtime emulation"


def refusals(
    scenario: Scenario, plan: Plan, limit: timedelta = LONGEST, ignored: Sequence[str] = ()
) -> tuple[Problem, ...]:
    """Return the parts of a scenario without a model; steps may last until a `limit` of virtual time.

    Settings with an `ignored` name are no problem. An `ignored` name that no setting has is one.
    """
    found = chain(
        _tcp(scenario, plan),
        _releases(scenario, plan),
        _configurations(scenario, plan, ignored),
        _steps(scenario),
        _end(scenario, limit),
        _expectations(scenario, plan),
    )
    return tuple(dict.fromkeys(found))


def _tcp(scenario: Scenario, plan: Plan) -> Iterator[Problem]:
    if plan.tcp not in (CUBIC, OF_HOST):  # a simulated machine has what models have
        what = f"the simulation has no model of {plan.tcp}, only of {CUBIC}"
        right = f"write tcp: {CUBIC}, or {_REAL}"
        yield Problem(what=what, remedy=right, place=scenario.origin.place("topology", "tcp"))


def _releases(scenario: Scenario, plan: Plan) -> Iterator[Problem]:
    for broker in plan.brokers:
        if (wrong := why_not(broker.activemq_version)) is not None:
            place = scenario.origin.place("topology", "brokers", broker.name, "engine-version")
            yield Problem(what=wrong[0], remedy=f"{wrong[1]}\nor {_REAL}", place=place)


def _configurations(scenario: Scenario, plan: Plan, ignored: Sequence[str]) -> Iterator[Problem]:
    """Yield the settings without a model in each configuration: those at the start, and those of later revisions."""
    topology = scenario.topology
    found = [sanitised(topology, name).configuration for name, its in topology.brokers.items() if its.configuration]
    for step, _ in _every(scenario.steps, ("steps",)):
        if isinstance(step, UpdateConfiguration):
            engine = _engine(scenario, plan, step.configuration)
            written = step.file.source or step.file.file
            found.append(sanitise(read(step.file.text.encode(), written), engine).configuration)
    problems = [*chain.from_iterable(map(lacking, found))]
    if any(connector.discovery == "masterslave" for each in found for connector in each.connectors):
        problems += chain.from_iterable(map(clusters, found))
    if any(len(broker.instances) > 1 for broker in plan.brokers):
        problems += chain.from_iterable(map(without_store, found))
    yield from misnamed(ignored, found, problems)
    yield from (each for each in problems if not named(each, ignored))


def _engine(scenario: Scenario, plan: Plan, configuration: str) -> str:
    """Return the engine version of a configuration: of a broker's own, or of one that a step creates."""
    account = opening_control(plan, datetime.min.replace(tzinfo=UTC)).account
    known = (*account.configurations, *(its for _, its in account.later))
    found = {name: its.engine_version for its in known for name in (its.id, its.name)}
    created = (step for step, _ in _every(scenario.steps, ("steps",)) if isinstance(step, CreateConfiguration))
    return found.get(configuration) or next(
        each.engine_version for each in created if each.configuration == configuration
    )


def _steps(scenario: Scenario) -> Iterator[Problem]:
    for step, path in _every(scenario.steps, ("steps",)):
        for kind in ("topic", "queue"):
            name = getattr(step, kind, None)
            if isinstance(name, str) and _hears_advisories(step):
                what = "clients of a simulation cannot listen to advisories"
                yield Problem(what=what, remedy=_REAL, place=scenario.origin.place(*path, kind))
        if isinstance(selector := getattr(step, "selector", None), str):
            try:
                selectors.matches(selector, {})
            except selectors.Untold as why:
                what = f"the simulation cannot evaluate the selector: {why}"
                yield Problem(what=what, remedy=_REAL, place=scenario.origin.place(*path, "selector"))


def _end(scenario: Scenario, limit: timedelta) -> Iterator[Problem]:
    """Yield the step by whose end virtual time is over."""
    if (found := first_beyond(scenario, limit)) is not None:
        place, end = found
        what = f"this step ends after {format_duration(end)} at the earliest"
        what += f", but virtual time ends after {format_duration(limit)}"
        yield Problem(what=what, remedy="shorten the steps up to here", place=place)


def _hears_advisories(step: Step) -> bool:
    """Return whether a step is about advisories: a subscription with a wildcard has them from a real broker too."""
    destination = _destination(step)
    named = destination.partition("://")[2].startswith(ADVISORY)
    listens = step.login is not None and step.login.listens
    return named or (listens and hears(destination, f"topic://{ADVISORY}>"))


def _destination(step: Step) -> str:
    """Return the destination of a step that names one."""
    return str(destination_of(cast(Addressed, step)))


def _every(steps: Sequence[Step], path: Keys) -> Iterator[tuple[Step, Keys]]:
    """Yield every step with its path in the scenario, those within others too."""
    for at, step in enumerate(steps):
        here = (*path, at, step.verb)
        yield step, here
        inner = getattr(step, "steps", None)
        if inner is not None:
            yield from _every(inner, (*here, "steps"))


def _expectations(scenario: Scenario, plan: Plan) -> Iterator[Problem]:
    """Yield the expectations of a process, and of log lines that no model ever writes: their absence proves nothing."""
    written: Mapping[str, Sequence[str]] = {}
    for at, expectation in enumerate(scenario.expect):
        for field in expectation.of_process:
            place = scenario.origin.place("expect", at, expectation.kind, field)
            yield Problem(what=f"the simulation has no model of a broker's {field}", remedy=_REAL, place=place)
        if expectation.log_lines is not None:
            written = written or {each.name: tuple(_lines(scenario, plan, each.name)) for each in plan.brokers}
            place = scenario.origin.place("expect", at, expectation.kind, "matches")
            yield from (replace(each, place=place) for each in _never_written(expectation.log_lines, written))


def _never_written(expected: LogLines, written: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Yield the patterns of an expectation that match none of the lines that the models write to a broker's log.

    If lines are counted, a pattern's alternatives are looked at one by one: one that is never written would be missing.
    """
    whole = expected.matches
    for part in narrowed(whole) if expected.counted and whole not in NAMED else (whole,):
        wanted = pattern(part)
        if not any(wanted.search(line) for line in written.get(expected.broker, ())):
            of = "" if part == whole else f", an alternative of {whole!r}"
            what = f"no line that the simulation writes to the log of {expected.broker} matches {part!r}{of}"
            yield Problem(what=what, remedy=_REAL)


def _lines(scenario: Scenario, plan: Plan, name: str) -> Iterator[str]:
    """Yield one of each kind of line that may be in a broker's log, as it is matched."""
    broker = plan.broker(name)
    steps = [step for step, _ in _every(scenario.steps, ("steps",))]
    given = [user for step in steps if isinstance(user := getattr(step, "user", None), str)]
    users = [*dict.fromkeys([*(user for each in plan.brokers for user in each.users), *given])]
    named = (step for step in steps if getattr(step, "topic", None) or getattr(step, "queue", None))
    destinations = [*dict.fromkeys(_destination(step) for step in named)]
    yield from (f"{logger} | {text}" for logger, text in instances.samples(name, broker.activemq_version))
    for said in chain(
        of_brokers.samples(name, users, destinations),
        of_sessions.samples(name, users, destinations),
        *(
            of_bridges.samples(name, other, bridge.connector, f"ssl://{its.host_name}:61617", bridge.user)
            for bridge in plan.bridges
            for here, other in ((bridge.initiator, bridge.responder), (bridge.responder, bridge.initiator))
            if here == name
            for its in plan.broker(bridge.responder).instances
        ),
    ):
        yield f"{said.logger} | {said.text}"
