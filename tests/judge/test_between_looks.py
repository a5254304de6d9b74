"""Brokers are polled: an expectation about a moment between two polls is not met by either of them alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Bridge, Demanded
from lab.declare.expectations.messages import Delivered
from lab.declare.expectations.states import NetworkPage
from lab.history import BrokerChanged, Demand, Marked, Observation, SightChanged, StepEnded, StepStarted, Watched, lines
from lab.judge import judge_file
from lab.judge.values import Outcome
from tests.sealed import write

from .test_ends import ends
from .test_not_better_than_known import HEADER, TOPIC, sent, subscribed, verdict

TERM = {"after": "heal", "within": "5s"}  # until 15 s
HEAL: list[Observation] = [StepStarted(t=9.9, step=1, verb="heal", asked="heal"), StepEnded(t=10, step=1)]
CUT: list[Observation] = [StepStarted(t=15.1, step=2, verb="cut", asked="cut"), StepEnded(t=15.2, step=2)]
UP = Bridge.model_validate({"connector": "wan", "up": "both-ends", **TERM})
NOWHERE = Bridge.model_validate({"connector": "wan", "up": "nowhere", **TERM})
DEMANDED = Demanded.model_validate({"broker": "tokyo", "topic": "x", "present": True, **TERM})
UNDEMANDED = Demanded.model_validate({"broker": "tokyo", "topic": "x", "present": False, **TERM})


def seen(t: float, up: bool, last_look: float | None = None) -> list[Observation]:
    """Return what a look found: both ends of a bridge and demand, or none of it."""
    found = [*ends(t, up=up), Demand(t=t, broker="tokyo", destination=TOPIC, present=up)]
    return [structs.replace(each, last_look=last_look) for each in found]


@pytest.mark.parametrize(
    ("expectation", "there"),
    [(UP, True), (DEMANDED, True), (NOWHERE, False), (UNDEMANDED, False)],
    ids=lambda each: each.words() if isinstance(each, Expectation) else "",
)
@pytest.mark.parametrize(
    ("change", "last_look", "outcome"),
    [
        (15.3, 14.8, Outcome.UNKNOWN),  # it may have changed by 15 s
        (15.3, 15.001, Outcome.PASSED),
        (15.8, 15.3, Outcome.PASSED),
        (15.3, None, Outcome.PASSED),  # whoever watches does so all the time
        (14.9, 14.4, Outcome.FAILED),
    ],
)
def test_what_a_look_finds_may_have_been_so_since_the_look_before(
    expectation: Expectation, there: bool, change: float, last_look: float | None, outcome: Outcome
) -> None:
    its = verdict(expectation, *seen(1, not there), *seen(2, there), *HEAL, *seen(change, not there, last_look))
    assert its.outcome is outcome, its.reason
    if outcome is Outcome.UNKNOWN:
        assert "tokyo was not polled between 14.800 s and 15.300 s" in its.reason


@pytest.mark.parametrize("expectation", [UP, DEMANDED], ids=lambda expectation: expectation.words())
def test_what_came_by_the_first_look_after_its_time_is_not_broken(expectation: Expectation) -> None:
    its = verdict(expectation, *seen(1, True), *seen(2, False), *HEAL, *seen(15.3, True, 14.8))
    assert its.outcome is Outcome.UNKNOWN, its.reason


@pytest.mark.parametrize("expectation", [UP, DEMANDED], ids=lambda expectation: expectation.words())
@pytest.mark.parametrize(
    ("within", "outcome"), [("5.1s", Outcome.PASSED), ("30s", Outcome.PASSED), ("5s", Outcome.UNKNOWN)]
)
def test_just_before_a_step_that_interferes_the_last_look_counts(
    expectation: Expectation, within: str, outcome: Outcome
) -> None:
    longer = type(expectation).model_validate({**expectation.written(), "within": within})
    its = verdict(longer, *seen(1, False), *seen(2, True), *HEAL, *CUT, *seen(15.3, False, 14.8))
    assert its.outcome is outcome, its.reason


PAGE = NetworkPage.model_validate({"broker": "tokyo", "remote": "singapore"})
LAST = [Bridge.model_validate({"connector": "wan", "up": "both-ends"}), PAGE]
LAST.append(Demanded.model_validate({"broker": "tokyo", "topic": "x", "present": True}))


@pytest.mark.parametrize("expectation", LAST, ids=lambda expectation: expectation.words())
@pytest.mark.parametrize(("last_look", "outcome"), [(19.8, Outcome.UNKNOWN), (20.0, Outcome.PASSED)])
def test_at_a_mark_what_the_next_look_found_may_have_been_so(
    tmp_path: Path, expectation: Expectation, last_look: float, outcome: Outcome
) -> None:
    told = [*seen(1, False), *seen(2, True), Watched(t=15), Marked(t=20, text="here"), Watched(t=20.1)]
    told += seen(20.3, False, last_look)
    text = "".join(lines(structs.replace(HEADER, standing=True), told))
    path = write(tmp_path / "history.jsonl", text, standing=True)
    (its,) = judge_file(path, (expectation,), until="here").verdicts
    assert its.outcome is outcome, its.reason


def test_demand_is_not_judged_by_the_step_from_which_it_counts() -> None:
    """A step that takes no time is not its own successor: at its end nothing is known of the time after it."""
    heal = [StepStarted(t=10, step=1, verb="heal", asked="heal"), StepEnded(t=10, step=1)]
    its = verdict(DEMANDED, *seen(1, False), *seen(2, True), *heal, *seen(11, False))
    assert its.outcome is Outcome.FAILED, its.reason


@pytest.mark.parametrize("expectation", [DEMANDED, UNDEMANDED], ids=lambda expectation: expectation.words())
def test_before_anybody_looked_there_is_neither_demand_nor_none(expectation: Expectation) -> None:
    its = verdict(expectation, *HEAL, *seen(16, False))
    assert its.outcome is Outcome.UNKNOWN
    assert its.reason == "demand was not watched for topic://x on tokyo before 15.000 s"


@pytest.mark.parametrize(
    ("until", "outcome"),
    [(14.4, Outcome.PASSED), (15.3, Outcome.PASSED), (16.0, Outcome.FAILED)],
)
def test_an_end_that_goes_within_a_second_of_its_own_accord_was_an_attempt(until: float, outcome: Outcome) -> None:
    near, _ = ends(14.8 if until > 15 else 14)
    its = verdict(NOWHERE, *HEAL, near, near.with_fields(t=until, up=False))
    assert its.outcome is outcome, its.reason


def test_an_end_that_a_step_ended_was_no_attempt() -> None:
    near, _ = ends(14.8)
    cut = [StepStarted(t=14.9, step=2, verb="cut", asked="cut"), StepEnded(t=14.95, step=2)]
    its = verdict(NOWHERE, *HEAL, near, *cut, near.with_fields(t=15.3, up=False))
    assert its.outcome is Outcome.UNKNOWN, its.reason


@pytest.mark.parametrize(
    ("came", "words"), [(12.0, "up at both ends 2.0 s after heal"), (9.0, "up at both ends all along after heal")]
)
def test_what_is_known_just_before_a_step_that_interferes_did_not_begin_then(came: float, words: str) -> None:
    longer = UP.model_validate({**UP.written(), "within": "30s"})
    its = verdict(longer, *seen(1, False), *seen(came, True, came - 0.5), *HEAL, *CUT, *seen(15.3, False, 14.8))
    assert (its.outcome, its.reason) == (Outcome.PASSED, f"{words} at 10.000 s"), its.reason


@pytest.mark.parametrize(("came", "outcome"), [(59.8, Outcome.UNKNOWN), (58.8, Outcome.FAILED)])
def test_whether_an_end_that_came_as_the_run_ended_was_an_attempt_nobody_can_tell(
    came: float, outcome: Outcome
) -> None:
    near, _ = ends(came)
    its = verdict(NOWHERE.model_validate({**NOWHERE.written(), "within": "50s"}), *HEAL, near)
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize(("t", "told"), [(14.7, True), (14.9, False)])
def test_a_loss_between_two_looks_is_not_said_to_be_for_want_of_demand(t: float, told: bool) -> None:
    """The later one found demand, which may have been there when the message was sent."""
    expectation = Delivered.model_validate({"topic": "x", "to": "ear", "promise": "exactly-once"})
    looks = [Demand(t=1, broker="tokyo", destination=TOPIC, present=False)]
    looks.append(Demand(t=15.3, broker="tokyo", destination=TOPIC, present=True, last_look=14.8))
    its = verdict(expectation, subscribed(0, "ear").with_fields(broker="singapore"), looks[0], *sent(t), looks[1])
    assert its.outcome is Outcome.FAILED
    assert ("no demand" in its.reason) is told, its.reason


def ended(t: float, *states: str) -> list[Observation]:
    """Return the steps that end tokyo, one after the other, each a second after the one before."""
    seen: list[Observation] = []
    for place, state in enumerate(states):
        began = StepStarted(t=t + place, step=7 + place, verb="kill", asked="x")
        seen += [began, BrokerChanged(t=began.t, broker="tokyo", state=state), StepEnded(t=began.t, step=began.step)]
    return seen


GONE = [
    Bridge.model_validate({"connector": "wan", "up": "both-ends"}),
    Demanded.model_validate({"broker": "tokyo", "topic": "x", "present": True}),
    PAGE,
]


@pytest.mark.parametrize("expectation", GONE, ids=lambda expectation: expectation.words())
@pytest.mark.parametrize(
    ("states", "outcome"),
    [
        (["killed"], Outcome.FAILED),
        (["stopping", "stopped"], Outcome.FAILED),
        (["stopping", "killed"], Outcome.FAILED),  # it did not end when asked
        (["paused", "killed"], Outcome.FAILED),
        (["deleted"], Outcome.FAILED),
        (["stopping"], Outcome.UNKNOWN),
        (["paused"], Outcome.UNKNOWN),
    ],
    ids=" ".join,
)
def test_that_a_broker_has_ended_is_known_before_the_next_look(
    tmp_path: Path, expectation: Expectation, states: list[str], outcome: Outcome
) -> None:
    """At the mark it had ended; the look before was earlier, and the look that found it so, later."""
    told = [*seen(1, False), *seen(2, True), Watched(t=15), *ended(20.0 - len(states) + 1, *states)]
    told += [Marked(t=20.1, text="here"), Watched(t=20.2), *seen(20.3, False, 17.8), Watched(t=20.4)]
    text = "".join(lines(structs.replace(HEADER, standing=True), told))
    path = write(tmp_path / "history.jsonl", text, standing=True)
    (its,) = judge_file(path, (expectation,), until="here").verdicts
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize("expectation", [*GONE[:2], UNDEMANDED], ids=lambda expectation: expectation.words())
@pytest.mark.parametrize(("t", "there"), [(12.0, True), (15.2, False)])
def test_what_a_broker_had_it_had_until_it_had_ended(expectation: Expectation, t: float, there: bool) -> None:
    """Five seconds after the heal, of which three passed while it was asked to stop, and then it was killed."""
    since = {"after": "heal", "within": "5s"}
    its = type(expectation).model_validate({**expectation.written(), **since})
    told = [
        BrokerChanged(t=t, broker="tokyo", state="stopping"),
        BrokerChanged(t=t + 3.5, broker="tokyo", state="killed"),
    ]
    found = verdict(its, *seen(1, False), *seen(2, True), *HEAL, *told, *seen(t + 3.8, False, t + 3.3))
    wanted = Outcome.FAILED if expectation is UNDEMANDED else Outcome.PASSED
    assert found.outcome is wanted, found.reason


def test_a_broker_that_was_silent_when_it_was_killed_is_known_from_then_on() -> None:
    lost = SightChanged(t=16, broker="tokyo", of="management", state="lost", since=15.5)
    for end, outcome in (([], Outcome.UNKNOWN), (ended(18, "killed"), Outcome.FAILED)):
        its = verdict(GONE[0], *seen(1, False), *seen(2, True), lost, *end)
        assert its.outcome is outcome, its.reason


@pytest.mark.parametrize("expectation", GONE, ids=lambda expectation: expectation.words())
def test_a_look_that_was_on_its_way_when_a_broker_went_does_not_count(expectation: Expectation) -> None:
    its = verdict(expectation, *seen(1, False), *ended(18, "killed"), *seen(18.1, True))
    assert its.outcome is not Outcome.PASSED, its.reason


@pytest.mark.parametrize("expectation", GONE, ids=lambda expectation: expectation.words())
@pytest.mark.parametrize("started", [13.5, None])
def test_what_a_look_finds_while_a_broker_starts_counts(expectation: Expectation, started: float | None) -> None:
    """Its bridges may be up before anybody has noted that it has started; one that starts too late is not noted."""
    start: list[Observation] = [BrokerChanged(t=11, broker="tokyo", state="starting")]
    start += seen(13.3, True, 12.8)
    start += [BrokerChanged(t=started, broker="tokyo", state="started")] if started is not None else []
    its = verdict(
        expectation, *seen(1, False), *seen(2, True, 1.5), *ended(10, "killed"), *seen(10.4, False, 9.9), *start
    )
    assert its.outcome is Outcome.PASSED, its.reason


@pytest.mark.parametrize(
    "expectation", [UP, DEMANDED, UNDEMANDED, NOWHERE], ids=lambda expectation: expectation.words()
)
@pytest.mark.parametrize(
    "back",
    [
        [BrokerChanged(t=10.2, broker="tokyo", state="active", instance=2)],
        [BrokerChanged(t=t, broker="tokyo", state=state) for t, state in ((10.2, "starting"), (10.3, "started"))],
    ],
    ids=["pair", "single"],
)
def test_what_a_broker_has_that_was_out_between_two_looks_is_not_known_before_the_second(
    expectation: Expectation, back: list[Observation]
) -> None:
    """That it had ended is known, and not what it had a moment after it was back."""
    since = type(expectation).model_validate({**expectation.written(), "after": "kill", "within": "350ms"})
    told = [*ended(10, "killed"), *back, *seen(10.45, False, 9.9), *seen(12, True, 11.5)]
    its = verdict(since, *seen(1, False), *seen(2, True, 1.5), *told)
    assert its.outcome is Outcome.UNKNOWN, its.reason
    assert "tokyo was not polled between 10.200 s and 10.450 s" in its.reason
    later = type(expectation).model_validate({**since.written(), "within": "1s"})
    its = verdict(later, *seen(1, False), *seen(2, True, 1.5), *told)
    assert its.outcome is (Outcome.PASSED if expectation in (NOWHERE, UNDEMANDED) else Outcome.FAILED), its.reason


@pytest.mark.parametrize("expectation", [UP, DEMANDED], ids=lambda expectation: expectation.words())
@pytest.mark.parametrize("state", ["killed", "paused"])
def test_what_a_step_does_at_once_has_not_been_done_before_it(expectation: Expectation, state: str) -> None:
    """As in a simulation, where it takes no time; all was as expected until the step, under five seconds later."""
    told = [StepStarted(t=12, step=7, verb="kill", asked="x"), BrokerChanged(t=12, broker="tokyo", state=state)]
    told += [*(seen(12, False) if state == "killed" else []), StepEnded(t=12.001, step=7)]
    its = verdict(expectation, *seen(1, False), *seen(2, True), *HEAL, *told)
    assert its.outcome is Outcome.PASSED, its.reason
