"""A message is late in the tables only by an expectation about that message."""

from __future__ import annotations

from typing import Any

import pytest

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered
from lab.declare.expectations.times import Finished
from lab.history import Ended, Observation
from lab.judge import Streamed, judge

from .test_not_better_than_known import received, sent, subscribed
from .test_truth import HEADER


def delivered(within: str, **of: Any) -> Delivered:
    return Delivered.model_validate({"promise": "at-least-once", "within": within, **of})


@pytest.mark.parametrize(
    ("expectations", "late"),
    [
        ([delivered("1s", topic="x")], 1),
        ([delivered("1s", topic="y"), delivered("30s", topic="x")], 0),
        ([Finished.model_validate({"step": "burst", "within": "1s"}), delivered("30s", topic="x")], 0),
        ([delivered("1s", to="ear"), delivered("30s", topic="x")], 1),
    ],
    ids=["its own", "of another topic", "of a whole step", "of its receiver"],
)
def test_a_message_is_late_by_what_is_expected_of_it_alone(expectations: list[Expectation], late: int) -> None:
    heard = "topic://>"
    seen: list[Observation] = [subscribed(0, "ear", heard, "stomp"), *sent(1), received(3, "ear", destination=heard)]
    (row,) = judge(expectations, Streamed(HEADER, [*seen, Ended(t=60, complete=True)])).deliveries
    assert row.late == late
