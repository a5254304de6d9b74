"""The destinations that a configuration lets a broker put messages into by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.elements import Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What a broker may put into destinations that nobody publishes to."""

    virtual: bool  # virtual destinations or mirrored queues are declared: they may fill any destination
    dead_letters: tuple[str, ...]  # how the names of queues for dead letters begin

    def may_fill(self, name: str) -> bool:
        """Return whether the broker may put a message into a queue or a topic of that name."""
        return self.virtual or name.startswith(self.dead_letters)


def routing(configuration: Configuration) -> Routing:
    """Return the routing that a sanitised configuration asks for."""
    elements = list(_within(configuration.broker))
    dead: list[str] = []
    for element in elements:
        if element.name == "individualDeadLetterStrategy":
            dead += (element.get("queuePrefix") or "", element.get("topicPrefix") or "")
        elif element.name == "sharedDeadLetterStrategy":
            dead += (each.get("physicalName") or "" for each in _within(element) if each.name in ("queue", "topic"))
    virtual = any(element.name in ("virtualDestinations", "mirroredQueue") for element in elements)
    return Routing(virtual=virtual, dead_letters=tuple(dict.fromkeys(name for name in dead if name)))


def _within(element: Element) -> Iterator[Element]:
    """Yield the elements in an element, and those in them."""
    for child in element.children:
        yield child
        yield from _within(child)
