"""A retained copy beside messages with its body hides no lost message, and is no duplicate itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lab.declare.expectations.messages import Delivered
from lab.history import Acknowledged, Observation, Publishing, Received, Sent
from lab.judge.values import Outcome

from .test_not_better_than_known import TOPIC, subscribed, verdict


def messages(count: int, *, step: int = 2, begin: float = 1, retained: bool = True) -> list[Observation]:
    """Return the sending of messages with one body, a second apart."""
    to: dict[str, Any] = {"client": "p", "broker": "tokyo", "over": "mqtt", "destination": TOPIC}
    seen: list[Observation] = [
        Publishing(t=begin - 0.1, step=step, count=count, persistent=True, retained=retained, body="given", **to)
    ]
    for place in range(count):
        name = f"{step}-{place + 1}"
        seen += [Sent(t=begin + place, id=name, digest="aa"), Acknowledged(t=begin + place + 0.01, id=name)]
    return seen


def came(t: float, client: str = "ear") -> Observation:
    return Received(t=t, client=client, destination=TOPIC, digest="aa")


def kept(t: float, client: str = "ear") -> list[Observation]:
    """Return a subscription made anew, at which the broker gives the retained message."""
    return [subscribed(t - 0.1, client), Received(t=t, client=client, destination=TOPIC, digest="aa", retained=True)]


@pytest.mark.parametrize(
    ("seen", "exactly_once", "at_least_once"),
    [
        # The first came twice, and the second was lost or is the retained copy.
        ([*messages(2), came(1.1), came(2.2), *kept(4.1)], Outcome.UNKNOWN, Outcome.UNKNOWN),
        ([*messages(2), came(1.1), *kept(4.1)], Outcome.UNKNOWN, Outcome.UNKNOWN),
        # The third can only have come as the retained copy, or not at all.
        ([*messages(3), came(1.1), came(1.2), came(2.1), *kept(4.1)], Outcome.FAILED, Outcome.UNKNOWN),
        ([*messages(3), came(1.1), *kept(1.6), came(2.1), came(3.1)], Outcome.UNKNOWN, Outcome.UNKNOWN),
        # The third was sent later than all that came.
        ([*messages(3), came(1.1), *kept(1.6), came(2.1), came(2.2)], Outcome.FAILED, Outcome.FAILED),
        ([*messages(3), came(1.1), *kept(1.6), came(2.1), came(2.2), came(3.1)], Outcome.FAILED, Outcome.UNKNOWN),
        # The retained copy is none of the message that was not retained.
        (
            [*messages(1), *messages(1, step=3, begin=2, retained=False), came(1.1), came(2.1), *kept(4.1)],
            Outcome.UNKNOWN,
            Outcome.UNKNOWN,
        ),
    ],
)
def test_a_retained_copy_stands_for_a_message_only_where_no_other_arrival_can(
    seen: Sequence[Observation], exactly_once: Outcome, at_least_once: Outcome
) -> None:
    seen = sorted([subscribed(0, "ear"), *seen], key=lambda each: each.t)
    for promise, outcome in (("exactly-once", exactly_once), ("at-least-once", at_least_once)):
        expectation = Delivered.model_validate({"topic": "x", "to": "ear", "promise": promise, "within": "5s"})
        its = verdict(expectation, *seen)
        assert its.outcome is outcome, f"{promise}: {its.reason}"


def test_a_retained_copy_to_one_client_is_no_duplicate_of_what_came_to_another() -> None:
    every = [subscribed(0, "ear"), subscribed(0, "other"), *messages(2), came(1.1), came(2.1, "other"), *kept(2.6)]
    to = {"any": ["ear", "other"]}
    expectation = Delivered.model_validate({"topic": "x", "to": to, "promise": "exactly-once", "within": "5s"})
    its = verdict(expectation, *sorted(every, key=lambda each: each.t))
    assert its.outcome is Outcome.UNKNOWN, its.reason
