"""No verdict is better than the truth where records and logs decide: a kind beside those of `test_truth`.

A run is made up in which the service's record of a broker changes, by steps and after them, and its log says the same
again and again, of which a history tells several lines together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.logs import Log
from lab.declare.expectations.states import BrokerStateExpectation, ConfigurationExpectation, UsersExpectation
from lab.history import BrokerRecordSeen, Ended, LogLine, Observation, StepEnded, StepStarted

from .test_truth import EXAMPLES, none_is_better_than, none_is_held

END = 30.5
USERS: tuple[Mapping[str, str], ...] = ({}, {"app": ""}, {"app": "CREATE"}, {"app": "UPDATE"}, {"app": "DELETE"})
STATES = ("RUNNING", "REBOOT_IN_PROGRESS")
VERB = "reboot"


@dataclass(frozen=True, kw_only=True)
class Truth:
    records: tuple[tuple[float, BrokerRecordSeen], ...]
    steps: tuple[tuple[float, float], ...]  # begin and end of each reboot
    lines: tuple[float, ...]  # of the log, all alike
    bundles: tuple[int, ...]  # how many of them each line of the history stands for

    def observations(self) -> tuple[Observation, ...]:
        seen: list[Observation] = [record.with_fields(t=t) for t, record in self.records]
        for number, (begin, end) in enumerate(self.steps, 1):
            seen += [StepStarted(t=begin, step=number, verb=VERB, asked=VERB), StepEnded(t=end, step=number)]
        at = 0
        for times in self.bundles:
            alike = self.lines[at : at + times]
            if alike:
                seen.append(LogLine(t=alike[-1], broker="tokyo", level="WARN", text="again", times=len(alike)))
            at += len(alike)
        seen += [LogLine(t=t, broker="tokyo", level="WARN", text="again") for t in self.lines[at:]]
        return (*sorted(seen, key=lambda each: each.t), Ended(t=END, complete=True))

    def true(self, expectation: Any) -> bool | None:
        step = self.steps[-1] if self.steps else None
        word = getattr(expectation, "after", None) or getattr(expectation, "during", None)
        if word is not None and step is None:
            return None
        if isinstance(expectation, Log):
            begin, end = (
                (step[0], step[1] + expectation.within.total_seconds()) if expectation.after and step else (-inf, inf)
            )
            return expectation.wanted.holds(sum(begin <= t <= end for t in self.lines))
        if isinstance(expectation, BrokerStateExpectation) and expectation.during is not None:
            assert step is not None
            its = [(t, record.state) for t, record in self.records if t <= step[1] and record.broker == "tokyo"]
            made = [state for t, state in its if t > step[0]] or [state for _, state in its[-1:]]
            return expectation.state in made if made else None
        until = END if expectation.after is None or step is None else step[1]
        found = [record for t, record in self.records if t <= until and record.broker == "tokyo"]
        if not found:
            return None
        match expectation:
            case UsersExpectation():
                change = found[-1].users.get(expectation.user)
                return expectation.pending == ("no-such-user" if change is None else change.lower() or "none")
            case ConfigurationExpectation():
                pending = "none" if found[-1].pending_revision is None else found[-1].pending_revision
                return expectation.current in (None, found[-1].revision) and expectation.pending in (None, pending)
            case BrokerStateExpectation():
                return expectation.state == found[-1].state
        raise AssertionError(expectation)


_AFTER: tuple[dict[str, Any], ...] = ({}, {"after": VERB})
_TERM: tuple[dict[str, Any], ...] = ({}, {"after": VERB, "within": "5s"})
_TIMES = ("1", "2", {"at-least": "2"}, {"at-most": "3"}, {"at-least": "1", "at-most": "4"})
_LINES: tuple[dict[str, Any], ...] = ({"absent": True}, *({"times": each} for each in _TIMES))
EXPECTED: tuple[Expectation, ...] = (
    *(
        UsersExpectation.model_validate({"broker": "tokyo", "user": "app", "pending": pending, **after})
        for pending in ("create", "update", "delete", "none", "no-such-user")
        for after in _AFTER
    ),
    *(
        ConfigurationExpectation.model_validate({"broker": "tokyo", **which, **after})
        for which in ({"current": "1"}, {"pending": "none"}, {"pending": "2"}, {"current": "2", "pending": "none"})
        for after in _AFTER
    ),
    *(
        BrokerStateExpectation.model_validate({"broker": "tokyo", "state": state, **when})
        for state in STATES
        for when in (*_AFTER, {"during": VERB})
    ),
    *(
        Log.model_validate({"broker": "tokyo", "matches": "again", **number, **term})
        for number in _LINES
        for term in _TERM
    ),
)


@st.composite
def _truths(draw: st.DrawFn) -> Truth:
    moments = st.lists(st.integers(0, 24), max_size=5, unique=True)
    records = [
        (
            t + draw(st.sampled_from([0.0, 0.2, 0.25])),
            BrokerRecordSeen(
                t=0, broker=draw(st.sampled_from(["tokyo", "tokyo", "singapore"])), state=draw(st.sampled_from(STATES)),
                configuration="c", revision=draw(st.integers(1, 2)), users=draw(st.sampled_from(USERS)),
                pending_revision=draw(st.sampled_from([None, 2])),
            ),
        )
        for t in sorted(draw(moments))
    ]  # fmt: skip
    begins = sorted(draw(st.lists(st.integers(0, 24), max_size=2, unique=True)))
    return Truth(
        records=tuple((t, record) for t, record in records),
        steps=tuple((begin + 0.2, begin + 0.25) for begin in begins),
        lines=tuple(sorted(t + 0.1 for t in draw(st.sets(st.integers(0, 29), max_size=8)))),
        bundles=tuple(draw(st.lists(st.integers(1, 4), max_size=3))),
    )


@settings(max_examples=5 * EXAMPLES)
@given(_truths())
def test_no_verdict_is_better_than_what_was_on_record(truth: Truth) -> None:
    none_is_better_than(truth.true, EXPECTED, truth.observations())


@settings(max_examples=2 * EXAMPLES)
@given(_truths(), st.data())
def test_nothing_on_record_holds_in_a_history_that_is_cut_short(truth: Truth, data: st.DataObject) -> None:
    seen = truth.observations()
    none_is_held(EXPECTED, seen[: data.draw(st.integers(0, len(seen) - 1))])
