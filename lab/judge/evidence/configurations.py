"""The configurations that a history's header declares: those that brokers begin with, and those that steps save."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lab.activemq.destinations import has_wildcard, hears, parts_of
from lab.activemq.forwarding.network import Composite
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.configuration import read as read_configuration
from lab.amazonmq.configurations.stamping import NAME, Stamping
from lab.amazonmq.configurations.stamping import stampings as of_broker
from lab.plan.forwarding import composites


def configurations(declared: Mapping[str, Any]) -> dict[str, tuple[Configuration, ...]]:
    """Return every configuration that each broker may have had; one that a step saves is counted for all of them."""
    return {
        broker: tuple(read_configuration(text.encode(), "the history") for text in texts)
        for broker, texts in _texts(declared).items()
    }


def stampings(declared: Mapping[str, Any]) -> dict[str, tuple[Stamping, ...]]:
    """Return the time-stamping plugins that each broker may have had, with the lifetime that they give to messages.

    Brokers without such a plugin are not included.
    """
    found = {
        broker: tuple(
            each
            for text in texts
            if NAME in text
            for each in of_broker(read_configuration(text.encode(), "the history").broker)
        )
        for broker, texts in _texts(declared).items()
    }
    return {broker: its for broker, its in found.items() if its}


def rerouted(declared: Mapping[str, Any], destination: str, heard: Iterable[str]) -> bool:
    """Return whether a configuration takes messages out of a destination, or brings others into it.

    So do composites, mirrored queues, and virtual topics other than the usual ones: these leave each message in the
    topic, and so matter for a topic only where a queue behind it is among the destinations `heard`.
    """
    for broker, texts in _texts(declared).items():
        for text in texts:
            if "mirroredQueue" in text:
                return True
            if "virtualDestinations" not in text:
                continue
            root = read_configuration(text.encode(), "the history").broker
            for each in composites(broker, root):
                if any(hears(pattern, destination) for pattern in (each.pattern, *each.to)):
                    return True
            for topic in (each for each in root.walk() if each.name == "virtualTopic"):
                prefix, name = topic.get("prefix"), topic.get("name") or ">"
                queues = f"queue://{'Consumer.*.' if prefix is None else prefix}{name}{topic.get('postfix') or ''}"
                behind = [each for each in heard if each.startswith("queue://") and hears(queues, each)]
                if hears(queues, destination) or (behind and hears(f"topic://{name}", destination)):
                    return True
    return False


def forwarded(declared: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return by broker and composite destination the destinations that its messages reach, such as queue://a,b.

    A broker is not included if a step saves another configuration, nor a destination if a selector, another kind of
    destination or another composite takes part.
    """
    found: dict[tuple[str, str], str] = {}
    for broker, texts in _texts(declared).items():
        if len(texts) == 1 and "forwardTo" in texts[0]:
            every = list(composites(broker, read_configuration(texts[0].encode(), "the history").broker))
            found |= {(broker, each.pattern): ends for each in every if (ends := _ends(each, every))}
    return found


def routes(declared: Mapping[str, Any]) -> Callable[[str, str], tuple[str, ...]]:
    """Return a function: by a broker and a destination, the destinations that messages sent there go into.

    They are none if that depends on more than the composites of one configuration.
    """
    known = forwarded(declared)
    seen: dict[str, bool] = {}  # by destination: whether a configuration forwards it

    def of(broker: str, destination: str) -> tuple[str, ...]:
        if to := known.get((broker, destination)):
            return parts_of(to)
        parts = parts_of(destination) if "," in destination else (destination,)
        for part in parts:
            if part not in seen:
                seen[part] = any(hears(pattern, part) for pattern in _patterns(declared))
        return () if any(seen[part] for part in parts) else parts

    return of


def _patterns(declared: Mapping[str, Any]) -> Iterator[str]:
    """Yield the destinations that composites of any configuration take messages from."""
    for broker, texts in _texts(declared).items():
        for text in texts:
            if "forwardTo" in text:
                for each in composites(broker, read_configuration(text.encode(), "the history").broker):
                    yield each.pattern


def _ends(composite: Composite, every: Iterable[Composite]) -> str:
    """Return the destinations that a composite's messages reach; "" if they depend on more than the composite."""
    its = (*([composite.pattern] if composite.keeps else []), *composite.to)
    kind, _, _ = composite.pattern.partition("://")
    others = [each for each in every if each is not composite]
    if (
        composite.selects
        or not composite.to
        or any(has_wildcard(each) or not each.startswith(f"{kind}://") for each in (composite.pattern, *its))
        or any(hears(other.pattern, each) for other in others for each in (composite.pattern, *its))
        or composite.pattern in composite.to
    ):
        return ""
    return f"{kind}://{','.join(dict.fromkeys(each.removeprefix(f'{kind}://') for each in its))}"


def _texts(declared: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    brokers = declared.get("topology", {}).get("brokers", {})
    saved = tuple(_saved(declared.get("steps", ())))
    return {
        broker: (*([fields["configuration"]["text"]] if "configuration" in fields else []), *saved)
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
