"""The tasks that wait for a condition, and the order in which they go on once something may have changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

Push = Callable[[int, Callable[..., object], tuple[Any, ...]], object]


class WaitQueue:
    """The waiting tasks of a kernel, by the number of their wait, in the order in which they began to.

    Their conditions are tested in the kernel's loop, each once: the task is handed the answer, and does not ask again,
    for a condition may take something or block. Nothing is handed to a task whose wait is over otherwise.
    """

    def __init__(self, push: Push, number: Callable[[], int], quiet: Callable[[], bool]) -> None:
        # has an event of a number called at this instant; the next number; whether nothing else is due at this instant
        self._push, self._number, self._quiet = push, number, quiet
        self._tasks: dict[int, tuple[Callable[..., object], Callable[[], bool]]] = {}  # how each goes on; its condition
        self.notified, self._looking = 0, False
        self.asked = 0  # for the time, by the condition that is tested: its task takes that time
        self._tested: tuple[int, int, deque[int]] | None = None  # whose condition is now; the event's number; the rest
        self._blocked = set[int]()  # whose conditions block in the middle of a test

    def add(self, key: int, go_on: Callable[..., object], until: Callable[[], bool]) -> None:
        """Let a task wait.

        It goes on with how often had been notified before its condition was tested, whether it holds, the error that
        it raised, if any, and how often it asked for the time; or with nothing, and tests for itself.
        """
        self._tasks[key] = go_on, until

    def remove(self, key: int) -> None:
        """Let it wait no more; harmless if it does not."""
        self._tasks.pop(key, None)

    def end(self, key: int) -> None:
        """Have a task go on, if it waits; one whose condition blocks in a test goes on after that."""
        if key not in self._blocked:
            self._answer(key)

    def notify(self) -> None:
        """Have the conditions tested at this instant, after what else is due now."""
        self.notified += 1
        if self._tasks and not self._looking:
            self._looking = True
            self._push(self._number(), self._look, ())

    def part(self) -> None:
        """Make the rest of a test an event again: the condition that is tested blocks, or its task goes on."""
        if self._tested is not None:
            (key, number, keys), self._tested = self._tested, None
            self._blocked.add(key)
            if keys:
                self._ask_later(number, keys)

    def _look(self) -> None:
        self._looking = False
        number, keys = self._number(), deque(self._tasks)
        if self._quiet():
            self._ask(number, keys)  # as the next event would
        else:
            self._ask_later(number, keys)

    def _ask_later(self, number: int, keys: deque[int]) -> None:
        self._push(number, self._ask, (number, keys))

    def _ask(self, number: int, keys: deque[int]) -> None:
        """Test conditions without a switch to their tasks, until one has something to go on with."""
        while keys:
            if (key := keys.popleft()) in self._blocked or (task := self._tasks.get(key)) is None:
                continue
            holds, seen, self._tested = False, self.notified, (key, number, keys)
            error: Exception | None = None
            self.asked = 0
            try:
                holds = bool(task[1]())
            except Exception as raised:  # noqa: BLE001 (its task raises it)
                error = raised
            except BaseException:  # a signal's: it ends the run, not this task, which has no answer yet
                self.part()
                self._blocked.discard(key)
                self._ask_later(self._number(), deque((key,)))
                raise
            if self._tested is None:  # it blocked: this is a task by now, and ends; what waits goes on before all else
                self._push(key, self._answer, (key, seen, holds, error, 0))
                return
            if holds or error is not None or self.notified != seen:
                self.part()
                self._answer(key, seen, holds, error, self.asked if holds or error is not None else 0)
                return
            self._tested = None
            self._tasks[key] = self._tasks.pop(key)  # after those that have come meanwhile

    def _answer(self, key: int, *answer: object) -> None:
        self._blocked.discard(key)
        if (task := self._tasks.pop(key, None)) is not None:
            task[0](*answer)
