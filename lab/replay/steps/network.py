"""The step `try`: attempts to connect with real packets, compared with the Network; and records of the network."""

from __future__ import annotations

from lab.declare.expectations.network import END
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OnNetwork
from lab.declare.steps.network import Try
from lab.declare.unrolling import every_step
from lab.history import Attempted
from lab.link.impairment import LinkState
from lab.network.reach import Reach, Stop, reach
from lab.network.vpc import INTERNET
from lab.operating import network as verbs
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Outcome, Turn


@performers.register(Try)
def perform_try(rehearsal: Rehearsal, step: Try, turn: Turn) -> Outcome:
    """Try the connection; the step fails if packets do not behave as the network allows."""
    attempted = _try(rehearsal, step.name, step.source, step.to, step.port, step.within.total_seconds())
    if attempted.allowed != (attempted.answer in ("open", "refused")):
        packets = (
            f"packets are answered: {attempted.answer}"
            if not attempted.allowed
            else f"packets meet: {attempted.answer}"
        )
        rules = "allow it" if attempted.allowed else f"do not allow it: {attempted.why}"
        return Outcome(ok=False, note=f"{packets}; the network's rules {rules}")
    return Outcome(note=attempted.answer + (f": {attempted.why}" if attempted.why else ""))


def _is_about_network(scenario: Scenario) -> bool:
    """Return whether a scenario is about peerings, routes or security groups: then its history begins with them."""
    topology = scenario.topology
    declared = (topology.peerings, topology.route_tables, topology.security_groups)
    return (
        any(each is not None for each in declared)
        or any(isinstance(step, OnNetwork) for step in every_step(scenario.steps))
        or any(expectation.of_network for expectation in scenario.expect)
    )


def record_peerings(rehearsal: Rehearsal, scenario: Scenario) -> None:
    """Record the peerings and routes at the beginning of a replay, if the scenario is about them."""
    if _is_about_network(scenario):
        for seen in verbs.peerings_and_routes(rehearsal.service.control.network, rehearsal.now()):
            rehearsal.record(seen)


def record_network(rehearsal: Rehearsal, scenario: Scenario) -> None:
    """Record the packets that the router dropped by route or rule, then try each connection of an expectation.

    The packets of these attempts are in no counter: no step sent them.
    """
    for drop in rehearsal.lab.policies.dropped():
        rehearsal.record_of_lab(drop)
    asked = dict.fromkeys(expectation.attempt for expectation in scenario.expect if expectation.attempt is not None)
    for source, to, port in asked:
        _try(rehearsal, END, source, to, port, Try.model_fields["within"].default.total_seconds())
    now, at = rehearsal.clock.now(), rehearsal.service.age
    rehearsal.service.change(lambda control: verbs.expire_requests(control, now, at=at))


def _try(rehearsal: Rehearsal, name: str, source: str, to: str, port: int, within: float) -> Attempted:
    lab = rehearsal.lab
    near, far = _end(rehearsal, source), _end(rehearsal, to)
    before = _drops(rehearsal, near, far)
    says = _says(rehearsal, near, far, port)
    attempt = lab.policies.attempt(near, far, port, within=within)
    dropped = {cause: count - before.get(cause, 0) for cause, count in _drops(rehearsal, near, far).items()}
    attempted = Attempted(
        t=rehearsal.now(),
        name=name,
        source=source,
        target=to,
        port=port,
        answer=attempt.answer,
        took_ms=round(attempt.took * 1000, 3),
        allowed=says.yes,
        stop="" if says.stop is None else str(says.stop),
        why=says.reason,
        dropped={cause: count for cause, count in dropped.items() if count},
    )
    rehearsal.record(attempted)
    return attempted


def _end(rehearsal: Rehearsal, name: str) -> str:
    """Return the network's name for an end of a connection: a broker's first instance, a host, or the internet."""
    first = {broker.name: broker.instances[0].name for broker in rehearsal.plan.brokers}
    return first.get(name, name)


def _drops(rehearsal: Rehearsal, near: str, far: str) -> dict[str, int]:
    ends = {near, far}
    return {each.cause: each.packets for each in rehearsal.lab.policies.dropped() if {each.source, each.target} == ends}


def _says(rehearsal: Rehearsal, near: str, far: str, port: int) -> Reach:
    """Return whether the Network allows a connection, and whether the link is cut."""
    network = rehearsal.service.control.network
    answer = reach(network, near, far, port)
    if not answer.yes or near == INTERNET:
        return answer
    regions = {network.interface(name).vpc for name in (near, far)}
    for link in rehearsal.plan.links:
        if {way.leaving for way in link.directions} == regions:
            for way in link.directions:
                if (state := rehearsal.service.links[link.name, way.leaving]) is LinkState.CUT:
                    return Reach(stop=Stop.LINK, reason=f"link {link.name} leaving {way.leaving} is {state}")
    return answer
