"""No verdict is better than the truth where steps did not do what was asked: a kind beside those of `test_truth`.

A run is made up whose `publish` may have sent fewer than asked, whose `consume` may have got fewer, whose subscriber
may have been turned away, and whose verbs may have failed, as they were to or not. What would have held rests on them;
what is broken stays broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered, Duplicates, Ordered
from lab.declare.expectations.states import ConfigurationExpectation
from lab.declare.expectations.times import Finished, Latency
from lab.history import (
    Achieved,
    Approached,
    BrokerRecordSeen,
    Ended,
    Observation,
    Paced,
    Received,
    SendOutcome,
    StepEnded,
    StepStarted,
    Subscribed,
)
from lab.judge.values import Outcome

from .test_not_better_than_known import sent
from .test_truth import END, EXAMPLES, KINDS, Arrival, Listener, Message, Truth, expectations, judged

TURNED_AWAY = "e"
CHANGES = ("kill", "cut", "reboot", "create-route", "create-user", "connector", "unsubscribe", "one-of-the-future")
LOOKS = ("wait", "snapshot", "try", "browse", "connect")


@dataclass(frozen=True, kw_only=True)
class Verb:
    """A step that may have failed: before all messages, or after everything that is known of them."""

    verb: str
    ok: bool
    fails: bool
    last: bool

    def observations(self, number: int) -> tuple[Observation, ...]:
        t = END - 0.5 if self.last else 0.0
        asked = StepStarted(t=t, step=number, verb=self.verb, asked=f"{self.verb} something")
        return asked, StepEnded(t=t, step=number, ok=self.ok, fails=self.fails)

    def spoils(self, expectation: Expectation) -> bool:
        """Return whether messages were not sent in the lab that the scenario has, or before it was what it is to be."""
        silent = isinstance(expectation, Delivered) and expectation.promise == "nothing"
        return (self.verb not in LOOKS or (self.verb == "wait" and silent)) and self.ok is self.fails and not self.last


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the steps of a run were asked: the truth of its messages is one thing, and its preconditions are another."""

    truth: Truth
    count: int  # asked of the publish step
    least: int | None  # enough of them, as the scenario says
    takes: tuple[int, int] | None  # of a consume step of the first listener: asked, and got
    refused: bool  # another subscriber was turned away
    slow: bool  # the publish step did not keep its rate
    verbs: tuple[Verb, ...] = ()

    def observations(self) -> tuple[Observation, ...]:
        of, where = self.truth.destination, {"broker": "tokyo", "over": "stomp"}
        first, *rest = self.truth.observations()
        seen = [StepStarted(t=0, step=9, verb="publish", asked="publish", name="burst"), first, *rest[:-1]]
        if self.refused:
            tried = {"client": TURNED_AWAY, "what": "subscribe", "outcome": "not-authorised", "destination": of}
            seen.insert(0, Approached(t=0, took=0.1, **tried, **where))
        if self.slow:
            seen.append(Paced(t=END, step=9, asked_per_s=9, drawn_per_s=9, reached_per_s=1, held=False))
        told = {"broker": "tokyo", "destination": of, "asked": self.count, "least": self.least}
        seen += [Achieved(t=END, step=9, did="sent", done=self.known, **told), StepEnded(t=END, step=9)]
        if self.takes is not None:
            asked, got = self.takes
            client = self.truth.listeners[0].client
            seen.append(Achieved(t=END, step=10, did="taken", done=got, broker="tokyo", client=client, asked=asked))
        before = [
            each for place, verb in enumerate(self.verbs) for each in verb.observations(20 + place) if not verb.last
        ]
        after = [each for place, verb in enumerate(self.verbs) for each in verb.observations(20 + place) if verb.last]
        return (*before, *seen, *after, rest[-1])

    @property
    def known(self) -> int:
        """Return how many messages a broker accepted, as far as the publisher was told."""
        return sum(message.outcome is SendOutcome.OK for message in self.truth.messages)

    @property
    def accepted(self) -> int:
        """Return how many messages a broker accepted: one that somebody received was, acknowledged or not."""
        kept = [any(each.kept for each in message.arrivals) for message in self.truth.messages]
        told = [message.outcome is SendOutcome.OK for message in self.truth.messages]
        return sum(ok or came for ok, came in zip(told, kept, strict=True))

    def allows(self, expectation: Expectation) -> bool:
        """Return whether the steps did what an expectation rests on."""
        if any(verb.spoils(expectation) for verb in self.verbs):
            return False
        if self.accepted < (self.count if self.least is None else self.least):
            return False
        receivers = getattr(expectation, "to", None)
        to = None if receivers is None else receivers.names
        fewer = self.takes is not None and self.takes[1] < self.takes[0]
        if fewer and not isinstance(expectation, Finished) and (to is None or self.truth.listeners[0].client in to):
            return False
        if self.slow and isinstance(expectation, Latency):
            return False
        return not (self.refused and to is not None and TURNED_AWAY in to)


_VERBS = st.builds(
    Verb, verb=st.sampled_from([*CHANGES, *LOOKS]), ok=st.booleans(), fails=st.booleans(), last=st.booleans()
)


@st.composite
def _asked(draw: st.DrawFn, truths: st.SearchStrategy[Truth], *, verbs_alone: bool = False) -> Asked:
    """Draw a run of which anything may be other than asked, or verbs alone."""
    truth = draw(truths)
    if verbs_alone:
        some = tuple(draw(st.lists(_VERBS, min_size=1, max_size=2)))
        count = len(truth.messages)
        return Asked(truth=truth, count=count, least=1, takes=None, refused=False, slow=False, verbs=some)
    asked = draw(st.integers(1, 4))
    return Asked(
        truth=truth,
        count=len(truth.messages) + draw(st.sampled_from([0, 0, 1, 80])),
        least=draw(st.sampled_from([None, None, 1, len(truth.messages)])),
        takes=draw(st.sampled_from([None, (asked, asked), (asked, asked - 1)])),
        refused=draw(st.booleans()),
        slow=draw(st.sampled_from([False, False, True])),
        verbs=tuple(draw(st.lists(_VERBS, max_size=2))) if draw(st.booleans()) else (),
    )


def _expectations(asked: Asked) -> Sequence[Expectation]:
    """Return the expectations about a truth's listeners, and some about one who was turned away."""
    kind, _, name = asked.truth.destination.partition("://")
    to = [each.client for each in asked.truth.listeners]
    more: list[Expectation] = []
    for who in (TURNED_AWAY, [*to, TURNED_AWAY], {"any": [*to, TURNED_AWAY]}):
        more.append(Delivered.model_validate({"to": who, kind: name, "promise": "at-least-once", "within": "5s"}))
    for which in (Duplicates, Ordered):
        more.append(which.model_validate({"to": [*to, TURNED_AWAY]}))
    return (*expectations(asked.truth), *more)


PREMISES = {
    **{kind: _asked(KINDS[kind]) for kind in ("a topic", "a shared queue")},
    "a topic, failed verbs": _asked(KINDS["a topic"], verbs_alone=True),
    "a shared queue, failed verbs": _asked(KINDS["a shared queue"], verbs_alone=True),
}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("kind", PREMISES.values(), ids=PREMISES)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_nothing_holds_that_rests_on_a_step_which_did_less_than_asked(
    kind: st.SearchStrategy[Asked], data: st.DataObject
) -> None:
    asked = data.draw(kind)
    every = _expectations(asked)
    for expectation, verdict in zip(every, judged(every, asked.observations()).verdicts, strict=True):
        told = f"{verdict.outcome}: {verdict.expectation}: {verdict.reason}"
        if verdict.outcome is Outcome.PASSED:
            assert asked.allows(expectation), told
        receivers = getattr(expectation, "to", None)
        if receivers is None or TURNED_AWAY not in receivers.names:
            true = asked.truth.true(expectation)
            right = {Outcome.PASSED: True, Outcome.FAILED: False}.get(verdict.outcome, true)
            assert true is right, told


@given(_asked(KINDS["a topic"]))
def test_a_step_is_not_finished_that_did_less_than_asked(asked: Asked) -> None:
    expectation = Finished.model_validate({"step": "burst", "within": "60s"})
    (its,) = judged((expectation,), asked.observations()).verdicts
    assert asked.allows(expectation) or its.outcome is not Outcome.PASSED, its.reason


@given(_asked(KINDS["a topic"]), st.booleans())
def test_what_counts_from_a_step_rests_on_that_step(asked: Asked, fails: bool) -> None:
    """For every step and every part of a lab, the expectation names the step."""
    expectation = ConfigurationExpectation.model_validate({"broker": "tokyo", "current": "1", "after": "wait"})
    record = BrokerRecordSeen(t=0, broker="tokyo", state="RUNNING", configuration="c", revision=1)
    for ok, outcome in ((fails, Outcome.UNKNOWN), (not fails, Outcome.PASSED)):
        verb = Verb(verb="wait", ok=ok, fails=fails, last=False)
        seen = (record, *verb.observations(20), *replace(asked, verbs=()).observations())
        (its,) = judged((expectation,), seen).verdicts
        assert its.outcome is outcome, its
        assert ("step 20 (wait something)" in its.reason) is (outcome is Outcome.UNKNOWN)


@pytest.mark.parametrize("fails", [False, True])
def test_a_step_that_takes_several_numbers_fails_as_one(fails: bool) -> None:
    ear = Listener(client="a", broker="tokyo", begin=0.05)
    message = Message(number=1, sent=1.0, outcome=SendOutcome.OK, arrivals=(Arrival(client="a", t=1.1),))
    truth = Truth(destination="topic://t", listeners=(ear,), messages=(message,))
    part = {"did": "sent", "done": 0, "broker": "tokyo", "destination": "topic://t", "asked": 2}
    seen = (
        StepStarted(t=0, step=20, verb="replay", asked="replay something"),
        Achieved(t=0, step=20, **part),
        Achieved(t=0, step=21, **part),
        StepEnded(t=0, step=20, ok=False, fails=fails),
    )
    expectation = Delivered.model_validate({"promise": "exactly-once", "within": "5s"})
    (its,) = judged((expectation,), (*seen, *truth.observations())).verdicts
    assert its.outcome is (Outcome.PASSED if fails else Outcome.UNKNOWN), its
    assert its.reason.count("step 20 (replay something): 0 of 2 accepted") == (0 if fails else 2)


def test_a_step_that_a_expectation_names_is_told_once() -> None:
    """How much it sent says more than that it was not done as asked."""
    seen = sent(1)[:-1]
    less = Achieved(t=2, step=2, did="sent", done=1, broker="tokyo", destination="topic://x", asked=3)
    ear = Listener(client="a", broker="tokyo", begin=0.05)
    message = Message(number=1, sent=1.0, outcome=SendOutcome.OK, arrivals=(Arrival(client="a", t=1.1),))
    truth = Truth(destination="topic://x", listeners=(ear,), messages=(message,)).observations()
    came = [each for each in truth if isinstance(each, Subscribed | Received)]
    failed = StepEnded(t=2.1, step=2, ok=False, note="1 ok")
    expectation = Finished.model_validate({"step": "burst", "within": "60s"})
    (its,) = judged(
        (expectation,), (came[0], *seen, came[1].with_fields(id="2-1"), less, failed, Ended(t=60, complete=True))
    ).verdicts
    assert its.outcome is Outcome.UNKNOWN and its.reason.count("step 2 burst") == 1, its.reason
    assert "1 of 3 accepted, 2 never sent" in its.reason
