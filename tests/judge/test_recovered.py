"""Whether anything came again is known only where something was on its way."""

from __future__ import annotations

import pytest

from lab.declare.expectations.times import Recovered
from lab.history import ClientChanged, DestinationSeen, Observation, Publishing, StepEnded, StepStarted
from lab.judge.values import Outcome

from .test_not_better_than_known import QUEUE, received, sent, subscribed, verdict

SOON = Recovered.model_validate({"to": "ear", "after": "heal", "within": "5s"})
HEAL: list[Observation] = [StepStarted(t=20, step=1, verb="heal", asked="heal"), StepEnded(t=20.1, step=1)]


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        ([*HEAL, *sent(21), received(22, "ear")], Outcome.PASSED),
        ([*sent(10), *HEAL, received(22, "ear")], Outcome.PASSED),  # it was on its way when the link was healed
        ([*HEAL, *sent(21)], Outcome.FAILED),
        ([*HEAL, *sent(21), received(28, "ear")], Outcome.FAILED),
        ([*sent(10), *HEAL, received(28, "ear")], Outcome.FAILED),
        ([*sent(10), *HEAL], Outcome.UNKNOWN),  # it may have been lost before
        ([*HEAL, *sent(40), received(41, "ear")], Outcome.FAILED),  # the first message came late, whenever it was sent
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


@pytest.mark.parametrize(("taken", "outcome"), [(None, Outcome.FAILED), (0, Outcome.FAILED), (1, Outcome.UNKNOWN)])
def test_a_queue_keeps_what_is_not_known_to_have_gone(taken: int | None, outcome: Outcome) -> None:
    seen = [subscribed(0, "ear", QUEUE, "stomp"), *sent(10, destination=QUEUE), *HEAL]
    for broker, enqueued in (("tokyo", 1), ("singapore", 0)) if taken is not None else ():
        went = min(enqueued, taken or 0)
        counted = {"enqueued": enqueued, "dequeued": went, "forwarded": 0, "queued": enqueued - went, "consumers": 1}
        seen.append(DestinationSeen(t=59, broker=broker, destination=QUEUE, **counted))
    assert verdict(SOON, *seen).outcome is outcome


def test_what_is_not_persistent_may_have_gone_with_its_broker() -> None:
    seen = [
        each.with_fields(persistent=False) if isinstance(each, Publishing) else each
        for each in sent(10, destination=QUEUE)
    ]
    assert verdict(SOON, subscribed(0, "ear", QUEUE, "stomp"), *seen, *HEAL).outcome is Outcome.UNKNOWN


def test_what_came_counts_though_it_was_given_back() -> None:
    seen = [subscribed(0, "ear", QUEUE, "stomp").with_fields(ack="client"), *HEAL, *sent(21, destination=QUEUE)]
    seen += [received(22, "ear", destination=QUEUE).with_fields(pending=True)]
    seen += [ClientChanged(t=23, client="ear", broker="tokyo", state="disconnected")]
    its = verdict(SOON, *seen)
    assert (its.outcome, its.reason) == (
        Outcome.PASSED,
        "the first message to ear came 1.9 s after heal at 20.100 s: 2-1, sent at 21.000 s",
    )


@pytest.mark.parametrize(
    ("gone", "why"),
    [
        (15, "ear left at 15.000 s, before heal at 20.100 s"),
        (30, "nothing was on its way to ear after heal at 20.100 s"),  # ear still had the message
    ],
)
def test_a_message_cannot_come_to_its_client_before_the_client_gives_it_back(gone: float, why: str) -> None:
    seen = [subscribed(0, "ear", QUEUE, "stomp").with_fields(ack="client"), *sent(10, destination=QUEUE)]
    seen.append(received(11, "ear", destination=QUEUE).with_fields(pending=True))
    seen += [*HEAL, ClientChanged(t=gone, client="ear", broker="tokyo", state="disconnected")]
    its = verdict(SOON, *sorted(seen, key=lambda each: each.t))
    assert (its.outcome, its.reason.startswith(why)) == (Outcome.UNKNOWN, True), its.reason


def test_a_message_that_was_given_back_before_the_step_and_comes_to_no_client_did_not_recover() -> None:
    other = subscribed(0, "other", QUEUE, "stomp").with_fields(ack="client")
    seen = [subscribed(0, "ear", QUEUE, "stomp"), other, *sent(10, destination=QUEUE)]
    seen.append(received(11, "other", destination=QUEUE).with_fields(pending=True))
    seen += [ClientChanged(t=15, client="other", broker="tokyo", state="disconnected"), *HEAL]
    assert verdict(SOON, *seen).outcome is Outcome.FAILED


@pytest.mark.parametrize(("again", "outcome"), [(22, Outcome.PASSED), (28, Outcome.UNKNOWN)])
def test_another_copy_of_a_message_that_had_come_is_no_late_message(again: float, outcome: Outcome) -> None:
    every = [subscribed(0, "ear"), subscribed(0, "ear", "topic://>")]
    seen = [*every, *sent(10), received(11, "ear"), *HEAL, received(again, "ear", destination="topic://>")]
    its = verdict(SOON, *seen)
    assert its.outcome is outcome, its.reason
