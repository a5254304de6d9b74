"""An earlier poll does not meet an expectation about a moment if a broker fault since leaves that open."""

from __future__ import annotations

import pytest

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Bridge, Demanded
from lab.declare.expectations.messages import Delivered
from lab.declare.expectations.states import NetworkPage
from lab.history import BridgeSeen, BrokerChanged, Demand, Observation, SightChanged, StepEnded, StepStarted, Trouble
from lab.judge import Streamed, judge
from lab.judge.values import Outcome

from .test_not_better_than_known import HEADER, TOPIC, lost, received, sent, subscribed, verdict


def ends(t: float, *, up: bool = True) -> list[Observation]:
    near = BridgeSeen(
        t=t, connector="wan", broker="tokyo", remote="singapore", remote_address="a:1", created_by_duplex=False, up=up
    )  # fmt: skip
    return [near, near.with_fields(broker="singapore", remote="tokyo", remote_address="b:1", created_by_duplex=True)]


def befell(t: float, *states: str, broker: str = "tokyo") -> list[Observation]:
    return [BrokerChanged(t=t + place / 10, broker=broker, state=state) for place, state in enumerate(states)]


HEAL: list[Observation] = [StepStarted(t=10, step=1, verb="heal", asked="heal"), StepEnded(t=10.1, step=1)]
BOTH = Bridge.model_validate({"connector": "wan", "up": "both-ends"})
NOWHERE = Bridge.model_validate({"connector": "wan", "up": "nowhere"})
INITIATOR = Bridge.model_validate({"connector": "wan", "up": "initiator"})
SOON = Bridge.model_validate({"connector": "wan", "up": "both-ends", "after": "heal", "within": "30s"})
AGREE = Bridge.model_validate({"connector": "wan", "agree": True})
PAGE = NetworkPage.model_validate({"broker": "tokyo", "remote": "singapore"})
DEMAND = Demanded.model_validate({"broker": "tokyo", "topic": "x", "present": "yes"})
DEMANDED = Demanded.model_validate(
    {"broker": "tokyo", "topic": "x", "present": "yes", "after": "heal", "within": "30s"}
)
SEEN = [*ends(1), Demand(t=1, broker="tokyo", destination=TOPIC, present=True), *HEAL]
KNOWN = [BOTH, SOON, AGREE, PAGE, DEMAND, DEMANDED]


@pytest.mark.parametrize("expectation", KNOWN, ids=lambda expectation: expectation.words())
def test_what_was_seen_counts_while_nothing_befalls_the_broker(expectation: Expectation) -> None:
    assert verdict(expectation, *SEEN).outcome is Outcome.PASSED
    assert verdict(expectation, *SEEN, *befell(20, "paused"), *befell(25, "resumed")).outcome is Outcome.PASSED


@pytest.mark.parametrize("expectation", KNOWN, ids=lambda expectation: expectation.words())
@pytest.mark.parametrize("states", [["paused"], ["killed"], ["stopping", "stopped"], ["deleted"], ["paused", "killed"]])
def test_a_broker_that_was_paused_or_ended_is_not_as_it_was_last_seen(
    states: list[str], expectation: Expectation
) -> None:
    """The watch looks twice a second: a run may end before it has seen what a step has done."""
    its = verdict(expectation, *SEEN, *befell(39.9, *states))
    assert its.outcome is not Outcome.PASSED, its.reason


def test_of_a_paused_broker_nobody_can_tell_and_a_dead_one_has_no_end() -> None:
    paused, killed = [*SEEN, *befell(39.9, "paused")], [*SEEN, *befell(39.9, "killed")]
    far = [*SEEN, *befell(39.9, "killed", broker="singapore")]
    expectations, unknown, broken = (BOTH, NOWHERE, INITIATOR), Outcome.UNKNOWN, Outcome.FAILED
    assert [verdict(expectation, *paused).outcome for expectation in expectations] == [unknown, broken, broken]
    assert [verdict(expectation, *killed).outcome for expectation in expectations] == [broken] * 3
    assert [verdict(expectation, *far).outcome for expectation in expectations] == [broken, broken, Outcome.PASSED]
    assert "tokyo's management did not answer from 39.900 s on" in verdict(BOTH, *paused).reason
    assert verdict(DEMAND, *killed).outcome is Outcome.FAILED
    assert verdict(PAGE, *killed).reason == "tokyo's Network page is empty"


def test_what_is_seen_after_an_outage_counts_again() -> None:
    """A look that finds all as the look before it did tells nothing: only changes are in a history."""
    gone = [*SEEN, *befell(20, "killed")]
    back = [*gone, *befell(22, "starting", "started")]
    expectations = (BOTH, PAGE, DEMAND)
    lost = SightChanged(t=20.5, broker="tokyo", of="management", state="lost", since=19.5)
    seen_down = [*ends(21, up=False)[:1], Demand(t=21, broker="tokyo", destination=TOPIC, present=False)]
    seen_again = [*ends(30)[:1], Demand(t=30, broker="tokyo", destination=TOPIC, present=True)]
    regained = [lost.with_fields(t=30, state="regained", since=30)]
    assert [verdict(expectation, *gone).outcome for expectation in expectations] == [Outcome.FAILED] * 3
    assert [verdict(expectation, *back).outcome for expectation in expectations] == [Outcome.PASSED] * 3
    assert [verdict(expectation, *gone, lost, *back[-2:]).outcome for expectation in expectations] == [
        Outcome.UNKNOWN
    ] * 3
    assert [verdict(expectation, *gone, lost, *back[-2:], *regained).outcome for expectation in expectations] == [
        Outcome.PASSED
    ] * 3
    assert [verdict(expectation, *gone, *seen_down, *back[-2:]).outcome for expectation in expectations] == [
        Outcome.FAILED
    ] * 3
    again = [*gone, *seen_down, *back[-2:], *seen_again]
    assert [verdict(expectation, *again).outcome for expectation in expectations] == [Outcome.PASSED] * 3


NOTHING = Delivered.model_validate({"to": "ear", "promise": "nothing", "within": "5s"})


@pytest.mark.parametrize(
    "how", [lost(1), Trouble(t=1, who="ear", what="the connection was lost")], ids=["lost", "trouble"]
)
@pytest.mark.parametrize(("back", "outcome"), [(3.0, Outcome.UNKNOWN), (1.5, Outcome.PASSED)])
def test_what_was_sent_while_the_connection_was_lost_could_not_have_come(
    how: Observation, back: float, outcome: Outcome
) -> None:
    seen = [subscribed(0, "ear"), how, subscribed(1.5, "ear"), *sent(2)] if back < 2 else []
    seen = seen or [subscribed(0, "ear"), how, *sent(2), subscribed(back, "ear")]
    its = verdict(NOTHING, *seen)
    assert its.outcome is outcome, its.reason


def test_a_queue_keeps_what_is_sent_while_the_connection_is_lost() -> None:
    queue = "queue://x"
    seen = [
        subscribed(0, "ear", queue, "stomp"),
        lost(1),
        *sent(2, destination=queue),
        subscribed(3, "ear", queue, "stomp"),
    ]
    assert verdict(NOTHING, *seen).outcome is Outcome.PASSED
    missing = verdict(Delivered.model_validate({"to": "ear", "promise": "at-least-once", "within": "5s"}), *seen)
    assert missing.outcome is Outcome.FAILED and "nothing was kept" not in missing.reason
    topic = [subscribed(0, "ear"), lost(1), *sent(2), subscribed(3, "ear")]
    missing = verdict(Delivered.model_validate({"to": "ear", "promise": "at-least-once", "within": "5s"}), *topic)
    assert "while ear had lost its connection (1.000 s, until 3.000 s) and nothing was kept" in missing.reason


def test_a_broker_that_is_paused_as_the_run_ends_is_noted_once() -> None:
    notes = judge((), Streamed(HEADER, [*SEEN, *befell(39.9, "paused"), received(41, "ear")])).notes
    assert not any("management did not answer" in note for note in notes), "a step brought it about"


def test_an_end_that_the_responder_alone_showed_is_one() -> None:
    far = ends(1)[1:]
    assert verdict(NOWHERE, *far).outcome is Outcome.FAILED
    assert verdict(BOTH, *far).outcome is Outcome.FAILED
    assert verdict(NOWHERE, *(each.with_fields(connector="another") for each in far)).outcome is Outcome.PASSED
