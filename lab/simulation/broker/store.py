"""A broker's store: the data that outlives its process, and the journal by which a process writes to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import field
from typing import Any

from lab.base.dataclass import dataclass
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.message import Message
from lab.simulation.broker.process import Process

Done = Callable[[str | None], None]  # called with None once it is done, or with the words of a refusal
Write = list[Any]  # what to do, with what, what to call then: a list, since there is one for every message


@dataclass(slots=True, eq=False)
class Durable:
    """A durable subscription in the store, with the messages that it has not acknowledged, by number."""

    info: ConsumerInfo
    topics: dict[str, None] = field(default_factory=dict)
    pending: dict[int, Message] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Store:
    """KahaDB: queues' messages, durable subscriptions, and all destinations but temporary ones and advisories."""

    queues: dict[str, dict[int, Message]] = field(default_factory=dict)  # by destination, then by number
    durables: dict[tuple[str, str], Durable] = field(default_factory=dict)  # by client id and name
    destinations: dict[str, None] = field(default_factory=dict)
    unwritten: dict[str, None] = field(default_factory=dict)  # destinations that came after the last checkpoint
    sequence: int = 0  # of the last message
    clean: bool = True  # its last process closed it
    processes: int = 0  # that have opened it

    def open(self) -> None:
        """Begin with a new process; after a kill, only destinations in the index or journal on disk remain."""
        if not self.clean:
            journalled = {*self.queues, *(topic for each in self.durables.values() for topic in each.topics)}
            for name in self.unwritten:
                if name not in journalled:
                    self.destinations.pop(name, None)
        self.unwritten.clear()
        self.clean, self.processes = False, self.processes + 1

    def topics(self) -> frozenset[str]:
        """Return all topics, also empty ones: `getDurableDestinations`."""
        return frozenset(each for each in self.destinations if each.startswith("topic://"))

    def number(self) -> int:
        """Return the number of the next message; it keeps stored messages in order."""
        self.sequence += 1
        return self.sequence


class Journal:
    """The way from a process to its store. A killed process loses the messages not synced, which were not acknowledged.

    `journalDiskSyncStrategy` ALWAYS. Messages that a topic keeps for durable subscriptions are written by the
    connections' threads: `DataFileAppender` writes all that waits, and syncs once. Messages to queues are written by
    one thread for all of them, which waits for each message's sync: `KahaDBStore.queueExecutor`.
    """

    def __init__(self, process: Process, sync: int, checkpoint: int) -> None:
        self._process, self._sync = process, sync  # ns of one message of a queue, or of one batch of topics'
        self._checkpoint, self._began = checkpoint, process.now  # ns from one checkpoint to the next, and of the start
        self._waiting: list[Write] = []
        self._writing: list[Write] = []
        self._tasks = deque[Write]()
        self._task: Write | None = None  # that is being written
        self._on_synced, self._on_stored = self._end, self._end_task  # bound once, as they would be for each

    def write(self, do: Callable[..., object], arguments: tuple[object, ...], done: Done) -> None:
        """Apply `do` to the store with the next batch, then call `done`."""
        written: Write = [do, arguments, done]
        self._waiting.append(written)
        if not self._writing:
            self._begin()

    def store(self, do: Callable[..., object], arguments: tuple[object, ...], done: Done) -> Write:
        """Apply `do` to the store after all earlier messages of queues, then call `done`."""
        task: Write = [do, arguments, done]
        if self._task is None:
            self._begin_task(task)
        else:
            self._tasks.append(task)
        return task

    def cancel(self, task: Write) -> bool:
        """Keep a message out of the store; return False if it is already there.

        The sender need not wait, unless the message is being written: `StoreQueueTask.cancel`, with
        concurrentStoreAndDispatchQueues, which is the default.
        """
        do, _, done = task
        if do is None:
            return False
        task[0] = None
        if task is not self._task:
            done(None)
        return True

    def index(self, store: Store, destination: str) -> None:
        """Add a destination to the index, which a checkpoint writes to disk: `loadStoredDestination`."""
        if destination not in store.destinations:
            store.destinations[destination] = None
            if not store.unwritten:
                age = self._process.now - self._began
                self._process.after(self._checkpoint - age % self._checkpoint, store.unwritten.clear)
            store.unwritten[destination] = None

    def flush(self) -> None:
        """Write all that waits, at once: an orderly end."""
        batch = [*self._writing, *self._waiting]
        if (task := self._task) is not None:
            if task[0] is None:
                task[2](None)  # as at the end of its write
            batch.append(task)
        batch += self._tasks
        self._writing, self._waiting, self._task = [], [], None
        self._tasks.clear()
        _do(batch)

    def _begin(self) -> None:
        self._writing, self._waiting = self._waiting, []
        self._process.kernel.after(self._sync, self._on_synced)

    def _end(self) -> None:
        if not self._process.running:
            self._process.hold(self._end)
            return
        batch, self._writing = self._writing, []
        if self._waiting:
            self._begin()
        _do(batch)

    def _begin_task(self, task: Write) -> None:
        self._task = task
        self._process.kernel.after(self._sync, self._on_stored)

    def _end_task(self) -> None:
        if not self._process.running:
            self._process.hold(self._end_task)
            return
        task, self._task = self._task, None
        assert task is not None
        while self._tasks and self._task is None:
            if (following := self._tasks.popleft())[0] is not None:
                self._begin_task(following)
        do, arguments, done = task
        if do is not None:
            task[0] = None
            do(*arguments)
        done(None)


def _do(batch: list[Write]) -> None:
    for written in batch:
        do, arguments, done = written
        if do is not None:
            written[0] = None
            do(*arguments)
            done(None)
