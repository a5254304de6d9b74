"""The places of a queue's messages when a run ends, by the brokers' counters: waiting, expired, dead or taken.

Over all brokers, a dequeued message was forwarded, acknowledged by a client of the lab, expired, put among the dead
letters, or taken by an external client. Only a complete history has the counters. A restart loses all counters except
the number of waiting messages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf

from lab.activemq.destinations import hears
from lab.amazonmq.configurations.dead_letters import individual
from lab.amazonmq.configurations.dead_letters import shared as shared_by
from lab.base.dataclass import dataclass
from lab.base.units import several
from lab.history import DestinationSeen
from lab.history.expected.records import FAILED, OK, Publication, Subscription, is_queue
from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.configurations import configurations
from lab.judge.evidence.coverage import unasked
from lab.judge.evidence.cross_checks import counters_of_run
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.tally import Tally
from lab.judge.evidence.unreceived import Message, shown
from lab.judge.wording import listed, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """The places of a queue's messages that reached no client of the lab, with the brokers that have them."""

    queue: str
    waiting: Mapping[str, int]  # by broker, the messages in its queue
    in_flight: Mapping[str, int]  # by broker, those of them that were handed out and not acknowledged
    expired: Mapping[str, int]
    dead: Mapping[str, int]  # by broker, in its queue of dead letters
    perhaps_dead: Mapping[str, int]  # the same where steps send to several queues: they may be another one's
    taken: int  # dequeued, and neither forwarded, nor received by a client of the lab, nor expired or dead: at least
    takings: tuple[str, ...]  # by which counters, in words
    handed_out: str  # in words, the clients on the way to which they may have been
    undemanded: frozenset[str]  # brokers at which no bridge asked for the queue at the end
    sent_by_others: int  # enqueued, and sent by no step: at least
    perhaps_twice: int  # the same number if a bridge that went down may have carried these without an answer
    beside: int  # that brokers may have beside what steps are known to have sent and no client received: at most
    uncounted: tuple[str, ...]  # brokers whose counters are not known
    unread: tuple[str, ...]  # those of them of which it is not even known how many wait there

    @property
    def found(self) -> int:
        """Return the number of messages whose place is known."""
        return sum(self.waiting.values()) + self.gone

    @property
    def gone(self) -> int:
        """Return the number of messages in no queue any more: expired, rejected, or taken by an external client."""
        return sum(self.expired.values()) + sum(self.dead.values()) + self.taken

    def words(self, *, without: str = "") -> str:
        """Return the places in words, without the messages that wait on the broker `without`; "" if there are none."""
        found = [self._waiting(broker, number) for broker, number in self.waiting.items() if broker != without]
        found += [f"{number} expired on {broker}" for broker, number in self.expired.items()]
        found += [f"{several(number, 'dead letter')} on {broker}" for broker, number in self.dead.items()]
        found += [self.taken_words()] if self.taken else []
        return listed(found) if found else ""

    def taken_words(self) -> str:
        """Return in words the messages that went to no client of the lab, and the counters that show it."""
        dead = [f"the {several(number, 'dead letter')} on {broker}" for broker, number in self.perhaps_dead.items()]
        perhaps = f", unless they are among {listed(dead)}" if dead else ""
        return f"{self.taken} went to no client of the lab ({'; '.join(self.takings)}){perhaps}{self.handed_out}"

    def _waiting(self, broker: str, number: int) -> str:
        flight = self.in_flight.get(broker, 0)
        notes = [f"{flight} in flight"] * (flight > 0) + ["no bridge asks for them"] * (broker in self.undemanded)
        return f"{number} wait{'' if number > 1 else 's'} on {broker}" + (f" ({', '.join(notes)})" if notes else "")


def explain(evidence: Evidence, audience: Audience, lost: Sequence[tuple[Tally, int]]) -> str:
    """Return the fate of lost messages as the end of a sentence, "" if it is unknown; the earliest of `lost` is first.

    For a queue, the fate is the messages' places. The possible cause of the loss is added only if the messages are not
    known to be gone for good.
    """
    near = evidence.causes.of_loss(audience, *lost[0])
    queues = {tally.publication.destination for tally, _ in lost}
    its = whereabouts(evidence, queues.pop()) if len(queues) == 1 else None
    if its is None:
        return near
    words = its.words()
    words = f"; by the brokers' own counters {words}" if words else ""
    if its.uncounted:
        words += f"; what {listed(list(its.uncounted))} counted is not known"
    elif its.found < len(lost) and not its.unread:
        words += f"; no broker has {'them' if not its.found else f'the other {len(lost) - its.found}'}"
    return words if its.gone >= len(lost) else near + words


def shown_with_places(messages: Sequence[Message], evidence: Evidence, queue: str) -> str:
    """Return messages that no client received as `shown` does, with the place of a queue's that are gone for good."""
    its = whereabouts(evidence, queue)
    if not messages or its is None or its.gone < len(messages):
        return shown(messages, evidence)
    return shown(messages, evidence, near=f"; {its.words()}")


def whereabouts(evidence: Evidence, queue: str) -> Whereabouts | None:
    """Return where a queue's messages are at the end, by the brokers' counters; None if those are not known at all."""
    brokers = evidence.header.declared.get("topology", {}).get("brokers", {})
    sent = sent_to(evidence, queue)
    if not evidence.timeline.counted or not brokers or not is_queue(queue) or not sent:
        return None
    seen = {broker: counters_of_run(evidence, broker, queue) for broker in brokers}
    known = {broker: its for broker, its in seen.items() if its is not None}
    if not known:
        return None
    timeline = evidence.timeline
    silent_ones = unasked(timeline.coverage.silences, timeline.outages)
    anew = timeline.restarted | {each.broker for each in silent_ones if each.kind == "management"}  # perhaps
    since_start = {broker: its for broker, its in known.items() if broker not in anew}
    uncounted = tuple(broker for broker in brokers if broker not in since_start)
    expired = {broker: its.expired for broker, its in since_start.items() if its.expired}
    dead, perhaps = _dead(evidence, queue, since_start)
    if _is_only_queue(evidence, queue):
        dead = {broker: dead.get(broker, 0) + perhaps.get(broker, 0) for broker in {**dead, **perhaps}}
        perhaps = {}
    taken, takings, at_least = 0, list[str](), 0
    if not uncounted:
        received = {broker: _received(evidence, queue, sent, broker) for broker in known}
        others = max(_more_enqueued(known, sent), 0)
        at_least = max(others - sum(its.in_flight or 0 for its in known.values()), 0)
        gone = sum(_gone(its) for its in known.values()) - sum(received.values())
        taken = max(gone - others - sum(expired.values()) - sum(dead.values()), 0)
        takings = [
            _taking(broker, its, received[broker]) for broker, its in known.items() if _gone(its) > received[broker]
        ]
    gone_down = _has_gone_down(evidence, min((t for each in sent for t in each.sent_at if t == t), default=0.0))
    return Whereabouts(
        queue=queue,
        waiting={broker: its.queued for broker, its in known.items() if its.queued},
        in_flight={broker: its.in_flight for broker, its in known.items() if its.in_flight},
        expired=expired,
        dead=dead,
        perhaps_dead=perhaps,
        taken=taken,
        takings=tuple(takings),
        handed_out=_handed_out(evidence, queue),
        undemanded=_undemanded(evidence, queue),
        sent_by_others=0 if gone_down else at_least,
        perhaps_twice=at_least if gone_down else 0,
        beside=_beside(evidence, queue, sent, known, counted=not uncounted),
        uncounted=uncounted,
        unread=tuple(broker for broker in brokers if broker not in known or _is_down(evidence, broker)),
    )


def _has_gone_down(evidence: Evidence, since: float) -> bool:
    """Return whether a bridge may have gone down since a moment: its broker has messages without an answer again."""
    timeline = evidence.timeline
    seen = any(not up and t >= since for t, _, up in timeline.bridge_changes)
    return seen or any(each.end is None or each.end >= since for each in timeline.downtimes)


def _is_down(evidence: Evidence, broker: str) -> bool:
    """Return whether a broker does not run at the end, so that its counters are of an earlier moment."""
    return any(each.name == broker and each.end is None for each in evidence.timeline.outages)


def _beside(
    evidence: Evidence, queue: str, sent: Sequence[Publication], known: Mapping[str, DestinationSeen], *, counted: bool
) -> int:
    """Return the number of a queue's messages that brokers may have besides those accepted and not received.

    They were in the queue before the first step sent to it, belong to no step or to a step without an acknowledgement,
    are there twice, or were received and not acknowledged.
    """
    pending = sum(len(each.pending) + len(each.pending_digests) for each in receivers_of(evidence, queue))
    first_sent = min((t for each in sent for t in each.sent_at if t == t), default=0.0)
    samples = (evidence.timeline.destinations.get((broker, queue), []) for broker in known)
    before = [[sample.queued for sample in its if sample.t <= first_sent][-1:] for its in samples]
    accepted = sum(map(_accepted, sent))
    if counted:
        more = max(sum(its.enqueued - its.forwarded for its in known.values()) - accepted, 0)
    else:
        more = sum(each.last - each.outcomes.count(FAILED) for each in sent) - accepted
    return pending + more + sum(map(sum, before))


def _handed_out(evidence: Evidence, queue: str) -> str:
    """Return, as the end of a sentence, the clients that left a queue with messages perhaps on their way; or "".

    What a broker hands to a client that need not acknowledge it is dequeued, whether it gets there or not.
    """
    left = []
    for each in receivers_of(evidence, queue):
        ends = [*each.breaks, *(end for _, end in each.windows if end < inf)]
        left += [(min(ends), each.client)] if ends and not each.acknowledges else []
    names = listed(list(dict.fromkeys(name for _, name in sorted(left))))
    return f", unless they were on their way to {names}, gone at {moment(min(left)[0])}" if left else ""


def _undemanded(evidence: Evidence, queue: str) -> frozenset[str]:
    """Return the brokers at which, as was seen, no bridge asked for a queue at the end."""
    timeline = evidence.timeline
    last = {broker: seen[-1].present for (broker, what), seen in timeline.demand.items() if what == queue}
    absent = (broker for broker, present in last.items() if not present)
    return frozenset(broker for broker in absent if not timeline.coverage.silence(broker, timeline.end, timeline.end))


def _taking(broker: str, counters: DestinationSeen, received: int) -> str:
    """Return in words the counters of a broker from which more went than to other brokers and clients of the lab."""
    forwarded = [f"forwarded {counters.forwarded}"] * (counters.forwarded > 0)
    return f"{broker} {listed([f'dequeued {counters.dequeued}', *forwarded, f'its clients received {received}'])}"


def _gone(counters: DestinationSeen) -> int:
    """Return the number of messages that left a broker's queue otherwise than to another broker."""
    return counters.dequeued - counters.forwarded


def _more_enqueued(known: Mapping[str, DestinationSeen], sent: Sequence[Publication]) -> int:
    """Return how many more messages brokers enqueued than steps sent and bridges brought.

    What is in flight may have been enqueued at the other broker, and be forwarded once its answer comes: up to so many
    less.
    """
    at_most = sum(each.last - each.outcomes.count(FAILED) for each in sent)
    return sum(its.enqueued - its.forwarded for its in known.values()) - at_most


def _dead(evidence: Evidence, queue: str, brokers: Collection[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Return, by broker, the dead letters that queues for them took in, but for messages that had expired.

    The first are those of the queues that take this queue's alone, the second those that may be another one's.
    """
    declared = configurations(evidence.header.declared)
    own, shared, expired, others_expired = (dict[str, int]() for _ in range(4))
    for (broker, destination), samples in evidence.timeline.destinations.items():
        last = samples[-1]
        its = expired if destination == queue else others_expired
        its[broker] = its.get(broker, 0) + (last.expired or 0)
        if broker in brokers:
            if destination in individual(declared.get(broker, ()), queue):
                own[broker] = own.get(broker, 0) + last.enqueued
            elif destination in shared_by(declared.get(broker, ())):
                shared[broker] = shared.get(broker, 0) + last.enqueued
    for broker in own:
        own[broker] -= expired.pop(broker, 0)
    for broker in shared:
        shared[broker] -= expired.get(broker, 0) + others_expired.get(broker, 0)
    return (
        {broker: number for broker, number in own.items() if number > 0},
        {broker: number for broker, number in shared.items() if number > 0},
    )


def _is_only_queue(evidence: Evidence, queue: str) -> bool:
    """Return whether steps send to no other queue."""
    return {each.destination for each in evidence.ledger.publications.values() if is_queue(each.destination)} <= {queue}


def _accepted(sent: Publication) -> int:
    """Return how many of its messages a broker accepted."""
    if not sent.proven:
        return sent.outcomes.count(OK)
    return sum(map(sent.accepted, range(1, sent.last + 1)))


def sent_to(evidence: Evidence, queue: str) -> list[Publication]:
    """Return the publications whose messages come into a queue."""
    return [each for each in evidence.ledger.publications.values() if hears(queue, each.destination)]


def receivers_of(evidence: Evidence, queue: str) -> list[Subscription]:
    """Return the subscriptions that take messages from a queue."""
    every = evidence.ledger.subscriptions.values()
    return [each for each in every if is_queue(each.destination) and hears(each.destination, queue)]


def _received(evidence: Evidence, queue: str, sent: Sequence[Publication], broker: str) -> int:
    """Count the messages of a queue that clients of a broker received, less the unacknowledged; each arrival counts."""
    steps, found = {each.step for each in sent}, 0
    for each in receivers_of(evidence, queue):
        if each.broker == broker:
            found += each.unexplained - len(each.pending) - len(each.pending_digests)
            found += sum(
                sum(arrivals.times)
                for step, arrivals in each.arrivals.items()
                if step in steps or each.destination == queue
            )
    return found
