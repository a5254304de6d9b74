"""Which messages were seen before: `ActiveMQMessageAudit`, in memory alone."""

from __future__ import annotations

from collections import OrderedDict

DEPTH = 2048  # messages of a producer, where nothing else is said
PRODUCERS = 64
OF_ENTRY = 10_000, PRODUCERS  # maxQueueAuditDepth or maxAuditDepth, maxProducersToAudit, where an entry says nothing
_NONE, _NEVER = -1, -2  # no number; the one that no message has, not even those without


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

    def is_new(self, id: str) -> bool:
        """Return whether a message was not seen before, and remember it."""
        producer, number = _parts(id)
        if (its := self._known.get(producer)) is None:
            its = self._known[producer] = _Seen()
            if len(self._known) > self._producers:
                self._known.popitem(last=False)
        elif number == its.next:
            its.next = number + 1
            if number - its.first >= self._depth:
                its.first += 1
            return True
        if its.ids is None and number != _NONE:
            if its.has(number):
                return False
            if its.first == its.next:
                its.first, its.next = number, number + 1
                return True
        if id in (ids := its.spread(producer)):
            return False
        ids[id] = None
        if len(ids) > self._depth:
            ids.popitem(last=False)
        return True

    def forget(self, id: str) -> None:
        """Let a message be new again: `rollback`."""
        producer, number = _parts(id)
        if (its := self._known.get(producer)) is None:
            return
        if its.ids is None and number == its.first < its.next:
            its.first += 1
        elif its.ids is not None or its.has(number):
            its.spread(producer).pop(id, None)


def _parts(id: str) -> tuple[str, int]:
    """Return an id's producer and number; _NONE if it has none, or one that could be written otherwise."""
    producer, _, number = id.rpartition(":")
    plain = number.isascii() and number.isdecimal() and (number == "0" or number[0] != "0")
    return producer, int(number) if plain else _NONE
