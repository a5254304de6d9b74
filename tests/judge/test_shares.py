"""Shares of a queue are known once none of its subscribers can receive any more."""

from __future__ import annotations

import pytest

from lab.declare.expectations.messages import Delivered
from lab.history import Observation, Unsubscribed
from lab.judge.values import Outcome

from .test_not_better_than_known import QUEUE, received, sent, subscribed, verdict


@pytest.mark.parametrize(
    ("leaves", "share", "outcome"),
    [(True, 1, Outcome.PASSED), (True, 2, Outcome.FAILED), (False, 1, Outcome.UNKNOWN), (False, 2, Outcome.UNKNOWN)],
)
def test_what_waits_changes_no_share_once_all_subscribers_left(leaves: bool, share: int, outcome: Outcome) -> None:
    promised = {"queue": "x", "promise": "at-most-once", "within": "30s", "shares": {"ear": share}}
    seen: list[Observation] = [subscribed(0, "ear", QUEUE, "stomp"), *sent(40, count=2, destination=QUEUE)]
    seen.append(received(40.5, "ear", destination=QUEUE))
    seen += [Unsubscribed(t=41, client="ear", broker="tokyo", destination=QUEUE)] if leaves else []
    its = verdict(Delivered.model_validate(promised), *seen)
    assert its.outcome is outcome, its.reason
    assert ("had not come" in its.reason) is not leaves
