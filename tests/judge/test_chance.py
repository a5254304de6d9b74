"""A bound between two steps of a ladder of time-outs: whether the message may come on its other side."""

from __future__ import annotations

import pytest

from lab.judge.chance import otherwise


@pytest.mark.parametrize(
    ("took", "bound", "chance"),
    [
        (5.3, 7.0, True),  # had that step been 0.4 s sooner, it had come after 10 s
        (5.3, 11.0, False),  # which would have been soon enough
        (5.3, 5.2, False),  # it came with the first step after the cut, and that was too late
        (7.0, 8.0, False),  # 2 s are more than a ladder is shorter at times
        (9.6, 7.0, True),  # a step was 0.2 s before the cut ended
        (9.6, 4.9, False),  # nothing comes in a cut
        (8.0, 7.0, False),  # a step was 1 s before it
        (4.0, 3.0, False),  # it came in the cut, so by another way
    ],
)
def test_a_message_that_comes_just_after_a_cut_may_come_a_step_later_and_the_other_way_round(
    took: float, bound: float, chance: bool
) -> None:
    assert otherwise(5.0, took, bound) is chance
