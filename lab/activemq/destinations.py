"""Destinations as ActiveMQ names them, and which of them a subscription receives.

Dots separate the levels of a name; in a wildcard `*` stands for one level and `>` for all that follow.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Protocol


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


def has_wildcard(name: str) -> bool:
    """Return whether a destination such as topic://a.* has a wildcard."""
    return any(level in ("*", ">") for level in name.partition("://")[2].split("."))


def hears(subscription: str, destination: str) -> bool:
    """Return whether a subscription receives messages sent to a destination; both like topic://a.b, or wildcards."""
    kind, _, heard = subscription.partition("://")
    other, _, sent = destination.partition("://")
    return kind == other and _overlap(heard.split("."), sent.split("."))


def _overlap(left: list[str], right: list[str]) -> bool:
    for first, second in zip_longest(left, right):
        if ">" in (first, second):
            return True  # also if no level follows: in ActiveMQ a.> receives a
        if first is None or second is None or (first != second and "*" not in (first, second)):
            return False
    return True
