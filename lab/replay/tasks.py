"""A replay's background tasks: they end by themselves, at the latest with the replay."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from lab.base.dataclass import dataclass
from lab.runtime.client import Client
from lab.runtime.clock import Clock
from lab.runtime.lock import Lock

TASKS_END_WITHIN = 1.0  # seconds in which a task must end by itself when an error ends the replay
CLOSED_END_WITHIN = 5.0  # more seconds, after its connection has been closed


class Stopped(Exception):
    """The replay has ended by an error or an interruption, which is reported elsewhere."""


@dataclass(slots=True, kw_only=True)
class Task:
    """A background task."""

    name: str
    done: bool = False


class Tasks:
    """The background tasks; leaving the block ends those that run."""

    def __init__(self, clock: Clock, fail: Callable[[Exception], None]) -> None:
        self._clock, self._fail = clock, fail
        self._tasks: list[Task] = []
        self._lock = Lock()
        self.senders: dict[int, Client] = {}  # by step: connections that a task may be blocked in

    def begin(self, name: str, work: Callable[[], None]) -> Task:
        """Begin a task in its own thread; an error in it ends the replay."""
        task = Task(name=name)
        with self._lock:  # a client's own thread may begin one
            self._tasks = [each for each in self._tasks if not each.done] + [task]

        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 (a task's thread cannot end a run; `fail` does)
                self._fail(error)
            finally:
                task.done = True
                self._clock.notify()

        self._clock.begin(name, run)
        return task

    def __enter__(self) -> Self:
        """Return the tasks."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all tasks; close the connection of a task that does not end by itself."""
        if self._all_done():
            return
        self._fail(Stopped())  # an earlier error stays the first
        self._clock.notify()
        if not self._clock.wait(self._all_done, TASKS_END_WITHIN):
            for client in tuple(self.senders.values()):
                client.close()
            self._clock.wait(self._all_done, CLOSED_END_WITHIN)

    def _all_done(self) -> bool:
        return all(task.done for task in self._tasks)
