"""The kernel of a simulation: an agenda of events in integer nanoseconds, and tasks that block in virtual time.

Events are functions that the kernel calls; tasks are greenlets, for code that is written to block, such as a replay.
All run in one thread, in an order that depends on nothing but the order of the calls. Only this module uses greenlet.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from heapq import heappop
from typing import Any

from greenlet import getcurrent, greenlet

from lab.runtime.lock import refuse_held
from lab.simulation import LONGEST
from lab.simulation.agenda import Agenda, Timer, cancel
from lab.simulation.endless_runs import endless, stormy
from lab.simulation.wait_queue import WaitQueue

__all__ = ["MILLISECOND", "SECOND", "Kernel", "Timer", "cancel"]

SECOND = 1_000_000_000  # ns
MILLISECOND = SECOND // 1000


class Kernel(Agenda):
    """Virtual time. The caller's own thread of control is the first task; an error of an event is raised in it.

    >>> kernel, seen = Kernel(), []
    >>> timer = kernel.after(2 * SECOND, seen.append, "event")
    >>> kernel.sleep(3 * SECOND)
    >>> kernel.now, seen
    (3000000000, ['event'])
    """

    def __init__(self, *, horizon: int = LONGEST // timedelta(seconds=1) * SECOND, storm: int = 2_000_000) -> None:
        super().__init__()  # `now`: ns since the lab's clock began
        self._horizon, self._storm = horizon, storm  # ns, and events within a second of them
        self._full, self._most = min(SECOND, horizon), storm  # the present second's end, and how far it may count
        self._main = main = getcurrent()
        # how an error of an event ends the run: with its traceback, which would be lost if the error alone were thrown
        self.fail: Callable[[BaseException], object] = lambda error: main.throw(type(error), error, error.__traceback__)
        self._hub = greenlet(self._loop, self._main)
        self._waiting = WaitQueue(self._heap, self._numbers, lambda: self.now)
        # have waiting tasks test their conditions, after what else is due now: all, or those that may be about messages
        self.notify, self.notify_of_message = self._waiting.notify, self._waiting.notify_of_message
        self._on_limit = self._waiting.end  # bound once, as it would be for each wait

    def sleep(self, ns: int) -> None:
        """Let so many ns pass for the calling task."""
        refuse_held()
        timer = self.at(self.now + ns, getcurrent().switch)
        try:
            self._switch()
        finally:
            cancel(timer)

    def wait(self, until: Callable[[], bool], within: int | None, *, of_messages: bool = True) -> bool:
        """Wait until a condition holds, at most so many ns; return whether it holds.

        It is tested now, after each `notify` and, if it may be about messages, `notify_of_message`, and at the end.
        The order of waiting tasks is that of their calls.
        """
        refuse_held()
        key, waiting, me = next(self._numbers), self._waiting, getcurrent()
        limit = None if within is None else self.at(self.now + within, self._on_limit, key)
        answer: tuple[int, bool, Exception | None, int] | tuple[()] = ()  # of a test that was made for this task
        try:
            while True:
                if answer:
                    seen, holds, error, asked = answer
                    for _ in range(asked):
                        self.tick()
                    if error is not None:
                        raise error
                else:
                    seen, holds = waiting.notified, until()
                if holds or (limit is not None and self.now >= limit[0]):
                    return bool(holds)
                answer = ()
                if waiting.notified == seen:  # a condition may have blocked itself
                    waiting.add(key, me.switch, until, of_messages)
                    # it has been removed if it comes back by itself
                    answer = self._switch() if me is self._hub else self._hub.switch()
        finally:
            if key in waiting.tasks:
                waiting.remove(key)
            if limit is not None:
                limit[2] = None  # as `cancel`

    def begin(self, work: Callable[[], object]) -> None:
        """Run `work` as a task, beginning after all events that are due now."""

        def run() -> None:
            try:
                work()
            finally:
                getcurrent().parent = self._hub  # the loop in which it began may be an event that blocks by now

        self.at(self.now, lambda: greenlet(run, self._hub).switch())

    def tick(self) -> float:
        """Return the seconds; a calling task waits a µs before if nothing is due by then, to have its own moment."""
        now, heap = self.now, self._heap
        if getcurrent() is self._hub:
            self._waiting.asked += 1
        elif not (heap or self._turn()) or heap[0][0] > now + 1000:
            self.now = now = now + 1000
        return now / SECOND

    def _switch(self) -> Any:
        """Let others run until one of them switches back; an event that blocks becomes a task: another loop goes on."""
        if getcurrent() is self._hub:
            self._waiting.part()
            self._hub = greenlet(self._loop, self._main)
        return self._hub.switch()

    def _loop(self) -> None:
        me, heap = getcurrent(), self._heap
        while self._hub is me:
            try:  # around the loop too, in which a signal may come as well as in an event
                while self._hub is me:
                    if not (heap or self._turn()):
                        raise RuntimeError("no event is left, and a task waits without a time limit")
                    t, number, do, arguments = heappop(heap)
                    if do is None:
                        continue
                    self.now = t
                    if t > self._full:
                        self._full = max(min(t + SECOND, self._horizon), t)  # each moment past the horizon counts once
                        self._most = next(self._numbers) + self._storm
                        if t > self._horizon:
                            self.fail(endless(self._horizon, do, arguments))
                    if number > self._most:
                        self._most += self._storm
                        self.fail(stormy(self._storm, t, do, arguments))
                    do(*arguments)
            except BaseException as error:  # noqa: BLE001 (raised where the run can end)
                self.fail(error)
        me.parent = self._hub  # a loop whose event blocked ends when that event has
