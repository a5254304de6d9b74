"""No verdict is better than the truth: a run is invented, its history written, and each expectation judged by it.

An expectation held must be true, one broken must be false; unknown is always an honest word. A kind of truth is a
strategy in `KINDS`: it draws a Truth, which knows what became of each message, the history that tells of it, and which
expectations hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered, Duplicates, Ordered
from lab.declare.expectations.times import Latency
from lab.history import (
    Acknowledged,
    DestinationSeen,
    Ended,
    Header,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)
from lab.judge import Report, Streamed, judge
from lab.judge.values import Outcome

BROKERS = ("tokyo", "singapore")
HEADER = Header(
    run="r", scenario="made", seed=1, runtime="simulation", started="2026-08-21T10:15:00Z", mqlab="0",
    declared={"topology": {"regions": {}, "brokers": {name: {"region": name} for name in BROKERS}}},
)  # fmt: skip
WITHIN = 5.0  # seconds, in all expectations
END = 60.0  # of a whole run, in seconds: long after everything
EXAMPLES = 40  # of each kind, of which each judges some forty expectations
PROMISES = ("exactly-once", "at-least-once", "at-most-once", "nothing")
_TO = ("a", "b", "c", "d")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    client: str
    t: float
    kept: bool = True  # not given back


@dataclass(frozen=True, kw_only=True)
class Message:
    number: int
    sent: float
    outcome: SendOutcome | None
    arrivals: tuple[Arrival, ...]
    stranger: str = ""  # the broker at which somebody who is not of the lab took it
    digest: str | None = None  # where its body carries no id

    def kept(self, who: Sequence[str]) -> list[float]:
        """Return the moments of the arrivals that clients kept, in order."""
        return sorted(each.t for each in self.arrivals if each.kept and each.client in who)

    @property
    def accepted(self) -> bool:
        """Return whether a broker accepted it: it said so, or somebody received it."""
        return self.outcome is SendOutcome.OK or bool(self.arrivals)


@dataclass(frozen=True, kw_only=True)
class Listener:
    client: str
    broker: str
    begin: float
    end: float = inf
    acknowledges: bool = False  # what it received and did not acknowledge is given back when it goes

    def hears(self, sent: float) -> bool:
        return self.begin <= sent < self.end


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What happened to the messages of one destination, sent to Tokyo by one producer in the order of their numbers."""

    destination: str
    listeners: tuple[Listener, ...]
    messages: tuple[Message, ...]
    counted: bool = False  # whether the brokers' counters were read

    @property
    def queue(self) -> bool:
        return self.destination.startswith("queue://")

    # The history

    def observations(self) -> tuple[Observation, ...]:
        """Return the whole history."""
        body = "generated" if all(each.digest is None for each in self.messages) else "given"
        seen: list[Observation] = [
            Publishing(
                t=0, step=9, client="p", broker="tokyo", over="stomp", destination=self.destination, persistent=True,
                count=len(self.messages), body=body,
            )
        ]  # fmt: skip
        for each in self.listeners:
            to = {"client": each.client, "broker": each.broker, "destination": self.destination}
            ack = "client" if each.acknowledges else "auto"
            seen.append(Subscribed(t=each.begin, over="stomp", step=1, ack=ack, **to))
            seen += [Unsubscribed(t=each.end, **to)] if each.end < inf else []
        for message in self.messages:
            seen += self._of(message)
        seen = sorted(seen, key=lambda one: one.t)
        seen += [self._counters(broker) for broker in BROKERS] if self.counted else []
        return (*seen, Ended(t=END, complete=True))

    def _of(self, message: Message) -> list[Observation]:
        name = f"9-{message.number}"
        seen: list[Observation] = [Sent(t=message.sent, id=name, digest=message.digest)]
        if message.outcome is not None:
            seen.append(Acknowledged(t=message.sent + 0.001, id=name, outcome=message.outcome))
        acknowledging = {each.client for each in self.listeners if each.acknowledges}
        names = {"id": name} if message.digest is None else {"digest": message.digest}
        for each in message.arrivals:
            pending, to = each.client in acknowledging, {"client": each.client, "destination": self.destination}
            seen.append(Received(t=each.t, pending=pending, **to, **names))
            seen += [Settled(t=each.t + 0.001, **to, **names)] if pending and each.kept else []
        return seen

    def _counters(self, broker: str) -> DestinationSeen:
        at = {each.client for each in self.listeners if each.broker == broker}
        here = sum(each.kept and each.client in at for message in self.messages for each in message.arrivals)
        here += sum(message.stranger == broker for message in self.messages)
        far = self.taken("singapore") + sum(
            each.kept and each.client not in at for message in self.messages for each in message.arrivals
        )
        forwarded = far if broker == "tokyo" else 0
        enqueued = len(self.messages) if broker == "tokyo" else here
        return DestinationSeen(
            t=END, broker=broker, destination=self.destination, enqueued=enqueued, dequeued=here + forwarded,
            forwarded=forwarded, queued=enqueued - here - forwarded, consumers=1, in_flight=0, expired=0,
        )  # fmt: skip

    def taken(self, *brokers: str) -> int:
        """Return how many messages strangers took at some brokers."""
        return sum(message.stranger in brokers for message in self.messages)

    def before_anything_is_given_back(self) -> Truth:
        """Return the truth while every client still has what it will give back."""
        return replace(
            self,
            messages=tuple(
                replace(each, arrivals=tuple(replace(one, kept=True) for one in each.arrivals))
                for each in self.messages
            ),
        )

    # Which expectations are true; None where there is nothing that could make them so

    def true(self, expectation: Expectation) -> bool | None:
        named = expectation.to.names if getattr(expectation, "to", None) is not None else self._everybody
        if self.queue or (isinstance(expectation, Delivered) and expectation.to is not None and expectation.to.any):
            groups = [named]
        else:
            groups = [(name,) for name in named]
        found = [self._true_of(expectation, group) for group in groups]
        if isinstance(expectation, Delivered) and expectation.shares is not None:
            found.append(self._shares(expectation))
        return False if False in found else None if None in found else True

    @property
    def _everybody(self) -> tuple[str, ...]:
        return tuple(each.client for each in self.listeners)

    def _true_of(self, expectation: Expectation, group: Sequence[str]) -> bool | None:
        members = [each for each in self.listeners if each.client in group]
        rivals = self._everybody if self.queue else group
        came = [message for message in self.messages if message.kept(group)]
        again = sum(len(message.kept(rivals)) - 1 for message in came)
        if isinstance(expectation, Duplicates):
            return again <= expectation.at_most if came else None
        if isinstance(expectation, Latency):
            assert expectation.max is not None and expectation.max.at_most is not None
            most = expectation.max.at_most.total_seconds()
            return all(message.kept(group)[0] - message.sent <= most for message in came) if came else None
        if isinstance(expectation, Ordered):
            return all(self._in_order(name) for name in group) if came else None
        assert isinstance(expectation, Delivered)
        if expectation.promise == "nothing":
            return not any(each.client in group for message in self.messages for each in message.arrivals)
        expected = [message for message in self.messages if message.accepted and self._expected(message, members)]
        late = any(message.kept(group)[0] - message.sent > WITHIN for message in came)
        if not expected:
            return None
        if expectation.promise == "at-most-once":
            return not late and not again if came else None
        lost = any(message not in came for message in expected)
        return not lost and not late and (expectation.promise == "at-least-once" or not again)

    def _expected(self, message: Message, members: Sequence[Listener]) -> bool:
        if self.queue:  # it keeps what was sent before anybody came
            return message.sent <= max(each.end for each in members)
        return any(each.hears(message.sent) for each in members)

    def _in_order(self, name: str) -> bool:
        """Return whether a client first received each before all later ones, but for what others had given back."""
        ends, firsts = {each.client: each.end for each in self.listeners}, []
        for message in self.messages:
            moments = [each.t for each in message.arrivals if each.client == name]
            backs = [ends[each.client] for each in message.arrivals if not each.kept]
            if moments:
                firsts.append((min(moments), message.number, any(back < min(moments) for back in backs)))
        firsts.sort()
        before = [max((number for _, number, _ in firsts[:place]), default=0) for place in range(len(firsts))]
        return all(number > top or again for (_, number, again), top in zip(firsts, before, strict=True))

    def _shares(self, expectation: Delivered) -> bool | None:
        whole = sum(bool(message.kept(self._everybody)) for message in self.messages)
        counts = {
            name: sum(bool(message.kept((name,))) for message in self.messages) for name in expectation.shares or ()
        }
        return (
            all(bounds.holds(counts[name], whole) for name, bounds in (expectation.shares or {}).items())
            if whole
            else None
        )


@st.composite
def _truths(draw: st.DrawFn, *, queue: bool, bodies: str = "generated", strangers: bool = False) -> Truth:
    """Draw a run in which messages are lost, doubled, swapped, late, given back, taken by strangers."""
    listeners = []
    for name in _TO[: draw(st.integers(1, 4))]:
        begin, acknowledges = draw(st.sampled_from([0.05, 0.5, 3.0])), queue and draw(st.booleans())
        end = draw(st.sampled_from([inf, inf, 4.0, 8.0]))
        broker = draw(st.sampled_from(BROKERS))
        listeners.append(Listener(client=name, broker=broker, begin=begin, end=end, acknowledges=acknowledges))
    messages = []
    for number in range(1, draw(st.integers(1, 7)) + 1):
        sent = number + draw(st.sampled_from([0.01, 0.02]))
        stranger = draw(st.sampled_from(["", "", *BROKERS])) if strangers else ""
        arrivals, since = ([], sent) if stranger else _given_back(draw, listeners, sent)
        for each in listeners if not stranger else ():
            if draw(st.booleans()) if queue else each.hears(sent):
                arrivals += _arrivals(draw, each, since)
        messages.append(
            Message(
                number=number,
                sent=sent,
                outcome=draw(st.sampled_from([SendOutcome.OK] * 4 + [SendOutcome.UNKNOWN, None]))
                if not strangers
                else SendOutcome.OK,
                arrivals=tuple(arrivals),
                stranger=stranger,
                digest=_DIGEST[bodies](draw, number),
            )
        )
    return Truth(
        destination="queue://q" if queue else "topic://t",
        listeners=tuple(listeners),
        messages=tuple(messages),
        counted=strangers,
    )


def _arrivals(draw: st.DrawFn, listener: Listener, since: float) -> list[Arrival]:
    """Draw the arrivals of one message, there since a moment, by one listener: mostly one, soon."""
    t = max(since, listener.begin) + draw(st.sampled_from([0.1, 0.3, 1.5, 2.5, 5.5]))
    if t + 0.05 >= listener.end:
        return []
    number = draw(st.sampled_from([1, 1, 1, 1, 0, 2]))
    return [Arrival(client=listener.client, t=t + 0.01 * each) for each in range(number)]


def _given_back(draw: st.DrawFn, listeners: Sequence[Listener], sent: float) -> tuple[list[Arrival], float]:
    """Draw an arrival that its client did not acknowledge, and the moment from which others may have the message."""
    for each in listeners:
        t = max(sent, each.begin) + 0.2
        if each.acknowledges and t < each.end < inf and draw(st.booleans()):
            return [Arrival(client=each.client, t=t, kept=False)], each.end
    return [], sent


_DIGEST: dict[str, Callable[[st.DrawFn, int], str | None]] = {
    "generated": lambda draw, number: None,
    "given": lambda draw, number: f"body {number}",
    "equal": lambda draw, number: draw(st.sampled_from(["one body", "another"])),
}

KINDS: dict[str, st.SearchStrategy[Truth]] = {
    "a topic": _truths(queue=False),
    "a shared queue": _truths(queue=True),
    "a shared queue, bodies without ids": _truths(queue=True, bodies="given"),
    "a shared queue, equal bodies": _truths(queue=True, bodies="equal"),
    "a topic, equal bodies": _truths(queue=False, bodies="equal"),
    "a shared queue with strangers": _truths(queue=True, strangers=True),
}
KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def expectations(truth: Truth) -> tuple[Expectation, ...]:
    """Return expectations of every kind about a truth's listeners: each alone, some, and all."""
    return _expectations(truth.destination, tuple(each.client for each in truth.listeners))


@cache
def _expectations(destination: str, clients: tuple[str, ...]) -> tuple[Expectation, ...]:
    kind, _, name = destination.partition("://")
    names, where = list(clients), {kind: name, "within": "5s"}
    everyone = [None, *({"to": name} for name in names), {"to": names}, {"to": names[:2]}, {"to": {"any": names}}]
    found: list[Expectation] = []
    for to in (each or {} for each in everyone):
        several = isinstance(to.get("to"), dict)
        for promise in PROMISES:
            if not (several and promise == "nothing"):
                found.append(Delivered.model_validate({**where, **to, "promise": promise}))
        if not several:
            found += [Duplicates.model_validate({**to, "at-most": most}) for most in ("0", "1")]
            found += [Ordered.model_validate(to), Latency.model_validate({**to, "max": "1s"})]
    portions = ("1", {"at-least": "1"}, {"at-most": "50%"}, {"at-least": "40%", "at-most": "4"})
    for portion in portions if kind == "queue" else ():
        shares = dict.fromkeys(names[-2:], portion)
        found.append(Delivered.model_validate({**where, "promise": "at-least-once", "shares": shares}))
    return tuple(found)


def judged(expectations: Sequence[Expectation], seen: Sequence[Observation]) -> Report:
    return judge(expectations, Streamed(HEADER, seen))


def none_is_better_than(
    true: Callable[[Any], bool | None], expectations: Sequence[Expectation], seen: Sequence[Observation]
) -> None:
    """See that what is held is true, and what is broken is not; None is for what no user may say either way."""
    for expectation, verdict in zip(expectations, judged(expectations, seen).verdicts, strict=True):
        truth = true(expectation)
        right = {Outcome.PASSED: True, Outcome.FAILED: False}.get(verdict.outcome, truth)
        assert truth is right, f"{verdict.outcome}: {verdict.expectation}: {verdict.reason}"


def none_is_held(expectations: Sequence[Expectation], seen: Sequence[Observation]) -> None:
    for verdict in judged(expectations, seen).verdicts:
        assert verdict.outcome is not Outcome.PASSED, f"{verdict.expectation}: {verdict.reason}"


@KIND
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_no_verdict_is_better_than_the_truth(kind: st.SearchStrategy[Truth], data: st.DataObject) -> None:
    truth = data.draw(kind)
    none_is_better_than(truth.true, expectations(truth), truth.observations())


@KIND
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_history_cut_short_holds_nothing_and_breaks_only_what_is_broken(
    kind: st.SearchStrategy[Truth], data: st.DataObject
) -> None:
    truth = data.draw(kind)
    asked, seen = expectations(truth), truth.observations()
    cut = seen[: data.draw(st.integers(1, len(seen) - 1))]
    for expectation, verdict in zip(asked, judged(asked, cut).verdicts, strict=True):
        assert verdict.outcome is not Outcome.PASSED, f"{verdict.expectation}: {verdict.reason}"
        false = False in (truth.true(expectation), truth.before_anything_is_given_back().true(expectation))
        assert verdict.outcome is Outcome.UNKNOWN or false, f"{verdict.expectation}: {verdict.reason}"


@given(_truths(queue=True, strangers=True))
def test_no_more_went_to_strangers_than_did(truth: Truth) -> None:
    notes = [note for note in judged((), truth.observations()).notes if note.startswith("Of queue://q")]
    told = [int(note.removeprefix("Of queue://q, ").split()[0]) for note in notes]
    assert told == [taken] if (taken := truth.taken(*BROKERS)) else told == []


def test_what_another_received_may_yet_come_where_a_history_is_cut_short() -> None:
    listeners = tuple(Listener(client=name, broker="tokyo", begin=0.05) for name in "ab")
    came = (Arrival(client="a", t=1.1), Arrival(client="b", t=1.5))
    message = Message(number=1, sent=1.0, outcome=SendOutcome.OK, arrivals=came)
    truth = Truth(destination="queue://q", listeners=listeners, messages=(message,))
    asked = [Delivered.model_validate({"queue": "q", "to": "b", "promise": each}) for each in PROMISES[:2]]
    until = [seen for seen in truth.observations() if seen.t < 1.5]
    assert [truth.true(expectation) for expectation in asked] == [False, True]
    assert [verdict.outcome for verdict in judged(asked, until).verdicts] == [Outcome.FAILED, Outcome.UNKNOWN]


def test_of_equal_bodies_one_without_an_acknowledgement_need_not_be_the_one_that_came() -> None:
    """The second message came, the third has no acknowledgement, and the first came twice, at once."""
    listeners = tuple(Listener(client=name, broker="tokyo", begin=0.05) for name in "ab")
    times: dict[int, tuple[float, ...]] = {1: (1.1, 1.1), 2: (2.1,), 3: (), 4: (4.1,)}
    messages = tuple(
        Message(
            number=number,
            sent=number + 0.01,
            outcome=SendOutcome.UNKNOWN if number == 3 else SendOutcome.OK,
            arrivals=tuple(Arrival(client="ab"[place], t=t + 0.01) for place, t in enumerate(moments)),
            digest="one body",
        )
        for number, moments in times.items()
    )
    truth = Truth(destination="queue://q", listeners=listeners, messages=messages)
    expectation = Delivered.model_validate({"queue": "q", "promise": "at-least-once", "within": "5s"})
    (its,) = judged((expectation,), truth.observations()).verdicts
    assert (truth.true(expectation), its.outcome) == (True, Outcome.UNKNOWN), its.reason


def test_of_equal_bodies_that_came_at_one_moment_the_history_has_the_order() -> None:
    listeners = tuple(Listener(client=name, broker="tokyo", begin=begin) for name, begin in (("a", 0.05), ("c", 3.0)))
    messages = tuple(
        Message(number=n, sent=n + 0.01, outcome=SendOutcome.OK, arrivals=came, stranger="", digest=body)
        for n, body, came in (
            (1, "another", (Arrival(client="a", t=1.11),)),
            (2, "one body", (Arrival(client="a", t=2.11),)),
            (3, "one body", (Arrival(client="a", t=3.11), Arrival(client="c", t=5.51))),
            (4, "another", (Arrival(client="a", t=4.11), Arrival(client="c", t=5.51))),
        )
    )
    truth = Truth(destination="topic://t", listeners=listeners, messages=messages, counted=False)
    ordered = [each for each in expectations(truth) if each.kind == "ordered"]
    found = judged(ordered, truth.observations()).verdicts
    assert [each.reason for each in found if each.outcome is Outcome.FAILED] == []


def test_of_equal_bodies_that_came_to_a_queue_one_is_not_that_of_a_message_sent_after_its_receiver_left() -> None:
    """Client b received the first message, and then client a did; the second and third have no acknowledgement."""
    listeners = tuple(
        Listener(client=name, broker="tokyo", begin=0.05, end=end) for name, end in (("a", 4.0), ("b", inf))
    )
    came = (Arrival(client="b", t=1.11), Arrival(client="a", t=2.51))
    outcomes = (SendOutcome.OK, SendOutcome.UNKNOWN, SendOutcome.UNKNOWN, SendOutcome.OK)
    messages = tuple(
        Message(number=n, sent=n + 0.01, outcome=outcome, arrivals=came if n == 1 else (), digest="one body")
        for n, outcome in enumerate(outcomes, start=1)
    )
    truth = Truth(destination="queue://q", listeners=listeners, messages=messages)
    of_a = {"queue": "q", "to": "a", "promise": "at-least-once", "within": "5s"}
    expectation = Delivered.model_validate(of_a)
    (its,) = judged((expectation,), truth.observations()).verdicts
    assert (truth.true(expectation), its.outcome) == (True, Outcome.UNKNOWN), its.reason
    none_is_better_than(truth.true, expectations(truth), truth.observations())
