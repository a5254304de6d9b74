"""The tasks that wait for a condition, and the order in which they continue after a possible change."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappush
from typing import Any


class WaitQueue:
    """The waiting tasks of a kernel, by the number of their wait, in the order in which they began to.

    Their conditions are tested in the kernel's loop, each once: the task is handed the answer, and does not ask again,
    for a condition may take something or block. Nothing is handed to a task whose wait is over otherwise.
    """

    def __init__(self, heap: list[list[Any]], numbers: Iterator[int], now: Callable[[], int]) -> None:
        self._heap, self._numbers, self._now = heap, numbers, now  # the kernel's events; their numbers; the time
        # how each goes on; its condition; whether that may be about messages
        self.tasks: dict[int, tuple[Callable[..., object], Callable[[], bool], bool]] = {}
        self._of_messages = 0  # tasks whose conditions may be
        self.notified, self._looking = 0, False
        self.asked = 0  # for the time, by the condition that is tested: its task takes that time
        self._tested: tuple[int, int, deque[int]] | None = None  # whose condition is now; the event's number; the rest
        self._blocked = set[int]()  # whose conditions block in the middle of a test

    def add(self, key: int, go_on: Callable[..., object], until: Callable[[], bool], of_messages: bool) -> None:
        """Add a waiting task.

        It continues with the number of notifications before its condition was tested, whether it holds, the error that
        it raised, if any, and how often it asked for the time; or with nothing, and tests it by itself.
        """
        self.tasks[key] = go_on, until, of_messages
        self._of_messages += of_messages

    def remove(self, key: int) -> Callable[..., object] | None:
        """End a task's wait, and return the function that continues it; None if it does not wait."""
        if (task := self.tasks.pop(key, None)) is None:
            return None
        self._of_messages -= task[2]
        return task[0]

    def end(self, key: int) -> None:
        """Let a waiting task continue; a task whose condition blocks in a test continues after that."""
        if key not in self._blocked and (task := self.tasks.pop(key, None)) is not None:
            self._of_messages -= task[2]  # as `remove`
            task[0]()

    def notify(self) -> None:
        """Test the conditions at this instant, after all other events that are due now."""
        self.notified += 1
        if self.tasks and not self._looking:
            self._looking = True
            self._due_now(next(self._numbers), self._look)

    def notify_of_message(self) -> None:
        """Test the conditions that may depend on messages, since a message has come or gone."""
        if self._of_messages:
            self.notify()
        else:
            self.notified += 1

    def part(self) -> None:
        """Make the rest of a test an event again: the condition that is tested blocks, or its task goes on."""
        if self._tested is not None:
            (key, number, keys), self._tested = self._tested, None
            self._blocked.add(key)
            if keys:
                self._ask_later(number, keys)

    def _look(self) -> None:
        self._looking = False
        number, keys = next(self._numbers), deque(self.tasks)
        if not self._heap or self._heap[0][0] > self._now():
            self._ask(number, keys)  # as the next event would
        else:
            self._ask_later(number, keys)

    def _ask_later(self, number: int, keys: deque[int]) -> None:
        self._due_now(number, self._ask, number, keys)

    def _ask(self, number: int, keys: deque[int]) -> None:
        """Test conditions without a switch to their tasks, until one has something to go on with."""
        while keys:
            if (key := keys.popleft()) in self._blocked or (task := self.tasks.get(key)) is None:
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
                self._ask_later(next(self._numbers), deque((key,)))
                raise
            if self._tested is None:  # it blocked: this is a task by now, and ends; what waits goes on before all else
                self._due_now(key, self._answer, key, seen, holds, error, 0)
                return
            if holds or error is not None or self.notified != seen:
                self.part()
                self._answer(key, seen, holds, error, self.asked if holds or error is not None else 0)
                return
            self._tested = None
            self.tasks[key] = self.tasks.pop(key)  # after those that have come meanwhile

    def _answer(self, key: int, *answer: object) -> None:
        self._blocked.discard(key)
        if (go_on := self.remove(key)) is not None:
            go_on(*answer)

    def _due_now(self, number: int, do: Callable[..., object], *arguments: object) -> None:
        heappush(self._heap, [self._now(), number, do, arguments])
