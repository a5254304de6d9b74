"""Destinations as ActiveMQ names them, and which of them a subscription receives.

Dots separate the levels of a name; in a wildcard `*` stands for one level and `>` for all that follow. Commas separate
the parts of a composite name: each of them gets every message. What is sent to the topic VirtualTopic.a goes into each
queue Consumer.NAME.VirtualTopic.a that there is, unless a configuration declares other virtual destinations.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import NamedTuple, Protocol

DEAD_LETTERS = "queue://ActiveMQ.DLQ"  # with levels after it where a configuration has individual ones
_SPECIAL = re.compile(r"[*>,]|^queue://Consumer\.")  # in a name that may hear, or be heard as, another one

# STOMP's /queue/a and /temp-queue/a; ActiveMQ's queue://a and temp-queue://a, and the short form queue:a.
_STOMP = re.compile(r"/(?:remote-)?(?P<temporary>temp-)?(?P<kind>queue|topic)/(?P<name>.*)", re.DOTALL)
_ACTIVEMQ = re.compile(r"(?P<temporary>temp-)?(?P<kind>queue|topic):(?://)?(?P<name>.*)", re.DOTALL)


class Prefixed(NamedTuple):
    """A name as a protocol writes it, taken apart."""

    kind: str  # "topic" | "queue"
    name: str
    temporary: bool


class Addressed(Protocol):
    """A step or an expectation that names a topic or a queue."""

    @property
    def topic(self) -> str | None:
        """The name of the topic, or None."""
        ...

    @property
    def queue(self) -> str | None:
        """The name of the queue, or None."""
        ...


def destination_of(addressed: Addressed) -> str | None:
    """Return the destination as ActiveMQ writes it, such as topic://a.b, or None if none is named."""
    if addressed.topic is not None:
        return f"topic://{addressed.topic}"
    return f"queue://{addressed.queue}" if addressed.queue is not None else None


def prefixed(name: str) -> Prefixed | None:
    """Return a name, or the first part of a composite one, that has a protocol's prefix; None if none has."""
    for part in name.split(","):
        if (found := _STOMP.fullmatch(part) or _ACTIVEMQ.fullmatch(part)) is not None:
            return Prefixed(found["kind"], found["name"], found["temporary"] is not None)
    return None


def has_wildcard(name: str) -> bool:
    """Return whether a destination such as topic://a.* has a wildcard."""
    return any(level in ("*", ">") for level in name.partition("://")[2].split("."))


def parts_of(destination: str) -> tuple[str, ...]:
    """Return the destinations of a composite one such as queue://a,b: queue://a and queue://b; any other one alone."""
    kind, _, names = destination.partition("://")
    return tuple(f"{kind}://{name}" for name in names.split(","))


def hears(subscription: str, destination: str) -> bool:
    """Return whether a subscription receives messages sent to a destination.

    Both are written like topic://a.b, and may have wildcards or parts. A queue hears its virtual topic too.
    """
    if subscription == destination:
        return True
    if not (_SPECIAL.search(subscription) or _SPECIAL.search(destination)):
        return False  # as for most pairs of a thousand claims with a thousand destinations
    return any(_hears(one, other) for one in parts_of(subscription) for other in parts_of(destination))


def virtual_topic_of(queue: str) -> str | None:
    """Return the virtual topic whose messages go into a queue such as queue://Consumer.a.VirtualTopic.b; else None."""
    levels = queue.removeprefix("queue://").split(".")
    behind = queue.startswith("queue://") and levels[0] == "Consumer" and levels[2:3] == ["VirtualTopic"]
    return f"topic://{'.'.join(levels[2:])}" if behind and not has_wildcard(queue) else None


def is_dead_letter_queue(destination: str) -> bool:
    """Return whether a queue is where brokers put dead letters, by the names that a configuration does not change."""
    return destination == DEAD_LETTERS or destination.startswith(f"{DEAD_LETTERS}.")


def _hears(subscription: str, destination: str) -> bool:
    """Return what `hears` does, of destinations without parts."""
    kind, _, heard = subscription.partition("://")
    other, _, sent = destination.partition("://")
    if kind == other:
        return _overlap(heard.split("."), sent.split("."))
    topic = virtual_topic_of(subscription)
    return topic is not None and _hears(topic, destination)


def _overlap(left: list[str], right: list[str]) -> bool:
    for first, second in zip_longest(left, right):
        if ">" in (first, second):
            return True  # also if no level follows: in ActiveMQ a.> receives a
        if first is None or second is None or (first != second and "*" not in (first, second)):
            return False
    return True
