"""Destinations as ActiveMQ names them, and which of them a subscription receives.

Dots separate the levels of a name; in a wildcard `*` stands for one level and `>` for all that follow. Commas separate
the parts of a composite name: each of them gets every message. What is sent to the topic VirtualTopic.a goes into each
queue Consumer.NAME.VirtualTopic.a that there is, unless a configuration declares other virtual destinations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import NamedTuple, Protocol

ADVISORY = "ActiveMQ.Advisory."  # the names of advisory topics begin with it
ADVISORIES = f"topic://{ADVISORY}"
DEAD_LETTERS = "queue://ActiveMQ.DLQ"  # with levels after it where a configuration has individual ones
_SPECIAL = re.compile(r"[*>,]|^queue://Consumer\.")  # in a name that may hear, or be heard as, another one

# STOMP's /queue/a and /temp-queue/a, and what brokers read there besides; ActiveMQ's queue://a and temp-queue://a, and
# the short form queue:a.
_STOMP = re.compile(r"(?is)/(?:remote-)?(?P<temporary>temp-)?(?P<kind>queue|topic)/(?P<name>.*)")
_ACTIVEMQ = re.compile(r"(?is)(?P<temporary>temp-)?(?P<kind>queue|topic):(?://)?(?P<name>.*)")
_NO_KIND = re.compile(r"(?is)(?P<temporary>)/(?P<kind>)(?:dsub|exchange|reply-queue)/(?P<name>.*)")


class Prefixed(NamedTuple):
    """A name as a protocol writes it, taken apart."""

    kind: str  # "topic" | "queue", or "" where the prefix does not say it
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
    return next((its for part in name.split(",") if (its := _prefixed(part)) is not None), None)


def as_shown(kind: str, name: str) -> Mapping[str, str]:
    """Return the names that ActiveMQ shows for one that a person wrote: kind → name, or parts parted by commas.

    They have no protocol's prefix, no options after a question mark, and no white space around a part.

    >>> as_shown("queue", "a, topic://b?consumer.prefetchSize=1")
    {'queue': 'a', 'topic': 'b'}
    """
    found: dict[str, list[str]] = {}
    for part in name.split(","):
        its = _prefixed(part)
        bare = part if its is None else its.name
        found.setdefault((its and its.kind) or kind, []).append(bare.partition("?")[0].strip())
    return {its: ",".join(names) for its, names in found.items()}


def why_not_as_shown(kind: str, name: str) -> str:
    """Return why a name that a person wrote is none that ActiveMQ shows; an empty text if it is one."""
    if prefixed(name) is not None:
        return f"a {kind} is named here as ActiveMQ shows it, whatever the protocol"
    if "?" in name:
        return f"a {kind}'s name does not include options after a question mark"
    if as_shown(kind, name) != {kind: name}:
        return f"a {kind}'s name has no white space at its ends or beside a comma"
    return ""


def _prefixed(part: str) -> Prefixed | None:
    part = part.strip()
    found = _STOMP.fullmatch(part) or _ACTIVEMQ.fullmatch(part) or _NO_KIND.fullmatch(part)
    return found and Prefixed(found["kind"].lower(), found["name"], bool(found["temporary"]))


def has_wildcard(name: str) -> bool:
    """Return whether a destination such as topic://a.* has a wildcard."""
    return any(level in ("*", ">") for level in name.partition("://")[2].split("."))


def no_wildcard(name: str) -> str:
    """Return why a name that looks like a wildcard is none for ActiveMQ; "" if it is one, or does not look so.

    >>> no_wildcard("orders>")
    'write > alone as the last level, after a dot: it stands for all levels that follow'
    """
    levels = name.split(".")
    while levels[-2:] == [">", ">"]:
        levels.pop()  # ActiveMQ reads a.>.> as a.>
    if any(">" in level for level in levels[:-1]) or (">" in levels[-1] and levels[-1] != ">"):
        return "write > alone as the last level, after a dot: it stands for all levels that follow"
    if any("*" in level and level != "*" for level in levels):
        return "write * alone between dots: it stands for one level"
    if any(level in ("#", "+") for level in re.split(r"[./]", name)):
        return "write > or * between dots: # and + are wildcards of MQTT"
    return ""


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
        return False  # as for most pairs of a thousand expectations with a thousand destinations
    return any(_hears(one, other) for one in parts_of(subscription) for other in parts_of(destination))


def covers(subscription: str, destination: str) -> bool:
    """Return whether a subscription receives all that can be sent to a destination; both as for `hears`.

    >>> covers("topic://prices.>", "topic://prices.*"), covers("topic://prices.eur", "topic://prices.*")
    (True, False)
    """
    return all(any(_covers(one, other) for one in parts_of(subscription)) for other in parts_of(destination))


def is_on(subscription: str, destination: str) -> bool:
    """Return whether a subscription is on a destination itself: a queue that takes from a virtual topic is not.

    >>> topic = "topic://VirtualTopic.b"
    >>> is_on("topic://VirtualTopic.>", topic), is_on("queue://Consumer.a.VirtualTopic.b", topic)
    (True, False)
    """
    same = subscription.partition("://")[0] == destination.partition("://")[0]
    return same and (subscription == destination or covers(subscription, destination))


def virtual_topic_of(queue: str) -> str | None:
    """Return the virtual topic whose messages go into a queue such as queue://Consumer.a.VirtualTopic.b; else None."""
    levels = queue.removeprefix("queue://").split(".")
    behind = queue.startswith("queue://") and levels[0] == "Consumer" and levels[2:3] == ["VirtualTopic"]
    return f"topic://{'.'.join(levels[2:])}" if behind and not has_wildcard(queue) else None


def is_dead_letter_queue(destination: str) -> bool:
    """Return whether a queue is where brokers put dead letters, by the names that a configuration does not change."""
    return destination == DEAD_LETTERS or destination.startswith(f"{DEAD_LETTERS}.")


def _hears(subscription: str, destination: str) -> bool:
    """Do the same as `hears`, for destinations without parts."""
    kind, _, heard = subscription.partition("://")
    other, _, sent = destination.partition("://")
    if kind == other:
        return _overlap(heard.split("."), sent.split("."))
    topic = virtual_topic_of(subscription)
    return topic is not None and _hears(topic, destination)


def _covers(subscription: str, destination: str) -> bool:
    """Do the same as `covers`, for destinations without parts."""
    kind, _, heard = subscription.partition("://")
    other, _, sent = destination.partition("://")
    if not has_wildcard(destination):
        return _hears(subscription, destination)
    if kind != other:
        return False
    for first, second in zip_longest(heard.split("."), sent.split(".")):
        if first == ">":
            return True
        if first is None or second is None or second == ">" or first not in (second, "*"):
            return False
    return True


def _overlap(left: list[str], right: list[str]) -> bool:
    for first, second in zip_longest(left, right):
        if ">" in (first, second):
            return True  # also if no level follows: in ActiveMQ a.> receives a
        if first is None or second is None or (first != second and "*" not in (first, second)):
            return False
    return True
