"""The kernel: order of events, tasks that block, conditions tested when somebody notifies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest

from lab.base.interrupts import Terminated
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


def test_a_message_has_those_conditions_tested_that_may_be_about_it() -> None:
    kernel, tests = Kernel(), list[int]()

    def until() -> bool:
        tests.append(kernel.now)
        return False

    kernel.after(4, kernel.notify_of_message)
    kernel.after(6, kernel.notify)
    assert not kernel.wait(until, 10, of_messages=False)
    assert tests == [0, 6, 10]
    tests.clear()
    kernel.after(4, kernel.notify_of_message)
    assert not kernel.wait(until, 10)
    assert tests == [10, 14, 20]


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


class Slow:
    """A condition that is false at once at first, and then blocks before it answers."""

    def __init__(self, kernel: Kernel, *answers: bool) -> None:
        self.kernel, self.answers, self.asked = kernel, [False, *answers], list[int]()

    def __call__(self) -> bool:
        self.asked.append(self.kernel.now)
        if len(self.asked) > 1:
            self.kernel.sleep(10)
        return self.answers[len(self.asked) - 1]


def test_a_condition_that_blocks_holds_up_no_other() -> None:
    kernel, ended = Kernel(), list[tuple[str, int]]()
    slow = Slow(kernel, True)

    def work(name: str, until: Callable[[], bool]) -> None:
        assert kernel.wait(until, 1000)
        ended.append((name, kernel.now))

    kernel.begin(lambda: work("slow", slow))
    for name in ("quick", "quick too"):
        kernel.begin(lambda name=name: work(name, lambda: kernel.now >= 4))  # type: ignore[misc]
    kernel.after(4, kernel.notify)
    kernel.sleep(200)
    assert ended == [("quick", 4), ("quick too", 4), ("slow", 14)]
    assert slow.asked == [0, 4]


@pytest.mark.parametrize("answer", [False, True])
def test_a_condition_that_blocks_beyond_the_limit_has_the_last_word(answer: bool) -> None:
    kernel = Kernel()
    slow = Slow(kernel, answer)
    kernel.after(1, kernel.notify)
    assert kernel.wait(slow, 5) == answer
    assert kernel.now == 11
    assert slow.asked == [0, 1]


def test_what_is_notified_while_a_condition_blocks_has_it_tested_again() -> None:
    kernel = Kernel()
    slow = Slow(kernel, False, True)
    kernel.after(1, kernel.notify)
    kernel.after(3, kernel.notify)
    assert kernel.wait(slow, 100)
    assert slow.asked == [0, 1, 11]


def test_a_wait_that_an_error_ends_gets_no_answer_later() -> None:
    kernel = Kernel()
    slow = Slow(kernel, True)
    kernel.after(1, kernel.notify)
    kernel.after(4, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        kernel.wait(slow, 100)
    assert kernel.now == 4
    kernel.sleep(20)
    assert kernel.now == 24


def test_what_a_condition_takes_is_not_asked_for_twice() -> None:
    kernel, inbox = Kernel(), deque[str]()
    for at, each in enumerate("1-2x", 1):
        kernel.after(at, inbox.append, each)
        kernel.after(at, kernel.notify)
    assert kernel.wait(lambda: bool(inbox) and inbox.popleft() == "-", 100)
    assert kernel.now == 2
    with pytest.raises(ValueError, match="'x'"):
        kernel.wait(lambda: bool(inbox) and int(inbox.popleft()) > 2, 100)
    assert kernel.now == 4


def test_a_task_takes_the_time_for_which_its_condition_asked() -> None:
    kernel = Kernel()
    clock = VirtualClock(kernel)
    kernel.after(4, kernel.notify)
    assert kernel.wait(lambda: clock.now() > 0, None)
    assert kernel.now == 1004


@pytest.mark.parametrize("signal", [KeyboardInterrupt(), Terminated(15)])
def test_a_signal_during_a_test_ends_the_run_and_loses_no_wait(signal: BaseException) -> None:
    kernel, asked, ended = Kernel(), list[int](), list[tuple[str, int]]()

    def until() -> bool:
        asked.append(kernel.now)
        if len(asked) == 2:
            raise signal
        return len(asked) == 3

    def work(name: str, until: Callable[[], bool]) -> None:
        assert kernel.wait(until, 100)
        ended.append((name, kernel.now))

    kernel.begin(lambda: work("a", until))
    kernel.begin(lambda: work("b", lambda: kernel.now >= 5))
    kernel.after(5, kernel.notify)
    with pytest.raises(type(signal)):
        kernel.sleep(50)
    assert (kernel.now, asked, ended) == (5, [0, 5], [])
    kernel.sleep(1)
    assert ended == [("b", 5), ("a", 5)]


def test_a_signal_between_two_events_ends_the_run_and_what_closes_it_can_wait() -> None:
    kernel, seen, comes = Kernel(), list[int](), [Terminated(15)]

    class Moment(int):
        """A moment that a signal comes in, as the next event is taken."""

        def __lt__(self, other: int) -> bool:
            if kernel.now == 4 and comes:
                raise comes.pop()
            return int(self) < other

    for each in (4, 5, 6, 7):
        kernel.at(Moment(each), seen.append, each)
    with pytest.raises(Terminated):
        kernel.sleep(50)
    assert kernel.now == 4
    assert not kernel.wait(lambda: False, 10)
    assert kernel.now == 14


def test_an_event_that_blocks_is_not_woken_by_a_task_that_ends() -> None:
    kernel, seen = Kernel(), list[int]()
    kernel.begin(lambda: kernel.sleep(5))
    kernel.at(1, lambda: (kernel.sleep(100), seen.append(kernel.now)))
    kernel.sleep(200)
    assert seen == [101]


def test_an_error_of_an_event_is_raised_in_the_first_task_which_can_go_on() -> None:
    kernel = Kernel()

    def broken(number: int) -> float:
        return 1 / number

    kernel.after(2, broken, 0)
    with pytest.raises(ZeroDivisionError) as raised:
        kernel.sleep(10)
    assert raised.traceback[-1].name == "broken", "it says where it comes from"
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
    with pytest.raises(LabTimeout, match=r"time does not advance: more than 1,000 events .* at 0.000 s, now .*again"):
        kernel.wait(lambda: False, None)

    endless = Kernel(horizon=SECOND)
    endless.after(2 * SECOND, endless.notify)
    with pytest.raises(LabTimeout, match=r"virtual time does not end: 1s have passed, and WaitQueue.notify is due"):
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
    with pytest.raises(RuntimeError, match="a task holds a lock while it waits"), lock:
        pass_time(clock)
    pass_time(clock)  # it was given back
    assert kernel.now >= SECOND
    kernel.begin(lambda: (lock.acquire(), clock.sleep(1.0)))
    with pytest.raises(RuntimeError, match="a task holds a lock"):
        clock.sleep(1.0)
    lock.release()


def test_waiting_for_nothing_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no event is left"):
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
