"""A broker's store: what outlives its process, and the journal by which a process writes to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from lab.dataclass import dataclass
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
        """Begin with a new process; a killed one leaves no destination that neither index nor journal had on disk."""
        if not self.clean:
            journalled = {*self.queues, *(topic for each in self.durables.values() for topic in each.topics)}
            for name in self.unwritten:
                if name not in journalled:
                    self.destinations.pop(name, None)
        self.unwritten.clear()
        self.clean, self.processes = False, self.processes + 1

    def topics(self) -> frozenset[str]:
        """Return the topics that are there, whether anything is in them or not: `getDurableDestinations`."""
        return frozenset(each for each in self.destinations if each.startswith("topic://"))

    def number(self) -> int:
        """Return the number of the next message, by which what is stored is in order."""
        self.sequence += 1
        return self.sequence


class Journal:
    """The way from a process to its store: what comes while a batch is being synced waits for the next one.

    `journalDiskSyncStrategy` ALWAYS; `DataFileAppender` writes all that waits, and syncs once. What a killed process
    had not synced is not in the store, and no client was told that it is.
    """

    def __init__(self, process: Process, sync: int, checkpoint: int) -> None:
        self._process, self._sync = process, sync  # ns of one batch
        self._checkpoint, self._began = checkpoint, process.now  # ns from one checkpoint to the next, and of the start
        self._waiting: list[Write] = []
        self._writing: list[Write] = []
        self._on_synced = self._end  # bound once, as it would be for each batch

    def write(self, do: Callable[..., object], arguments: tuple[object, ...], done: Done) -> Write:
        """Have `do` done to the store with the next batch, and then call `done`."""
        written: Write = [do, arguments, done]
        self._waiting.append(written)
        if not self._writing:
            self._begin()
        return written

    def cancel(self, written: Write) -> bool:
        """Drop a write that is not in the store yet and tell that it is done; return whether there was one.

        `KahaDBStore.StoreQueueTask.cancel`, with concurrentStoreAndDispatchQueues, which is the default: a message that
        is acknowledged before it is written need not be.
        """
        do, _, done = written
        if do is None:
            return False
        written[0] = None
        done(None)
        return True

    def index(self, store: Store, destination: str) -> None:
        """Have a destination in the index, which a checkpoint writes to disk: `loadStoredDestination`."""
        if destination not in store.destinations:
            store.destinations[destination] = None
            if not store.unwritten:
                age = self._process.now - self._began
                self._process.after(self._checkpoint - age % self._checkpoint, store.unwritten.clear)
            store.unwritten[destination] = None

    def flush(self) -> None:
        """Write all that waits, at once: an orderly end."""
        batch, self._writing, self._waiting = self._writing + self._waiting, [], []
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


def _do(batch: list[Write]) -> None:
    for written in batch:
        do, arguments, done = written
        if do is not None:
            written[0] = None
            do(*arguments)
            done(None)
