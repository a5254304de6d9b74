"""The kernel: order of events, tasks that block, conditions tested when somebody notifies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.errors import LabTimeout
from lab.runtime.lock import Lock
from lab.simulation.chance import generator
from lab.simulation.clock import VirtualClock
from lab.simulation.kernel import SECOND, Kernel, cancel


def test_events_of_one_instant_run_in_the_order_of_their_calls() -> None:
    kernel, seen = Kernel(), list[str]()
    kernel.after(5, seen.append, "later")
    for name in "abc":
        kernel.after(1, seen.append, name)
    cancel(kernel.after(1, seen.append, "cancelled"))
    kernel.sleep(10)
    assert seen == ["a", "b", "c", "later"]
    assert kernel.now == 10


def test_what_is_due_in_the_past_runs_now() -> None:
    kernel, seen = Kernel(), list[int]()
    kernel.sleep(7)
    kernel.at(3, lambda: seen.append(kernel.now))
    kernel.sleep(1)
    assert seen == [7]


def test_tasks_take_turns_in_the_order_in_which_they_began() -> None:
    kernel, seen = Kernel(), list[tuple[str, int]]()

    def work(name: str, each: int) -> None:
        for _ in range(3):
            seen.append((name, kernel.now))
            kernel.sleep(each)

    kernel.begin(lambda: work("a", 2))
    kernel.begin(lambda: work("b", 3))
    kernel.sleep(20)
    assert seen == [("a", 0), ("b", 0), ("a", 2), ("b", 3), ("a", 4), ("b", 6)]


def test_a_condition_is_tested_at_notify_and_at_the_limit_only() -> None:
    kernel, tests = Kernel(), list[int]()

    def until() -> bool:
        tests.append(kernel.now)
        return False

    kernel.after(4, kernel.notify)
    kernel.after(4, kernel.notify)  # the same instant: one test
    kernel.after(6, lambda: None)
    assert not kernel.wait(until, 10)
    assert tests == [0, 4, 10]


def test_a_wait_ends_at_the_instant_of_the_notification() -> None:
    kernel, done = Kernel(), list[bool]()
    kernel.after(4, lambda: (done.append(True), kernel.notify()))
    assert kernel.wait(lambda: bool(done), 10)
    assert kernel.now == 4
    kernel.sleep(20)  # the limit that was not needed wakes nobody
    assert kernel.now == 24


def test_every_waiting_task_is_asked() -> None:
    kernel, woken = Kernel(), list[str]()
    state = {"a": False, "b": False}
    for name in state:
        kernel.begin(lambda name=name: kernel.wait(lambda: state[name], None) and woken.append(name))  # type: ignore[misc]
    for at, name in enumerate(("b", "a"), 1):
        kernel.after(at, lambda name=name: (state.update({name: True}), kernel.notify()))
    kernel.sleep(5)
    assert woken == ["b", "a"]


def test_an_event_that_blocks_becomes_a_task() -> None:
    kernel, seen = Kernel(), list[tuple[str, int]]()

    def blocking() -> None:
        seen.append(("begins", kernel.now))
        kernel.sleep(5)
        seen.append(("ends", kernel.now))

    for at in range(3):
        kernel.at(at, blocking)
    kernel.at(4, lambda: seen.append(("between", kernel.now)))
    kernel.sleep(20)
    assert [each for each, _ in seen] == ["begins"] * 3 + ["between"] + ["ends"] * 3
    assert [t for _, t in seen] == [0, 1, 2, 4, 5, 6, 7]


def test_a_condition_may_block() -> None:
    kernel, asked = Kernel(), list[int]()

    def until() -> bool:
        kernel.sleep(3)
        asked.append(kernel.now)
        return len(asked) == 2

    kernel.after(1, kernel.notify)
    assert kernel.wait(until, 100)
    assert asked == [3, 6]


def test_an_error_of_an_event_is_raised_in_the_first_task_which_can_go_on() -> None:
    kernel = Kernel()
    kernel.after(2, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        kernel.sleep(10)
    assert kernel.now == 2
    kernel.sleep(10)
    assert kernel.now == 12


def test_an_error_of_a_task_is_raised_in_the_first_task() -> None:
    kernel = Kernel()

    def work() -> None:
        kernel.sleep(3)
        raise KeyboardInterrupt

    kernel.begin(work)
    with pytest.raises(KeyboardInterrupt):
        kernel.wait(lambda: False, None)
    kernel.sleep(1)
    assert kernel.now == 4


def test_time_that_stands_or_never_ends_is_an_error() -> None:
    kernel = Kernel(storm=1000, horizon=SECOND)

    def again(delay: int) -> None:
        kernel.after(delay, again, delay)

    again(0)
    with pytest.raises(LabTimeout, match=r"virtual time stands: more than 1,000 events .* at 0.000 s, now .*again"):
        kernel.wait(lambda: False, None)

    endless = Kernel(horizon=SECOND)
    endless.after(2 * SECOND, endless.notify)
    with pytest.raises(LabTimeout, match=r"virtual time does not end: 1s of it have passed, and Waiting.notify is due"):
        endless.wait(lambda: False, None)


def test_a_storm_is_one_that_passes_slowly_too() -> None:
    kernel = Kernel(storm=1000)

    def again() -> None:
        kernel.after(1000, again)

    again()
    with pytest.raises(LabTimeout, match=r"more than 1,000 events within a second, at 0.001 s"):
        kernel.sleep(SECOND)


def test_what_was_planned_long_ago_is_no_storm() -> None:
    kernel, seen = Kernel(storm=1000), list[int]()

    def again() -> None:
        seen.append(kernel.now)
        kernel.after(2_000_000, again)  # 500 a second

    kernel.at(9 * SECOND, again)
    again()
    kernel.sleep(12 * SECOND)
    assert len(seen) == 6000 + 1500


def test_whoever_ends_a_run_hears_of_the_error_first() -> None:
    kernel, heard = Kernel(), list[BaseException]()
    throw = kernel.fail
    kernel.fail = lambda error: (heard.append(error), throw(error))
    kernel.after(2, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        kernel.sleep(10)
    assert [type(each) for each in heard] == [ZeroDivisionError]


@pytest.mark.parametrize("pass_time", [lambda clock: clock.sleep(1.0), lambda clock: clock.wait(lambda: False, 1.0)])
def test_a_lock_that_is_held_while_time_is_to_pass_is_an_error(pass_time: Callable[[VirtualClock], object]) -> None:
    """Another task that wanted it would stop the only thread there is, and nobody could give it back."""
    kernel, lock = Kernel(), Lock()
    clock = VirtualClock(kernel)
    with pytest.raises(RuntimeError, match="a lock is held while time is to pass"), lock:
        pass_time(clock)
    pass_time(clock)  # it was given back
    assert kernel.now >= SECOND
    kernel.begin(lambda: (lock.acquire(), clock.sleep(1.0)))
    with pytest.raises(RuntimeError, match="a lock is held"):
        clock.sleep(1.0)
    lock.release()


def test_waiting_for_nothing_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="nothing is to come"):
        Kernel().wait(lambda: False, None)


def test_a_clock_never_wakes_anybody_too_early() -> None:
    clock = VirtualClock(Kernel())
    due = 0.1 + 0.2
    turns = 0
    while clock.now() < due:
        clock.sleep(due - clock.now())
        turns += 1
    assert turns <= 2
    assert not clock.wait(lambda: False, 1.0)
    assert clock.now() >= due + 1.0


def test_a_source_of_chance_depends_on_its_name_and_the_seed_alone() -> None:
    assert generator(7, "link a-b leaving a").getrandbits(32) == 3552513085
    assert generator(7, "link a-b leaving b").getrandbits(32) != generator(7, "link a-b leaving a").getrandbits(32)
    assert generator(8, "link a-b leaving a").getrandbits(32) != generator(7, "link a-b leaving a").getrandbits(32)
