"""Whether anything came again is known only where something was on its way."""

from __future__ import annotations

import pytest

from lab.declare.expectations.recovered import Recovered
from lab.history import DestinationSeen, Observation, StepEnded, StepStarted
from lab.judge.values import Outcome

from .test_not_better_than_known import QUEUE, received, sent, subscribed, verdict

SOON = Recovered.model_validate({"to": "ear", "after": "heal", "within": "5s"})
HEAL: list[Observation] = [StepStarted(t=20, step=1, verb="heal", asked="heal"), StepEnded(t=20.1, step=1)]


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        ([*HEAL, *sent(21), received(22, "ear")], Outcome.HELD),
        ([*sent(10), *HEAL, received(22, "ear")], Outcome.HELD),  # it was on its way when the link was healed
        ([*HEAL, *sent(21)], Outcome.BROKEN),
        ([*HEAL, *sent(21), received(28, "ear")], Outcome.BROKEN),
        ([*sent(10), *HEAL, received(28, "ear")], Outcome.BROKEN),
        ([*sent(10), *HEAL], Outcome.UNKNOWN),  # it may have been lost before
        ([*HEAL, *sent(40), received(41, "ear")], Outcome.BROKEN),  # the first message came late, whenever it was sent
    ],
)
def test_nothing_can_come_that_was_not_on_its_way(seen: list[Observation], outcome: Outcome) -> None:
    its = verdict(SOON, subscribed(0, "ear"), *seen)
    assert its.outcome is outcome, its.reason


def test_it_says_what_did_not_come() -> None:
    assert verdict(SOON, subscribed(0, "ear"), *sent(10), *HEAL).reason == (
        "nothing was on its way to ear after heal at 20.100 s, so nothing could have come (1 message sent before it "
        "did not come, lost by then perhaps)"
    )


@pytest.mark.parametrize(("waiting", "outcome"), [(1, Outcome.BROKEN), (0, Outcome.UNKNOWN)])
def test_what_a_queue_still_has_was_on_its_way(waiting: int, outcome: Outcome) -> None:
    seen = [subscribed(0, "ear", QUEUE, "stomp"), *sent(10, destination=QUEUE), *HEAL]
    for broker in ("tokyo", "singapore"):
        its = waiting if broker == "tokyo" else 0
        enqueued = 1 if broker == "tokyo" else 0
        seen.append(
            DestinationSeen(
                t=59, broker=broker, destination=QUEUE, enqueued=enqueued, dequeued=0, forwarded=0, queued=its,
                consumers=1,
            )
        )  # fmt: skip
    assert verdict(SOON, *seen).outcome is outcome
