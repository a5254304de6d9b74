"""A broker is looked at now and then, and at once when its log tells of a change, however many lines do."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lab.emulation.watch.look_times import AFTER_A_LINE, POLL_SECONDS, SHORTEST_POLL_SECONDS, SPARE_POLLS, LookTimes


def looks(times: LookTimes, lines: list[float], until: float, changes_at: float = float("inf")) -> list[float]:
    """Return the moments of the looks until then; that at or after `changes_at` finds a change, as does no other."""
    found: list[float] = []
    while True:
        if lines and lines[0] <= times.due():
            times.hear(lines.pop(0))
        elif (now := times.due()) <= until:
            times.looked(now, changed=now >= changes_at)
            changes_at = float("inf") if now >= changes_at else changes_at
            found.append(now)
        else:
            return found


def test_without_lines_a_look_comes_twice_a_second() -> None:
    assert looks(LookTimes(10.0), [], until=12.0) == [10.5, 11.0, 11.5, 12.0]


def test_a_line_is_followed_by_a_look_at_once_and_by_others_soon() -> None:
    found = looks(LookTimes(0.0), [0.3], until=1.2)
    assert found == pytest.approx([*(0.3 + after for after in AFTER_A_LINE), 1.15])


def test_a_look_that_finds_the_change_is_the_last_of_its_line() -> None:
    assert looks(LookTimes(0.0), [0.3], until=1.0, changes_at=0.3) == pytest.approx([0.3, 0.8])
    assert looks(LookTimes(0.0), [0.3], until=1.0, changes_at=0.32) == pytest.approx([0.3, 0.35, 0.85])


def test_a_line_that_comes_while_a_broker_is_looked_at_is_followed_by_a_look_of_its_own() -> None:
    times = LookTimes(0.0)
    times.hear(0.1)
    times.hear(0.101)  # while the look that begins now goes on
    times.looked(0.1005, changed=False)
    assert times.due() == pytest.approx(0.1005 + SHORTEST_POLL_SECONDS)


def test_a_flood_of_lines_is_no_flood_of_looks() -> None:
    seconds = 60
    found = looks(LookTimes(0.0), [each / 1000 for each in range(1000 * seconds)], until=seconds)
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert len(found) <= SPARE_POLLS + 2 * seconds / POLL_SECONDS
    assert min(gaps) >= SHORTEST_POLL_SECONDS * 0.999 and max(gaps) <= POLL_SECONDS * 1.001


def test_after_a_flood_a_line_is_believed_again() -> None:
    times = LookTimes(0.0)
    looks(times, [each / 1000 for each in range(5000)], until=5.0)
    (*_, last) = looks(times, [], until=20.0)
    assert looks(times, [last + 0.2], until=last + 0.21) == pytest.approx([last + 0.2])
