"""The order of events, however far ahead they are."""

from __future__ import annotations

from random import Random

from lab.simulation.kernel import Kernel, cancel

MS = 1_000_000


def test_events_come_in_the_order_of_their_moments_and_of_their_making() -> None:
    kernel, dice = Kernel(), Random(1)
    expected: list[tuple[int, int]] = []
    seen: list[tuple[int, int]] = []
    made = 0

    def add() -> None:
        nonlocal made
        made += 1
        t = kernel.now + dice.choice([0, 1, 50_000, MS, 2 * MS, 35 * MS, 30_000 * MS])
        expected.append((t, made))
        kernel.at(t, come, (t, made)) if made % 2 else kernel.after(t - kernel.now, come, (t, made))

    def come(its: tuple[int, int]) -> None:
        assert kernel.now == its[0]
        seen.append(its)
        for _ in range(2 if made < 5_000 else 0):
            add()

    add()
    kernel.sleep(10**15)
    assert seen == sorted(expected)
    assert len(seen) > 5_000


def test_what_is_made_after_all_that_was_far_ahead_is_cancelled_comes_at_its_moment() -> None:
    kernel, seen = Kernel(), list[int]()
    far = kernel.after(30_000 * MS, seen.append, 0)
    kernel.after(MS, cancel, far)
    kernel.after(2 * MS, lambda: kernel.after(40_000 * MS, lambda: seen.append(kernel.now)))
    kernel.sleep(50_000 * MS)
    assert seen == [40_002 * MS]
    kernel.after(MS, lambda: seen.append(kernel.now))
    kernel.sleep(2 * MS)
    assert seen[1:] == [50_001 * MS]
