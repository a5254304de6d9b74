"""The detection of repeated messages: `ActiveMQMessageAudit`, only in memory."""

from __future__ import annotations

from collections import OrderedDict

from lab.simulation.broker.message import NO_NUMBER, Message

DEPTH = 2048  # messages of a producer, where nothing else is said
PRODUCERS = 64
OF_ENTRY = 10_000, PRODUCERS  # maxQueueAuditDepth or maxAuditDepth, maxProducersToAudit, where an entry says nothing
_NEVER = NO_NUMBER - 1  # the number that no message has, not even those without


class _Seen:
    """The messages of one producer: mostly all of a range of numbers, otherwise ids in the order of their coming."""

    __slots__ = ("first", "ids", "next")

    def __init__(self) -> None:
        self.first = self.next = 0  # of the range: the first number, and the one after the last
        self.ids: OrderedDict[str, None] | None = None  # if it is no range; `next` is _NEVER then

    def has(self, number: int) -> bool:
        """Return whether a number is in the range."""
        return self.first <= number < self.next

    def spread(self, producer: str) -> OrderedDict[str, None]:
        """Return the ids, which are no range any more."""
        if self.ids is None:
            self.ids = OrderedDict.fromkeys(f"{producer}:{number}" for number in range(self.first, self.next))
            self.next = _NEVER
        return self.ids


class Audit:
    """The ids of the last messages of the last producers; an id names its producer before its last number."""

    def __init__(self, depth: int = DEPTH, producers: int = PRODUCERS) -> None:
        self._depth, self._producers = depth, producers
        self._known: OrderedDict[str, _Seen] = OrderedDict()  # by producer

    def is_new(self, message: Message) -> bool:
        """Return whether a message was not seen before, and remember it."""
        producer, number = message.producer, message.sequence
        if (its := self._known.get(producer)) is None:
            its = self._known[producer] = _Seen()
            if len(self._known) > self._producers:
                self._known.popitem(last=False)
        elif number == its.next:
            its.next = number + 1
            if number - its.first >= self._depth:
                its.first += 1
            return True
        if its.ids is None and number != NO_NUMBER:
            if its.has(number):
                return False
            if its.first == its.next:
                its.first, its.next = number, number + 1
                return True
        if message.id in (ids := its.spread(producer)):
            return False
        ids[message.id] = None
        if len(ids) > self._depth:
            ids.popitem(last=False)
        return True

    def forget(self, message: Message) -> None:
        """Let a message be new again: `rollback`."""
        producer, number = message.producer, message.sequence
        if (its := self._known.get(producer)) is None:
            return
        if its.ids is None and number == its.first < its.next:
            its.first += 1
        elif its.ids is not None or its.has(number):
            its.spread(producer).pop(message.id, None)
