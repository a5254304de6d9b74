"""Which subscriptions a destination reaches, by ActiveMQ's wildcards: `*` is one level, `>` is the rest."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def matches(pattern: str, destination: str) -> bool:
    """Tell whether what is sent to `destination` reaches a subscription to `pattern`; both as `topic://a.b`."""
    kind, _, wanted = pattern.partition("://")
    other, _, name = destination.partition("://")
    if kind != other:
        return False
    levels, names = wanted.split("."), name.split(".")
    for position, level in enumerate(levels):
        if level == ">":  # also matches nothing more: `a.>` reaches `a`, as ActiveMQ's DestinationMap does
            return True
        if position >= len(names) or level not in ("*", names[position]):
            return False
        if levels[position + 1 :] == [">"]:
            return True
    return len(levels) == len(names)


def is_queue(destination: str) -> bool:
    """Tell whether it is a queue."""
    return destination.startswith("queue://")
