"""Whether a subscription hears a destination, by ActiveMQ's wildcards, told a second time for the truth alone."""

from __future__ import annotations


def hears(heard: str, destination: str) -> bool:
    """Return whether what is subscribed to, "topic p.>", hears what is sent to "topic p.eur"."""
    kind, _, pattern = heard.partition(" ")
    other, _, name = destination.partition(" ")
    if kind != other:
        return False
    parts = name.split(".")
    for place, part in enumerate(pattern.split(".")):
        if part == ">":
            return True
        if place >= len(parts) or part not in ("*", parts[place]):
            return False
    return len(parts) == len(pattern.split("."))
