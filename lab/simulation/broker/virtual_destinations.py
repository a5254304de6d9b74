"""Virtual topics and composite destinations: messages sent to one destination go into others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from lab.activemq.destinations import has_wildcard, hears
from lab.activemq.forwarding.filters import covers
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.value_types import is_true
from lab.base.dataclass import dataclass
from lab.errors import PlanError
from lab.simulation.broker.destination import Destination, Node
from lab.simulation.broker.message import Message
from lab.simulation.broker.queue import Queue
from lab.simulation.broker.selectors import selection

NAMELESS = "Invalid destination name: a non-empty name is required"  # `ActiveMQDestination.setPhysicalName`
DEEPEST = 50  # destinations that stand for others, one in the other: more is a circle, and a broker's stack ends there


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualTopic:
    """A topic whose messages go into its consumers' queues too: `VirtualTopicInterceptor`."""

    name: str  # topic://VirtualTopic.>
    prefix: str = "Consumer.*."
    postfix: str = ""
    local: bool = False  # not what came over a bridge
    selective: bool = False  # selectorAware: only where a consumer takes it

    def queues(self, topic: str) -> str:
        """Return the pattern of the queues that a topic's messages go into."""
        return f"queue://{self.prefix}{topic.partition('://')[2]}{self.postfix}"

    def is_for(self, message: Message, queue: Destination, pattern: str) -> bool:
        """Return whether a message goes into a queue that is there: `shouldDispatch`."""
        name = queue.name.partition("://")[2]
        bounded = ".*" in self.prefix and not self.prefix.startswith("*")
        if not hears(pattern, queue.name) or (bounded and not name.startswith(self.prefix[: self.prefix.index(".*")])):
            return False
        if not self.selective:
            return True
        node = Node(message, queue, 0)
        return isinstance(queue, Queue) and any(each.matches(node) for each in queue.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """A destination that stands for others: `CompositeDestinationFilter`."""

    name: str
    forward: tuple[tuple[str, Callable[[Message], bool] | None], ...]
    only: bool = True  # forwardOnly: nothing stays in the destination itself
    unmatched: bool = False  # sendWhenNotMatched


class VirtualDestinations:
    """A configuration's virtual destinations, or ActiveMQ's own: topics below VirtualTopic."""

    def __init__(self, broker: Element, *, usual: bool, refuses_nameless: bool) -> None:
        self._refuses_nameless = refuses_nameless
        written = broker.find("destinationInterceptors")
        if written is not None:
            found = [_rule(each) for group in written.walk() for each in _declared(group)]
        else:
            found = [VirtualTopic(name="topic://VirtualTopic.>")] if usual else []
        self._rules: tuple[VirtualTopic | Composite, ...] = tuple(found)
        self._known: dict[str, tuple[VirtualTopic | Composite, ...]] = {}

    def of(self, destination: str) -> tuple[VirtualTopic | Composite, ...]:
        """Return the rules for a destination; mostly none."""
        known = self._known.get(destination)
        if known is None:
            known = self._known[destination] = tuple(each for each in self._rules if covers(each.name, destination))
        return known

    def makes(self, pattern: str) -> bool:
        """Return whether a consumer's queue pattern becomes a queue of that very name: `VirtualTopic.create`."""
        return has_wildcard(pattern) and any(
            isinstance(each, VirtualTopic) and covers(f"queue://{each.prefix}>", pattern) for each in self._rules
        )

    def refuses(self, queue: str) -> bool:
        """Return whether a queue cannot be made, because the topic of its messages would have no name.

        `VirtualTopic.interceptMappedDestination`, of a virtual topic that may have any name.
        """
        name = queue.removeprefix("queue://")
        return (
            self._refuses_nameless
            and name != queue
            and any(
                isinstance(rule, VirtualTopic)
                and covers(rule.queues(rule.name), queue)
                and re.fullmatch(_regex(rule.prefix) + _regex(rule.postfix), name) is not None
                for rule in self._rules
            )
        )

    def spread(self, message: Message, destinations: Sequence[Destination], depth: int = 0) -> list[Message]:
        """Return the copies of a message that is sent to a destination under a rule, in order."""
        if depth > DEEPEST:
            raise PlanError(f"the virtual destinations send messages of {message.destination} round in a circle")
        found: list[Message] = []
        for where in self._copies(message, destinations):
            if where == message.destination:
                found.append(message)
            else:
                found += self.spread(message.to(where), destinations, depth + 1)
        return found if self.of(message.destination) else [message]

    def _copies(self, message: Message, destinations: Sequence[Destination]) -> Iterator[str]:
        name = message.destination
        for rule in self.of(name):
            if isinstance(rule, VirtualTopic):
                if not (rule.local and message.path):
                    pattern = rule.queues(name)
                    its = [each for each in destinations if each.name.startswith("queue://")]
                    yield from [each.name for each in its if rule.is_for(message, each, pattern)]
                yield name
            else:
                matching = [where for where, takes in rule.forward if takes is None or takes(message)]
                yield from matching
                if (not matching) if rule.unmatched else not rule.only:
                    yield name


def _regex(part: str) -> str:
    return re.escape(part).replace(r"\*", r"[^.]*")


def _declared(group: Element) -> Iterator[Element]:
    return (each for each in group.children if each.name in ("virtualTopic", "compositeQueue", "compositeTopic"))


def _rule(element: Element) -> VirtualTopic | Composite:
    if element.name == "virtualTopic":
        prefix = element.get("prefix")
        return VirtualTopic(
            name=f"topic://{element.get('name') or '>'}",
            prefix="Consumer.*." if prefix is None else prefix,
            postfix=element.get("postfix") or "",
            local=is_true(element.get("local")),
            selective=is_true(element.get("selectorAware")),
        )
    kind = "queue" if element.name == "compositeQueue" else "topic"
    only = element.get("forwardOnly")
    return Composite(
        name=f"{kind}://{element.get('name')}",
        forward=tuple(_forward(each) for group in element.children_named("forwardTo") for each in group.children),
        only=True if only is None else is_true(only),
        unmatched=is_true(element.get("sendWhenNotMatched")),
    )


def _forward(element: Element) -> tuple[str, Callable[[Message], bool] | None]:
    if element.name == "filteredDestination":
        queue, selector = element.get("queue"), element.get("selector")
        where = f"topic://{element.get('topic')}" if queue is None else f"queue://{queue}"
        # Without STOMP's prefix, as over AMQP: a header's text is no number.
        return where, None if not selector else selection(selector, "configuration")
    return f"{element.name}://{element.get('physicalName')}", None
