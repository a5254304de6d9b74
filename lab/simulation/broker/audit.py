"""Which messages were seen before: `ActiveMQMessageAudit`, in memory alone."""

from __future__ import annotations

from collections import OrderedDict

DEPTH = 2048  # messages of a producer, where nothing else is said
PRODUCERS = 64
OF_ENTRY = 10_000, PRODUCERS  # maxQueueAuditDepth or maxAuditDepth, maxProducersToAudit, where an entry says nothing


class Audit:
    """The ids of the last messages of the last producers; an id names its producer before its last number."""

    def __init__(self, depth: int = DEPTH, producers: int = PRODUCERS) -> None:
        self._depth, self._producers = depth, producers
        self._known: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()  # producer → ids

    def is_new(self, id: str) -> bool:
        """Return whether a message was not seen before, and remember it."""
        producer = id.rpartition(":")[0]
        known = self._known.get(producer)
        if known is None:
            known = self._known[producer] = OrderedDict()
            if len(self._known) > self._producers:
                self._known.popitem(last=False)
        if id in known:
            return False
        known[id] = None
        if len(known) > self._depth:
            known.popitem(last=False)
        return True

    def forget(self, id: str) -> None:
        """Let a message be new again: `rollback`."""
        if (known := self._known.get(id.rpartition(":")[0])) is not None:
            known.pop(id, None)
