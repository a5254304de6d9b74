"""The destinations that a configuration lets a broker put messages into by itself."""

from __future__ import annotations

from lab.activemq.destinations import hears
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.value_types import is_true
from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The destinations into which a broker may put messages, though no client publishes there."""

    virtual: bool  # virtual destinations or mirrored queues are declared: they may fill any destination
    dead_letters: tuple[str, ...]  # how the names of queues for dead letters begin
    demanded: tuple[str, ...] = ()  # destinations that a connector asks for, with a listener or without

    def may_fill(self, name: str) -> bool:
        """Return whether the broker may put a message into a queue or a topic of that name."""
        return self.virtual or name.startswith(self.dead_letters)

    def may_demand(self, destination: str) -> bool:
        """Return whether a bridge may have a consumer on a destination to which no client subscribes."""
        return any(hears(each, destination) for each in self.demanded)


def routing(configuration: Configuration) -> Routing:
    """Return the routing that a sanitised configuration asks for."""
    elements = [each for child in configuration.broker.children for each in child.walk()]
    dead: list[str] = []
    demanded: list[str] = []
    for element in elements:
        if element.name == "individualDeadLetterStrategy":
            dead += (element.get("queuePrefix") or "", element.get("topicPrefix") or "")
        elif element.name == "sharedDeadLetterStrategy":
            dead += (each.get("physicalName") or "" for each in element.walk() if each.name in ("queue", "topic"))
        elif element.name == "staticallyIncludedDestinations":
            demanded += (f"{each.name}://{each.get('physicalName') or '>'}" for each in element.children)
        if is_true(element.get("useVirtualDestSubs")):  # a virtual destination is as good as a subscriber then
            demanded += ("topic://>", "queue://>")
    virtual = any(element.name in ("virtualDestinations", "mirroredQueue") for element in elements)
    return Routing(
        virtual=virtual, dead_letters=tuple(dict.fromkeys(name for name in dead if name)), demanded=tuple(demanded)
    )
