"""The queues or topics for undelivered messages, as a broker's configuration names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.activemq.destinations import DEAD_LETTERS
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.value_types import is_true

_PREFIXES = {"queue": "ActiveMQ.DLQ.Queue.", "topic": "ActiveMQ.DLQ.Topic."}  # unless a strategy has another one


def individual(configurations: Iterable[Configuration], destination: str) -> frozenset[str]:
    """Return the destinations that take one destination's dead letters alone, by any policy of the configurations."""
    kind, _, name = destination.partition("://")
    its = _strategies(configurations, "individualDeadLetterStrategy") if kind in _PREFIXES else ()
    return frozenset(
        f"{_kind(each, kind)}://{_or(each.get(f'{kind}Prefix'), _PREFIXES[kind])}{name}"
        f"{each.get(f'{kind}Suffix') or ''}"
        for each in its
    )


def _kind(element: Element, kind: str) -> str:
    """Return the kind of destination that a strategy has for a kind's dead letters."""
    return "queue" if is_true(element.get(f"useQueueFor{kind.capitalize()}Messages") or "true") else "topic"


def _or(written: str | None, usual: str) -> str:
    return usual if written is None else written  # an empty prefix is one


def shared(configurations: Iterable[Configuration]) -> frozenset[str]:
    """Return the destinations that take the dead letters of several destinations, the usual one among them."""
    named = (
        f"{each.name}://{each.get('physicalName')}"
        for element in _strategies(configurations, "sharedDeadLetterStrategy")
        for each in element.walk()
        if each.name in ("queue", "topic") and each.get("physicalName")
    )
    return frozenset((DEAD_LETTERS, *named))


def _strategies(configurations: Iterable[Configuration], name: str) -> Iterator[Element]:
    return (each for one in configurations for each in one.broker.walk() if each.name == name)
