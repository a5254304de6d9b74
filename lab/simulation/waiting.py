"""Who waits for a condition, and which of them goes on when somebody has said that something may have changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any


class Waiting:
    """The waiting tasks of a kernel, by the number of their wait, in the order in which they began to."""

    def __init__(
        self, push: Callable[[int, Callable[..., object], tuple[Any, ...]], object], number: Callable[[], int]
    ) -> None:
        self._push, self._number = push, number  # has an event of a number called at this instant; the next number
        self._tasks: dict[int, tuple[Callable[[], object], Callable[[], bool]]] = {}  # how each goes on; its condition
        self.notified, self._looking = 0, False

    def add(self, key: int, go_on: Callable[[], object], until: Callable[[], bool]) -> None:
        """Let a task wait."""
        self._tasks[key] = go_on, until

    def remove(self, key: int) -> None:
        """Let it wait no more; harmless if it does not."""
        self._tasks.pop(key, None)

    def end(self, key: int) -> None:
        """Have a task go on, if it waits."""
        if (task := self._tasks.pop(key, None)) is not None:
            task[0]()

    def notify(self) -> None:
        """Have the conditions tested at this instant, after what else is due now."""
        self.notified += 1
        if self._tasks and not self._looking:
            self._looking = True
            self._push(self._number(), self._look, ())

    def _look(self) -> None:
        self._looking = False
        self._ask_later(self._number(), deque(self._tasks))

    def _ask_later(self, number: int, keys: deque[int]) -> None:
        self._push(number, self._ask, (number, keys))

    def _ask(self, number: int, keys: deque[int]) -> None:
        """Test conditions without a switch to their tasks; before one goes on, the rest becomes an event again."""
        while keys:
            if (task := self._tasks.get(key := keys.popleft())) is not None and self._may_hold(task[1]):
                if keys:
                    self._ask_later(number, keys)
                self.end(key)
                return
            if task is not None:
                self._tasks[key] = self._tasks.pop(key)  # after those that have come meanwhile

    def _may_hold(self, until: Callable[[], bool]) -> bool:
        """Return whether a condition's task is to test it itself: it holds, fails, or has changed something."""
        seen = self.notified
        try:
            return until() or self.notified != seen
        except BaseException:  # noqa: BLE001 (its task raises it)
            return True
