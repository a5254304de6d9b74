"""The end of a replay after its last step: it waits for outstanding messages and records final counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.activemq.destinations import has_wildcard, hears, parts_of
from lab.amazonmq.configurations.dead_letters import individual, shared
from lab.check.dry_run import configurations_by_broker
from lab.declare.expectations.base import Arrivals, Expectation
from lab.declare.scenario import Scenario
from lab.declare.steps.flow import END
from lab.declare.unrolling import every_step
from lab.history import BridgeSeen, DestinationSeen, LinkSeen, Observation
from lab.history.expected.incremental import Expected
from lab.plan.values import BridgePlan
from lab.replay.expectations import conditions
from lab.replay.listeners import Listeners
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps.flow import take_if_wanted
from lab.replay.turn import StepTimes
from lab.runtime.messages import Destination
from lab.runtime.profile import AT_END

LISTEN_SECONDS = 10.0  # seconds after the last send, if no expectation says how long
LINGER_SECONDS = 0.2  # seconds of listening after the last message, if no expectation says more
READING_INTERVAL = 0.25  # seconds between two readings of the brokers' counters, which must agree
MOST_READINGS = 20
ANSWERS_WITHIN = 20.0  # seconds that answers of bridges are waited for at most, however slow a link is


def settle(rehearsal: Rehearsal, scenario: Scenario) -> None:
    """Wait until no message is outstanding and each expectation with a term has come true, or its time is over."""
    _await_messages(rehearsal, scenario)
    for expectation in scenario.expect:
        end = _end(rehearsal, expectation)
        if end is not None and expectation.term is not None and not expectation.depends_on_messages:
            (come_true, *_) = (*conditions.of(type(expectation)), _never)
            with rehearsal.profile.wait(
                AT_END, f"term of {expectation.kind}", "the expectation is true, or its time is over"
            ):
                rehearsal.wait(come_true(rehearsal, expectation, expectation.term), end - rehearsal.now())


def watched_demands(scenario: Scenario) -> tuple[tuple[str, Destination], ...]:
    """Return each broker and destination whose demand an expectation names."""
    pairs = dict.fromkeys(expectation.watched for expectation in scenario.expect if expectation.watched is not None)
    return tuple((broker, Destination.of(written)) for broker, written in pairs)


def _never(*_: object) -> Callable[[], bool]:
    return lambda: False


def _end(rehearsal: Rehearsal, expectation: Expectation) -> float | None:
    """Return the end of an expectation's term; None without a term, or if its first step was not done."""
    ended = rehearsal.recall(StepTimes).ended
    if expectation.term is None or expectation.term.after not in ended:
        return None
    return ended[expectation.term.after] + expectation.term.within.total_seconds()


def expected_arrivals(scenario: Scenario) -> Expected:
    """Return a function that decides whether messages that are sent to a destination are expected to reach a client.

    True if any expectation expects them: the replay waits for its whole time, even if no bridge leads there. False if
    all expect that none arrives: the replay waits for their whole time, and not longer for messages that must not
    arrive. None without such an expectation.
    """
    expected = _arrivals(scenario)

    def found(client: str, broker: str, sent_to: str, sender: str | None) -> bool | None:
        none = {
            each.none
            for each in expected
            if each.are_for(client, broker)
            and (sender is None or each.are_from(sender))
            and (each.destination is None or hears(each.destination, sent_to))
        }
        return False in none if none else None

    return found


def _arrivals(scenario: Scenario) -> list[Arrivals]:
    return [expectation.arrivals for expectation in scenario.expect if expectation.arrivals is not None]


def _await_messages(rehearsal: Rehearsal, scenario: Scenario) -> None:
    if not any(step.sends_to for step in every_step(scenario.steps)):
        return
    expected, outstanding, listeners = _arrivals(scenario), rehearsal.outstanding, rehearsal.recall(Listeners)
    profile = rehearsal.profile
    longest = max((each.within.total_seconds() for each in expected), default=LISTEN_SECONDS)
    if listeners.reconnecting:  # messages kept for them are due from their return on
        with profile.wait(AT_END, "clients return", "no client is reconnecting"):
            rehearsal.wait(lambda: not listeners.reconnecting, longest)
    silent = [each.within.total_seconds() for each in expected if each.none]
    if silent:
        with profile.wait(AT_END, "silence", "the time in which an expectation allows no message is over"):
            rehearsal.rest(outstanding.last_due + max(silent) - rehearsal.now())
    terms = [
        end
        for expectation in scenario.expect
        if expectation.depends_on_messages and (end := _end(rehearsal, expectation)) is not None
    ]
    with profile.wait(AT_END, "messages", "no message is outstanding"):
        while True:
            last = outstanding.last_due
            left = max([last + longest, *terms]) - rehearsal.now()
            rehearsal.wait(lambda: outstanding.is_empty() and not listeners.reconnecting, left)
            if outstanding.last_due == last:  # otherwise a client has returned, and can receive more
                break
    quiet = max((expectation.listens_on.total_seconds() for expectation in scenario.expect), default=0.0)
    last = max(outstanding.last_received, outstanding.last_return if quiet else 0.0)
    with profile.wait(AT_END, "quiet", "no message has come for as long as an expectation requires, or for a moment"):
        rehearsal.rest(last + max(quiet, LINGER_SECONDS) - rehearsal.now())


def _for_dead_letters(scenario: Scenario, published: Sequence[Destination]) -> list[Destination]:
    """Return the queues where brokers may put dead letters of some destinations."""
    configurations = [each for its in configurations_by_broker(scenario).values() for each in its]
    names = (name for each in published for name in sorted(individual(configurations, str(each))))
    return [Destination.of(name) for name in (*sorted(shared(configurations)), *names)]


def record_counts(rehearsal: Rehearsal, scenario: Scenario) -> None:
    """Record the counters of the brokers and the router, once they no longer change."""
    published = [
        Destination.of(part)
        for step in every_step(scenario.steps)
        for sent_to in step.sends_to
        for part in parts_of(sent_to)
    ]
    every = dict.fromkeys((*published, *_for_dead_letters(scenario, published)))
    destinations = [to for to in every if not has_wildcard(str(to))]
    wanted = [(broker.name, to) for to in destinations for broker in rehearsal.plan.brokers] if published else []
    lab, more = rehearsal.lab, any(END in expectation.snapshots for expectation in scenario.expect)
    observations = _once_unchanged(rehearsal, wanted, more=more)
    if rehearsal.plan.bridges and _in_flight(observations):
        # Perhaps by a bridge, whose answers cross a slow link; messages never acknowledged stay in flight.
        seconds = min(_slowest(lab.links.counters()), ANSWERS_WITHIN)
        with rehearsal.profile.wait(AT_END, "acknowledgements", "no message is in flight, or its time is over"):
            rehearsal.wait(lambda: not _in_flight(lab.management.destinations(wanted)), seconds)
        observations = _once_unchanged(rehearsal, wanted, more=more)
    for each in (*observations, *lab.links.counters()):
        if not isinstance(each, DestinationSeen) or each.enqueued or Destination.of(each.destination) in published:
            rehearsal.record_of_lab(each)
    take_if_wanted(rehearsal, scenario, END)


def _once_unchanged(
    rehearsal: Rehearsal, wanted: Sequence[tuple[str, Destination]], *, more: bool
) -> Sequence[Observation]:
    """Return the brokers' counters once two readings agree, or after the last reading.

    A reading in which nothing is on its way is followed by the next one at once, unless `more` counters are to be read.
    """
    lab, bridges = rehearsal.lab, rehearsal.plan.bridges
    with rehearsal.profile.wait(AT_END, "counters agree", "two readings of the brokers' counters agree"):
        observations: Sequence[Observation] = (*lab.management.destinations(wanted), *lab.management.bridges())
        for _ in range(MOST_READINGS):
            # The last acknowledgements may still be on their way over the link.
            rehearsal.rest(READING_INTERVAL if more or not at_rest(wanted, bridges, observations) else 0.0)
            before, observations = observations, (*lab.management.destinations(wanted), *lab.management.bridges())
            if [each.with_fields(t=0.0) for each in before] == [each.with_fields(t=0.0) for each in observations]:
                break
        return observations


def at_rest(
    wanted: Sequence[tuple[str, Destination]], bridges: Sequence[BridgePlan], observations: Sequence[Observation]
) -> bool:
    """Return whether every bridge is up, and no message waits or is unacknowledged.

    That is not known of a broker that is silent, nor of a topic, whose consumers' acknowledgements are not counted.
    """
    ends = [each for each in observations if isinstance(each, BridgeSeen)]
    counts = [each for each in observations if isinstance(each, DestinationSeen)]
    answered = {each.broker for each in ends} | {each.broker for each in counts}
    up = {(each.connector, each.broker, each.remote) for each in ends if not each.created_by_duplex}
    up_beyond = {(each.remote, each.broker) for each in ends if each.created_by_duplex}
    return (
        {broker for broker, _ in wanted} <= answered
        and {(each.connector, each.initiator, each.responder) for each in bridges} <= up
        and {(each.initiator, each.responder) for each in bridges if each.duplex} <= up_beyond
        and all(each.enqueued == each.dequeued for each in ends)
        and all(each.queued == each.in_flight == 0 for each in counts)
        and not any(each.enqueued and each.destination.startswith("topic://") for each in counts)
    )


def _in_flight(observations: Sequence[Observation]) -> bool:
    """Return whether a broker has handed out messages that are not acknowledged."""
    return any(isinstance(each, DestinationSeen) and each.in_flight for each in observations)


def _slowest(links: Sequence[LinkSeen]) -> float:
    """Return the seconds of the slowest link's round trip, by its present setting, and a moment more."""
    trips: dict[str, float] = {}
    for each in links:
        trips[each.link] = trips.get(each.link, 0.0) + each.configured_delay_ms / 1000
    return max(trips.values(), default=0.0) + READING_INTERVAL
