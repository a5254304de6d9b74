"""The order of messages by their priority, where a policyEntry has prioritizedMessages, and where it is not known."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable

from lab.simulation.broker.destination import Node
from lab.simulation.broker.message import Message

PAGE = 200  # messages of a durable subscription that are read from the store at once


def put(waiting: deque[Node], node: Node) -> None:
    """Let a message wait behind all whose priority is not lower: `PrioritizedPendingList`."""
    if waiting and waiting[-1].message.priority < node.message.priority:
        waiting.insert(bisect_right(waiting, -node.message.priority, key=_rank), node)
    else:
        waiting.append(node)


def by_priority(nodes: Iterable[Node]) -> deque[Node]:
    """Return messages by priority, and within a priority in their order."""
    return deque(sorted(nodes, key=_rank))


def is_sure(waiting: deque[Node], page: int = PAGE) -> bool:
    """Return whether the waiting messages come in their order: a store distinguishes only low, usual and high."""
    return len(waiting) <= page or waiting[0].message.priority == waiting[-1].message.priority


def _rank(node: Node) -> int:
    return -node.message.priority


class Doubts:
    """Whether the order of a queue by priority is known; an unknown order is reported once."""

    def __init__(self, queue: str, page: int, guess: Callable[[str], None]) -> None:
        self._queue, self._page, self._guess = queue, page, guess
        self._recovered = False
        self._kinds: set[bool] = set()  # persistent or not: of what came since the queue was last empty

    def recover(self, cursor: deque[Node]) -> deque[Node]:
        """Return a store's messages in the order in which they come."""
        self._recovered, found = bool(cursor), by_priority(cursor)
        if not is_sure(found, self._page):
            self._guess(f"more than a page of {self._queue} is read from the store by priority")
        return found

    def look(self, message: Message, waiting: Iterable[Node], *, empty: bool) -> None:
        """Check a message that comes: `AbstractStoreCursor` without its cache, `StoreQueueCursor` with two kinds."""
        if empty:
            self._recovered = False
            self._kinds.clear()
        self._kinds.add(message.persistent)
        if len(self._kinds) > 1:
            self._guess(f"persistent and other messages of {self._queue} wait together, by priority")
        if self._recovered and any(each.message.priority != message.priority for each in waiting):
            self._guess(f"new priorities come to {self._queue}, where messages from before the start wait")
