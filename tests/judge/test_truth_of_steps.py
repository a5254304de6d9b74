"""No verdict is better than the truth where claims count from steps: `recovered` and `finished`, beside `test_truth`.

The messages of a truth are those of a step called burst, and at some moment a link is healed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.finished import Finished
from lab.declare.expectations.recovered import Recovered
from lab.history import Observation, StepEnded, StepStarted
from lab.judge.values import Outcome

from .test_truth import END, EXAMPLES, KINDS, Message, Truth, judged

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

    def allows(self, claim: Expectation, outcome: Outcome) -> bool:
        """Return whether a verdict is no better, and no worse, than the truth."""
        assert isinstance(claim, Recovered | Finished)
        named = [each.client for each in self.truth.listeners] if claim.to is None else list(claim.to.names)
        groups = [named] if self.truth.queue else [[name] for name in named]
        if isinstance(claim, Recovered):
            in_time = [self._recovers(claim, group) for group in groups]
            return {Outcome.HELD: all(in_time), Outcome.BROKEN: not all(in_time)}.get(outcome, True)
        held, broken = self._finished(claim, groups)
        return {Outcome.HELD: held, Outcome.BROKEN: broken}.get(outcome, True)

    def _recovers(self, claim: Recovered, group: Sequence[str]) -> bool:
        came = (each.t for message in self.truth.messages for each in message.receipts if each.client in group)
        return any(self.healed <= t <= self.healed + claim.within.total_seconds() for t in came)

    def _finished(self, claim: Finished, groups: Sequence[Sequence[str]]) -> tuple[bool, bool]:
        """Return whether a claim on the time until all of all groups came may be held, and whether broken."""
        assert claim.within is not None
        owed = [
            (message, min(message.kept(group), default=None))
            for group in groups
            for message in self.truth.messages
            if self._is_owed(message, group)
        ]
        came = [t for _, t in owed if t is not None]
        whole = bool(came) and len(came) == len(owed)
        surely_not = any(message.accepted and t is None for message, t in owed)
        if claim.within.at_most is not None:
            most = claim.within.at_most.total_seconds()
            late = any(t > most for t in came)
            return whole and not late, late or surely_not
        assert claim.within.at_least is not None
        least = claim.within.at_least.total_seconds()
        return whole and max(came) >= least, not surely_not and max(came, default=0) < least

    def _is_owed(self, message: Message, group: Sequence[str]) -> bool:
        members = [each for each in self.truth.listeners if each.client in group]
        if self.truth.queue:
            return message.sent <= max(each.end for each in members)
        return any(each.hears(message.sent) for each in members)


def _claims(truth: Truth) -> tuple[Expectation, ...]:
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
    claims = _claims(its.truth)
    for claim, verdict in zip(claims, judged(claims, its.observations()).verdicts, strict=True):
        assert its.allows(claim, verdict.outcome), f"{verdict.outcome}: {verdict.expectation}: {verdict.reason}"


@pytest.mark.parametrize("kind", TRUTHS.values(), ids=TRUTHS)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_no_time_since_a_step_is_held_by_a_history_cut_short(
    kind: st.SearchStrategy[Steps], data: st.DataObject
) -> None:
    its = data.draw(kind)
    claims, seen = _claims(its.truth), its.observations()
    for verdict in judged(claims, seen[: data.draw(st.integers(1, len(seen) - 1))]).verdicts:
        assert verdict.outcome is not Outcome.HELD, f"{verdict.expectation}: {verdict.reason}"
