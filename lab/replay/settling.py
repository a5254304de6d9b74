"""After the last step: how long to listen on, and a last look at everything."""

from __future__ import annotations

from dataclasses import replace

from lab.declare.counter_claims import END, Demanded
from lab.declare.destinations import has_wildcard
from lab.declare.scenario import Bridge, Delivered, Publish, Scenario
from lab.plan import BridgePlan
from lab.replay.rehearsal import Rehearsal
from lab.replay.witnesses import await_demand, take_if_wanted
from lab.replay.wording import destination

LISTEN = 10.0  # seconds after the last send, where no expectation says how long
LINGER = 0.2  # seconds more after the last message owed: a duplicate comes close behind
QUIET = 0.25  # seconds between two looks at the brokers' counters that must agree
MOST_LOOKS = 20
STEADY = 1.0  # seconds that a bridge must have stood still: one that cannot log in flickers at every attempt
_BRINGS = {"heal": ("both-ends", "initiator"), "cut": ("nowhere",), "reject": ("nowhere",), "impair": ()}


def settle(rehearsal: Rehearsal, scenario: Scenario) -> None:
    """Listen until nothing more is owed, or the time that the expectations give is over."""
    _await_messages(rehearsal, scenario)
    for claim in scenario.expect:
        if isinstance(claim, Bridge) and claim.after is not None and claim.within is not None:
            _await_bridge(rehearsal, claim)
        elif isinstance(claim, Demanded):
            await_demand(rehearsal, claim)


def _await_messages(rehearsal: Rehearsal, scenario: Scenario) -> None:
    if not any(isinstance(step, Publish) for step in scenario.steps):
        return
    delivered = [claim for claim in scenario.expect if isinstance(claim, Delivered)]
    last = rehearsal.last_sent
    silent = [claim.within.total_seconds() for claim in delivered if claim.promise == "nothing"]
    if silent:
        rehearsal.wait(lambda: False, last + max(silent) - rehearsal.now())
    longest = max((claim.within.total_seconds() for claim in delivered), default=LISTEN)
    left = last + longest - rehearsal.now()
    if rehearsal.wait(rehearsal.outstanding.nothing, left):
        rehearsal.wait(lambda: False, min(LINGER, last + longest - rehearsal.now()))


def _await_bridge(rehearsal: Rehearsal, claim: Bridge) -> None:
    """Wait until the bridge is as claimed, if that is what the step brings about; else for the whole time."""
    after, within = claim.after, claim.within
    if after is None or within is None or after not in rehearsal.last_change:
        return
    end = rehearsal.last_change[after] + within.total_seconds()
    bridges = [
        bridge
        for bridge in rehearsal.plan.bridges
        if bridge.connector == claim.connector and claim.broker in (None, bridge.initiator)
    ]

    def stands() -> bool:
        steady = rehearsal.now() - rehearsal.ends_changed >= STEADY
        return steady and bool(bridges) and all(_state(rehearsal, bridge) == claim.up for bridge in bridges)

    until = stands if claim.up in _BRINGS[after] else lambda: False
    rehearsal.wait(until, end - rehearsal.now())


def _state(rehearsal: Rehearsal, bridge: BridgePlan) -> str:
    """Tell at which ends a bridge is up; a responder does not always know its connector's name."""
    ends = rehearsal.ends_up
    near = (bridge.connector, bridge.initiator, bridge.responder, False) in ends
    far = any(
        (broker, remote, by_duplex) == (bridge.responder, bridge.initiator, True)
        for _, broker, remote, by_duplex in ends
    )
    return "both-ends" if near and far else "initiator" if near else "responder" if far else "nowhere"


def bear_witness(rehearsal: Rehearsal, scenario: Scenario) -> None:
    """Record what the brokers and the router themselves counted, once it no longer changes."""
    published = [destination(step) for step in scenario.steps if isinstance(step, Publish)]
    wanted = [
        (broker.name, to)
        for to in dict.fromkeys(published)
        if not has_wildcard(str(to))
        for broker in rehearsal.plan.brokers
    ]
    lab = rehearsal.lab
    seen = (*lab.destinations(wanted), *lab.bridges())
    for _ in range(MOST_LOOKS):
        # The last acknowledgements may still be on their way over the link.
        rehearsal.wait(lambda: False, QUIET)
        before, seen = seen, (*lab.destinations(wanted), *lab.bridges())
        if [replace(each, t=0.0) for each in before] == [replace(each, t=0.0) for each in seen]:
            break
    for each in (*seen, *lab.links()):
        rehearsal.record_of_lab(each)
    take_if_wanted(rehearsal, scenario, END)
