"""No verdict is better than the truth where expectations count from steps: `recovered` and `finished`.

The messages of a truth are those of a step called burst, and at some moment a link is healed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.times import Finished, Recovered
from lab.history import Observation, SendOutcome, StepEnded, StepStarted
from lab.judge.values import Outcome

from .test_truth import END, EXAMPLES, KINDS, Arrival, Listener, Message, Truth, judged, none_is_held

WITHIN = 2.5  # seconds


@dataclass(frozen=True, kw_only=True)
class Steps:
    truth: Truth
    healed: float

    def observations(self) -> tuple[Observation, ...]:
        *seen, ended = self.truth.observations()
        steps = [
            StepStarted(t=0, step=9, verb="publish", asked="publish", name="burst"),
            StepEnded(t=END - 1, step=9),
            StepStarted(t=self.healed - 0.005, step=10, verb="heal", asked="heal"),
            StepEnded(t=self.healed, step=10),
        ]
        return (*sorted([*steps[:1], *seen, *steps[1:]], key=lambda each: each.t), ended)

    def allows(self, expectation: Expectation, outcome: Outcome) -> bool:
        """Return whether a verdict is no better, and no worse, than the truth."""
        assert isinstance(expectation, Recovered | Finished)
        named = [each.client for each in self.truth.listeners] if expectation.to is None else list(expectation.to.names)
        groups = [named] if self.truth.queue else [[name] for name in named]
        if isinstance(expectation, Recovered):
            in_time = [self._recovers(expectation, group) for group in groups]
            return {Outcome.PASSED: all(in_time), Outcome.FAILED: not all(in_time)}.get(outcome, True)
        held, broken = self._finished(expectation, groups)
        return {Outcome.PASSED: held, Outcome.FAILED: broken}.get(outcome, True)

    def _recovers(self, expectation: Recovered, group: Sequence[str]) -> bool:
        came = (each.t for message in self.truth.messages for each in message.arrivals if each.client in group)
        return any(self.healed <= t <= self.healed + expectation.within.total_seconds() for t in came)

    def _finished(self, expectation: Finished, groups: Sequence[Sequence[str]]) -> tuple[bool, bool]:
        """Return whether an expectation on the time until all of all groups came may be held, and whether broken."""
        assert expectation.within is not None
        expected = [
            (message, min(message.kept(group), default=None))
            for group in groups
            for message in self.truth.messages
            if self._is_expected(message, group)
        ]
        came = [t for _, t in expected if t is not None]
        whole = bool(came) and len(came) == len(expected)
        surely_not = any(message.accepted and t is None for message, t in expected)
        if expectation.within.at_most is not None:
            most = expectation.within.at_most.total_seconds()
            late = any(t > most for t in came)
            return whole and not late, late or surely_not
        assert expectation.within.at_least is not None
        least = expectation.within.at_least.total_seconds()
        return whole and max(came) >= least, not surely_not and max(came, default=0) < least

    def _is_expected(self, message: Message, group: Sequence[str]) -> bool:
        members = [each for each in self.truth.listeners if each.client in group]
        if self.truth.queue:
            return message.sent <= max(each.end for each in members)
        return any(each.hears(message.sent) for each in members)


def _expectations(truth: Truth) -> tuple[Expectation, ...]:
    names = [each.client for each in truth.listeners]
    found: list[Expectation] = []
    for to in ({}, *({"to": name} for name in names), {"to": names}):
        found.append(Recovered.model_validate({**to, "after": "heal", "within": f"{WITHIN}s"}))
        for within in ("5s", "8s", {"at-least": "3s"}):
            found.append(Finished.model_validate({**to, "step": "burst", "within": within}))
    return tuple(found)


@st.composite
def _steps(draw: st.DrawFn, truths: st.SearchStrategy[Truth]) -> Steps:
    return Steps(truth=draw(truths), healed=draw(st.sampled_from([0.5, 1.05, 2.5, 4.15, 6.0, 7.5])))


TRUTHS = {kind: _steps(KINDS[kind]) for kind in KINDS if "strangers" not in kind}


@pytest.mark.parametrize("kind", TRUTHS.values(), ids=TRUTHS)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_no_verdict_on_a_time_since_a_step_is_better_than_the_truth(
    kind: st.SearchStrategy[Steps], data: st.DataObject
) -> None:
    its = data.draw(kind)
    expectations = _expectations(its.truth)
    for expectation, verdict in zip(expectations, judged(expectations, its.observations()).verdicts, strict=True):
        assert its.allows(expectation, verdict.outcome), f"{verdict.outcome}: {verdict.expectation}: {verdict.reason}"


@pytest.mark.parametrize("kind", TRUTHS.values(), ids=TRUTHS)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_no_time_since_a_step_is_held_by_a_history_cut_short(
    kind: st.SearchStrategy[Steps], data: st.DataObject
) -> None:
    its = data.draw(kind)
    expectations, seen = _expectations(its.truth), its.observations()
    none_is_held(expectations, seen[: data.draw(st.integers(1, len(seen) - 1))])


def _alike(*messages: Message, **listeners: tuple[float, float]) -> Truth:
    """Return the truth of messages with equal bodies, for listeners by name, each with its begin and end."""
    its = tuple(Listener(client=name, broker="tokyo", begin=begin, end=end) for name, (begin, end) in listeners.items())
    return Truth(destination="topic://t", listeners=its, messages=messages)


def _message(number: int, *arrivals: Arrival, outcome: SendOutcome = SendOutcome.OK) -> Message:
    return Message(number=number, sent=number + 0.01, outcome=outcome, arrivals=arrivals, digest="one body")


@pytest.mark.parametrize(("by", "outcome"), [("", Outcome.UNKNOWN), ("d", Outcome.FAILED)])
def test_of_equal_bodies_one_without_an_acknowledgement_may_have_been_accepted(by: str, outcome: Outcome) -> None:
    """To `a` it was one of three equal bodies; to `d`, who came later, it was the only one."""
    third = [Arrival(client=name, t=3.11) for name in ("a", *by)]
    truth = _alike(
        *(_message(number, Arrival(client="a", t=number + 0.11)) for number in (1, 2)),
        _message(3, *third, outcome=SendOutcome.UNKNOWN),
        _message(4, *(Arrival(client=name, t=4.11) for name in "ac")),
        a=(0.05, inf), c=(3.0, inf), d=(3.0, 4.0),
    )  # fmt: skip
    *others, last = truth.messages
    its = Steps(truth=replace(truth, messages=(*others, replace(last, digest="another"))), healed=0.5)
    expectation = Finished.model_validate({"step": "burst", "to": "c", "within": "5s"})
    (found,) = judged((expectation,), its.observations()).verdicts
    assert found.outcome is outcome, found.reason


def test_of_equal_bodies_one_that_came_in_time_may_be_the_first_of_its_message() -> None:
    truth = _alike(
        _message(1, Arrival(client="a", t=2.51)),
        _message(2, Arrival(client="a", t=2.11), Arrival(client="a", t=2.12)),
        _message(3),
        a=(0.05, inf),
    )
    expectation = Recovered.model_validate({"to": "a", "after": "heal", "within": "2.5s"})
    (found,) = judged((expectation,), Steps(truth=truth, healed=2.5).observations()).verdicts
    assert found.outcome is Outcome.UNKNOWN, found.reason
