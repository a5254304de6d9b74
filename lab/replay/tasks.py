"""What a replay does beside its steps: tasks that end by themselves, and that are all over when the replay is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Self

from lab.runtime.client import Client
from lab.runtime.clock import Clock

GIVE_UP = 1.0  # seconds that a task has to end by itself when the replay is ended by an error
HANG_UP = 5.0  # seconds more, when its connection has been closed under it


class Stopped(Exception):
    """The replay has ended, by an error or an interruption that somebody else reports."""


@dataclass(slots=True, kw_only=True)
class Task:
    """Something that goes on beside the steps."""

    name: str
    done: bool = False


class Tasks:
    """What goes on beside the steps; leaving the block ends what has not ended."""

    def __init__(self, clock: Clock, fail: Callable[[Exception], None]) -> None:
        self._clock, self._fail = clock, fail
        self._tasks: list[Task] = []
        self._turn = Lock()
        self.senders: dict[int, Client] = {}  # by step: the connections that a task may be held up in

    def begin(self, name: str, work: Callable[[], None]) -> Task:
        """Begin a task; an error in it ends the replay."""
        task = Task(name=name)
        with self._turn:  # a client's own thread may begin one
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
        """Return the tasks, of which there are none yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See to it that nothing goes on: what does not end by itself has its connection closed."""
        if self._over():
            return
        self._fail(Stopped())  # an earlier error stays the first
        self._clock.notify()
        if not self._clock.wait(self._over, GIVE_UP):
            for client in tuple(self.senders.values()):
                client.close()
            self._clock.wait(self._over, HANG_UP)

    def _over(self) -> bool:
        return all(task.done for task in self._tasks)
