"""Judge of the expectation `forwarded`: the messages that a broker forwarded to others.

The broker's counter decides; the count of the clients' ledger is given beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.activemq.destinations import destination_of, hears
from lab.base.units import several
from lab.declare.expectations.forwarding import Forwarded
from lab.declare.steps.flow import END, START
from lab.history.expected.records import FAILED, is_queue
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.queues import whereabouts
from lab.judge.evidence.snapshots import Part, Rise, Subject
from lab.judge.evidence.unreceived import lost_elsewhere, received_elsewhere, shown, why_not_counted
from lab.judge.evidence.why_fewer import why_fewer
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, asked, unknown
from lab.judge.values import Outcome

_ON_ITS_WAY = 1.0  # seconds; what was sent so long before a snapshot may be counted after it


@judges.register(Forwarded)
def judge_forwarded(expectation: Forwarded, evidence: Evidence) -> Finding:
    """Judge the number of messages that a broker forwarded to others; unknown if the others took fewer."""
    destination = str(destination_of(expectation))
    rise = evidence.timeline.snapshots.rise(
        expectation.between, expectation.broker, Subject("destination", destination), "forwarded"
    )
    if isinstance(rise, str):
        return unknown(rise, evidence)
    taken, came = _came(expectation, evidence, destination), _surely_came(expectation, evidence, destination, rise)
    second, least = _cross_check(expectation, evidence, destination, rise), _least(came, rise)
    several_others = len(_others(expectation, evidence)) > 1
    other = "other brokers" if several_others else "other broker"
    took = rise.by if taken is None or isinstance(taken, str) else taken
    # What clients there had of this broker's came from it; of more that was taken there, strangers may be the source.
    of_all = expectation.between == (START, END) and len(_others(expectation, evidence)) == 1
    of_all = of_all and not why_not_counted(evidence, destination)
    unanswered = of_all and took >= received_elsewhere(evidence, expectation.broker, destination) > rise.by
    took = took if unanswered else min(took, rise.by)
    rose = f"{expectation.broker}'s ForwardCount of {destination} rose by {rise.by}"
    if isinstance(came, str) and rise.by:
        words = f"{rose}, and it is also of what a bridge holds back; what the {other} took is not known: {came}"
    elif several_others and least < rise.by:
        words = (
            f"{rose}, and of what the {other} took {least} came from it for certain: a ForwardCount is also of what a "
        )
        words += "bridge holds back"
    elif unanswered or least < rise.by:
        counts = "rises when an answer comes back" if unanswered else "is also of what a bridge holds back"
        words = f"{rose}, and the {other} took {took}: a ForwardCount {counts}"
        words += (
            f", and at least {least} of the received ones came by its bridges" if least < min(took, rise.by) else ""
        )
    else:
        words = f"{expectation.broker} forwarded {several(rise.by, 'message')} of {destination}"
    if expectation.count.holds(rise.by) and expectation.count.holds(least):
        return Outcome.PASSED, words + second
    if (expectation.count.at_least or 0) <= rise.by and (
        expectation.count.at_most is None or expectation.count.at_most >= least
    ):
        advice = (
            "" if isinstance(came, str) else f"; write counters: for what the {other.removesuffix(' broker')} enqueued"
        )
        return Outcome.UNKNOWN, f"{words}{second}{advice}"
    flight = _unanswered(expectation, evidence, destination)
    if rise.by < (expectation.count.at_least or 0) <= rise.by + flight:
        return Outcome.UNKNOWN, f"{words}, and {flight} had no answer yet{asked(expectation.count)}{second}"
    missing = lost_elsewhere(evidence, expectation.broker, destination)
    why = evidence.causes.between(rise.begin, rise.end)
    if missing:
        its = whereabouts(evidence, destination)
        known = its is not None and its.taken >= len(missing)  # `second` has where they are
        why = f"; not received there: {shown(missing, evidence, near='' if known else None)}"
    return Outcome.FAILED, words + asked(expectation.count) + second + why


def _unanswered(expectation: Forwarded, evidence: Evidence, destination: str) -> int:
    """Return how many messages may have been handed to a bridge, and be counted as forwarded once they are answered."""
    counts = [
        evidence.timeline.snapshots.count(
            expectation.between[-1], expectation.broker, Subject("destination", destination), name
        )
        for name in ("in-flight", "network-consumers")
    ]
    flight, bridges = (count if isinstance(count, int) else 0 for count in counts)
    return flight if bridges else 0


def _others(expectation: Forwarded, evidence: Evidence) -> list[str]:
    """Return the names of the other brokers."""
    brokers = evidence.header.declared.get("topology", {}).get("brokers", {})
    return [name for name in brokers if name != expectation.broker]


def _least(came: int | str | None, rise: Rise) -> int:
    """Return the least number of messages that the broker forwarded, by the counters of the other brokers."""
    return 0 if isinstance(came, str) else rise.by if came is None else min(came, rise.by)


def _surely_came(expectation: Forwarded, evidence: Evidence, destination: str, rise: Rise) -> int | str | None:
    """Return the number of messages of `_came`, but no more than the broker's bridges gave.

    The other brokers may have taken messages from an external client, which would hide messages held back here. The
    bridges' own counters include all destinations: messages that other destinations may have forwarded are subtracted.
    """
    came, snapshots = _came(expectation, evidence, destination), evidence.timeline.snapshots
    before, after = (snapshots.part(name, expectation.broker) for name in expectation.between)
    of_all = snapshots.rise_of_all(expectation.between, expectation.broker, "forwarded")
    if isinstance(came, str) or isinstance(before, str) or isinstance(after, str):
        return came
    had, has = _given(before), _given(after)
    if not had and not has:
        return came
    # What came since, or came anew, shows the least that it gave; what has gone shows nothing.
    given = sum(max(gave - had.get(end, 0), 0) for end, gave in has.items())
    others = 0 if isinstance(of_all, str) else of_all.by - rise.by
    return min(rise.by if came is None else came, max(given - others, 0))


def _given(part: Part) -> Mapping[tuple[str, str, str], int]:
    """Return how many messages each end of a bridge gave, by its connector's name, its remote broker and its session.

    Several may have one name: those of a connector to several brokers, or of brokers whose connectors are called alike.
    """
    ends = (each for subject, counted in part.counted.items() if subject.kind == "bridge" for each in counted)
    return {(each.name, each.remote, each.session): each.counters.get("dequeued", 0) for each in ends}


def _came(expectation: Forwarded, evidence: Evidence, destination: str) -> int | str | None:
    """Return how many messages the other brokers took from this one for certain, or why that is unknown.

    None if no topology is declared, so that the other brokers are unknown. The messages that the others enqueued came
    from their own clients, from this broker, or from one another. Of several brokers, the result is the least number
    that cannot have come from one another.
    """
    others = _others(expectation, evidence)
    if not others:
        return None
    arrived, forwarded = dict[str, int](), dict[str, int]()
    for other in others:
        enqueued, went = (_rise(expectation, evidence, other, destination, name) for name in ("enqueued", "forwarded"))
        if isinstance(enqueued, str) or isinstance(went, str):
            return enqueued if isinstance(enqueued, str) else str(went)
        arrived[other] = enqueued.by - _its_own(evidence, other, destination, enqueued)
        forwarded[other] = went.by
    if len(others) == 1:  # what it forwards comes here
        return max(sum(arrived.values()), 0)
    # Of what one of several forwards, some comes here; the rest may be what another one of them took.
    all_forwarded, here = (
        sum(forwarded.values()),
        _rise(expectation, evidence, expectation.broker, destination, "enqueued"),
    )
    back = 0 if isinstance(here, str) else here.by - _its_own(evidence, expectation.broker, destination, here)
    together = sum(arrived.values()) - max(all_forwarded - max(back, 0), 0)
    each_alone = (arrived[other] - (all_forwarded - forwarded[other]) for other in others)
    return max(together, sum(max(least, 0) for least in each_alone), 0)


def _rise(expectation: Forwarded, evidence: Evidence, broker: str, destination: str, counter: str) -> Rise | str:
    return evidence.timeline.snapshots.rise(expectation.between, broker, Subject("destination", destination), counter)


def _its_own(evidence: Evidence, broker: str, destination: str, between: Rise) -> int:
    """Count the messages of a broker's own clients that may have risen its counter between two moments."""
    return sum(
        publication.outcomes[number] != FAILED
        for publication in evidence.ledger.publications.values()
        if publication.broker == broker and hears(destination, publication.destination)
        for number in range(1, publication.last + 1)
        if between.begin - _ON_ITS_WAY <= publication.sent_at[number] <= between.end
    )


def _cross_check(expectation: Forwarded, evidence: Evidence, destination: str, rise: Rise) -> str:
    """Return the ledger's count beside the broker's, as the end of a sentence; "" unless all of the run is expected."""
    if expectation.between != (START, END):
        return ""
    if why := why_not_counted(evidence, destination):
        return f"; it is unknown how many of them subscribers of other brokers received: {why}"
    received = received_elsewhere(evidence, expectation.broker, destination)
    words = f"subscribers of other brokers received {received}"
    others = _others(expectation, evidence)
    if len(others) != 1:  # a message may be forwarded twice, or pass through one
        return f"; of the messages sent to {expectation.broker}, {words}"
    words = f"; {words}"
    subject = Subject("destination", destination)
    counts = [evidence.timeline.snapshots.count(END, others[0], subject, name) for name in ("queued", "forwarded")]
    wait, back = (count if isinstance(count, int) and is_queue(destination) else 0 for count in counts)
    words += f", {wait} wait on {others[0]}" if wait else ""
    if back:
        return f"{words}, {others[0]} forwarded {back} itself"  # some may have come back, and which ones is unknown
    least = _least(_surely_came(expectation, evidence, destination, rise), rise)
    its = whereabouts(evidence, destination)
    if its is not None and its.taken:
        words, least = f"{words}; {its.taken_words()}", least - its.taken
    agree = least <= received + wait <= rise.by or received + wait == _came(expectation, evidence, destination)
    if agree:
        return words
    why = why_fewer(evidence, destination, others, rise.by - received - wait) if received + wait < rise.by else ""
    return words + (
        f": {why}, so client and broker counts need not agree" if why else ": client and broker counts disagree"
    )
