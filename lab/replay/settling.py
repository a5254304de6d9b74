"""After the last step: how long to listen on, and a last look at everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lab.activemq import log_lines
from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.declare.expectations.bridge import Bridge
from lab.declare.expectations.delivered import Delivered
from lab.declare.expectations.demand import Demanded
from lab.declare.expectations.log import Log
from lab.declare.expectations.recovered import Recovered
from lab.declare.scenario import Scenario
from lab.declare.steps.message import Message
from lab.declare.steps.snapshot import END
from lab.declare.unrolling import every_step
from lab.plan.values import BridgePlan
from lab.replay.bridges import STEADY, of_connector, state
from lab.replay.rehearsal import Rehearsal
from lab.replay.returning import returning
from lab.replay.witnesses import await_demand, take_if_wanted
from lab.replay.wording import destination

LISTEN = 10.0  # seconds after the last send, where no expectation says how long
LINGER = 0.2  # seconds more after the last message owed: a duplicate comes close behind
QUIET = 0.25  # seconds between two looks at the brokers' counters that must agree
MOST_LOOKS = 20
_UP, _DOWN = ("both-ends", "initiator"), ("nowhere",)
_BRINGS = {
    "heal": _UP, "cut": _DOWN, "reject": _DOWN, "impair": (), "flap": _UP,
    "start": _UP, "reboot": _UP, "resume": _UP, "stop": _DOWN, "kill": _DOWN, "pause": _DOWN,
    "connector": (*_UP, *_DOWN), "update-broker": _UP,
    "create-peering": (), "accept-peering": _UP, "reject-peering": (), "delete-peering": _DOWN,
    "create-route": _UP, "delete-route": _DOWN, "authorize-ingress": _UP, "revoke-ingress": (),
    "create-broker": _UP, "delete-broker": _DOWN,
}  # fmt: skip
_FAILS_OVER = ("stop", "kill")


def settle(rehearsal: Rehearsal, scenario: Scenario) -> None:
    """Listen until nothing more is owed, or the time that the expectations give is over."""
    _await_messages(rehearsal, scenario)
    for claim in scenario.expect:
        if isinstance(claim, Bridge) and claim.after is not None and claim.within is not None:
            _await_bridge(rehearsal, claim)
        elif isinstance(claim, Log) and claim.after is not None and claim.within is not None:
            _await_log(rehearsal, claim)
        elif isinstance(claim, Demanded):
            await_demand(rehearsal, claim)


def spared(scenario: Scenario) -> Callable[[str, str], bool]:
    """Tell of a client and a destination whether the scenario claims that nothing comes, and does not claim more.

    Silence is listened to for as long as its claim says; what is not to come need not be waited for after that.
    """
    claims = [claim for claim in scenario.expect if isinstance(claim, Delivered)]

    def found(client: str, sent_to: str) -> bool:
        promises = {
            claim.promise
            for claim in claims
            if (claim.to is None or client in claim.to.names)
            and ((its := destination_of(claim)) is None or hears(str(its), sent_to))
        }
        return promises == {"nothing"}

    return found


def _await_messages(rehearsal: Rehearsal, scenario: Scenario) -> None:
    if not any(isinstance(step, Message) for step in every_step(scenario.steps)):
        return
    delivered = [claim for claim in scenario.expect if isinstance(claim, Delivered)]
    last = rehearsal.last_sent
    silent = [claim.within.total_seconds() for claim in delivered if claim.promise == "nothing"]
    if silent:
        rehearsal.wait(lambda: False, last + max(silent) - rehearsal.now())
    longest = max((claim.within.total_seconds() for claim in delivered), default=LISTEN)
    end = max([last + longest, *_recoveries(rehearsal, scenario)])
    # Whoever is about to come back may be owed what was kept for it: that is seen when it has subscribed.
    if rehearsal.wait(lambda: rehearsal.outstanding.nothing() and not returning(rehearsal), end - rehearsal.now()):
        rehearsal.wait(lambda: False, min(LINGER, end - rehearsal.now()))


def _recoveries(rehearsal: Rehearsal, scenario: Scenario) -> list[float]:
    """Return the moments until which a first message may come through again."""
    return [
        rehearsal.last_change[claim.after] + claim.within.total_seconds()
        for claim in scenario.expect
        if isinstance(claim, Recovered) and claim.after in rehearsal.last_change
    ]


def _await_log(rehearsal: Rehearsal, claim: Log) -> None:
    """Wait until a log has the lines that are claimed; for lines that must not come, the whole time."""
    after, within = claim.after, claim.within
    if after is None or within is None or after not in rehearsal.last_change:
        return
    begin, end = rehearsal.last_begun[after], rehearsal.last_change[after] + within.total_seconds()
    pattern = log_lines.pattern(claim.matches)

    def there() -> bool:
        its = (line for line in tuple(rehearsal.log) if line.broker == claim.broker and line.t >= begin)
        return not claim.absent and sum(line.times for line in its if pattern.search(line.text)) >= claim.count

    rehearsal.wait(there, end - rehearsal.now())


def _await_bridge(rehearsal: Rehearsal, claim: Bridge) -> None:
    """Wait until the bridge is as claimed and stays so, if that is what the step brings about; else the whole time."""
    after, within = claim.after, claim.within
    if after is None or within is None or after not in rehearsal.last_change:
        return
    end = rehearsal.last_change[after] + within.total_seconds()
    bridges = of_connector(rehearsal, claim.connector, claim.broker)

    def stands() -> bool:
        # Also since the step: what it takes down is seen a moment later.
        steady = rehearsal.now() - max(rehearsal.ends_changed, rehearsal.last_change[after]) >= STEADY
        return steady and bool(bridges) and all(state(rehearsal, bridge) == claim.up for bridge in bridges)

    until = stands if claim.up in _brought(rehearsal, after, bridges) else lambda: False
    rehearsal.wait(until, end - rehearsal.now())


def _brought(rehearsal: Rehearsal, verb: str, bridges: Sequence[BridgePlan]) -> Sequence[str]:
    """Tell how bridges may be after such a step; one to or from a pair comes back through the other instance."""
    ends = {end for bridge in bridges for end in (bridge.initiator, bridge.responder)}
    pair = any(len(rehearsal.plan.broker(end).instances) > 1 for end in ends)
    return _UP if pair and verb in _FAILS_OVER else _BRINGS[verb]


def bear_witness(rehearsal: Rehearsal, scenario: Scenario) -> None:
    """Record what the brokers and the router themselves counted, once it no longer changes."""
    published = [destination(step) for step in every_step(scenario.steps) if isinstance(step, Message)]
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
