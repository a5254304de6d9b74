"""Which destinations a step or an expectation names, and which of them a subscription hears.

Names are ActiveMQ's: levels are parted by dots, `*` stands for one level and `>` for all that follow.
"""

from __future__ import annotations

from typing import Protocol


class Addressed(Protocol):
    """Anything that names a topic or a queue."""

    @property
    def topic(self) -> str | None:
        """Its topic."""
        ...

    @property
    def queue(self) -> str | None:
        """Its queue."""
        ...


def destination_of(addressed: Addressed) -> str | None:
    """Return the destination as ActiveMQ writes it, such as topic://a.b, or None where none is named."""
    if addressed.topic is not None:
        return f"topic://{addressed.topic}"
    return f"queue://{addressed.queue}" if addressed.queue is not None else None


def has_wildcard(name: str) -> bool:
    """Return whether a name stands for many."""
    return any(level in ("*", ">") for level in name.partition("://")[2].split("."))


def hears(subscription: str, destination: str) -> bool:
    """Return whether a subscription is reached by what is sent to a destination; either may have wildcards."""
    kind, _, heard = subscription.partition("://")
    other, _, sent = destination.partition("://")
    return kind == other and _meet(heard.split("."), sent.split("."))


def _meet(left: list[str], right: list[str]) -> bool:
    if left[:1] == [">"] or right[:1] == [">"]:
        return True  # also where nothing follows: ActiveMQ lets a.> hear a
    if not left or not right:
        return not left and not right
    first, second = left[0], right[0]
    return (first == second or "*" in (first, second)) and _meet(left[1:], right[1:])
