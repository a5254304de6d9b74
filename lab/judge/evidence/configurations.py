"""The configurations that a history's header declares: those that brokers begin with, and those that steps save."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.configuration import read as read_configuration


def configurations(declared: Mapping[str, Any]) -> dict[str, tuple[Configuration, ...]]:
    """Return every configuration that each broker may have had; one that a step saves is counted for all of them."""
    brokers = declared.get("topology", {}).get("brokers", {})
    saved = tuple(_saved(declared.get("steps", ())))
    return {
        broker: tuple(
            read_configuration(text.encode(), "the history")
            for text in (*([fields["configuration"]["text"]] if "configuration" in fields else []), *saved)
        )
        for broker, fields in brokers.items()
    }


def _saved(steps: Iterable[Any]) -> Iterator[str]:
    """Yield the text of each configuration that the declared steps save, at any depth."""
    for entry in steps:
        for verb, fields in entry.items():
            if verb == "update-configuration":
                yield fields["file"]["text"]
            elif verb == "together":
                yield from _saved(fields)
            elif verb == "repeat":
                yield from _saved(fields["steps"])
