"""After the last step: how long to listen on, and a last look at everything."""

from __future__ import annotations

from collections.abc import Callable

from lab.activemq.destinations import has_wildcard, hears
from lab.declare.expectations.base import Arrivals, Expectation
from lab.declare.kinds import Find
from lab.declare.scenario import Scenario
from lab.declare.steps.message import Message
from lab.declare.steps.snapshot import END
from lab.declare.unrolling import every_step
from lab.replay.listeners import Listeners
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps.snapshot import take_if_wanted
from lab.replay.turn import StepTimes
from lab.runtime.messages import Destination, destination

LISTEN = 10.0  # seconds after the last send, where no expectation says how long
LINGER = 0.2  # seconds more after the last message owed: a duplicate comes close behind
QUIET = 0.25  # seconds between two looks at the brokers' counters that must agree
MOST_LOOKS = 20


def settle(rehearsal: Rehearsal, scenario: Scenario, find: Find) -> None:
    """Listen until nothing more is owed, or the time that the expectations give is over."""
    _await_messages(rehearsal, scenario)
    for claim in scenario.expect:
        end = _end(rehearsal, claim)
        if end is not None and not claim.rests_on_messages:
            (come_true, *_) = (*find(type(claim), "lab.replay.expectations", "come_true"), _never)
            rehearsal.wait(come_true(rehearsal, claim, claim.term), end - rehearsal.now())


def watched(scenario: Scenario) -> tuple[tuple[str, Destination], ...]:
    """Return each broker and destination whose demand a claim is about."""
    pairs = dict.fromkeys(claim.watched for claim in scenario.expect if claim.watched is not None)
    return tuple((broker, Destination.of(written)) for broker, written in pairs)


def _never(*_: object) -> Callable[[], bool]:
    return lambda: False


def _end(rehearsal: Rehearsal, claim: Expectation) -> float | None:
    """Return the moment at which a claim's term is over; None where it has none, or its step was not taken."""
    ended = rehearsal.recall(StepTimes).ended
    if claim.term is None or claim.term.after not in ended:
        return None
    return ended[claim.term.after] + claim.term.within.total_seconds()


def spared(scenario: Scenario) -> Callable[[str, str], bool]:
    """Tell of a client and a destination whether the scenario claims that nothing comes, and does not claim more.

    Silence is listened to for as long as its claim says; what is not to come need not be waited for after that.
    """
    claimed = _arrivals(scenario)

    def found(client: str, sent_to: str) -> bool:
        none = {
            each.none
            for each in claimed
            if (each.to is None or client in each.to.names)
            and (each.destination is None or hears(each.destination, sent_to))
        }
        return none == {True}

    return found


def _arrivals(scenario: Scenario) -> list[Arrivals]:
    return [claim.arrivals for claim in scenario.expect if claim.arrivals is not None]


def _await_messages(rehearsal: Rehearsal, scenario: Scenario) -> None:
    if not any(isinstance(step, Message) for step in every_step(scenario.steps)):
        return
    claimed, last = _arrivals(scenario), rehearsal.outstanding.last_sent
    silent = [each.within.total_seconds() for each in claimed if each.none]
    if silent:
        rehearsal.wait(lambda: False, last + max(silent) - rehearsal.now())
    longest = max((each.within.total_seconds() for each in claimed), default=LISTEN)
    listeners = rehearsal.recall(Listeners)
    terms = [_end(rehearsal, claim) for claim in scenario.expect if claim.rests_on_messages]
    end = max([last + longest, *(each for each in terms if each is not None)])
    # Whoever is about to come back may be owed what was kept for it: that is seen when it has subscribed.
    if rehearsal.wait(lambda: rehearsal.outstanding.nothing() and not listeners.returning, end - rehearsal.now()):
        rehearsal.wait(lambda: False, min(LINGER, end - rehearsal.now()))


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
        if [each.with_fields(t=0.0) for each in before] == [each.with_fields(t=0.0) for each in seen]:
            break
    for each in (*seen, *lab.links()):
        rehearsal.record_of_lab(each)
    take_if_wanted(rehearsal, scenario, END)
