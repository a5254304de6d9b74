"""Configurations made from what is permitted: one for each element and attribute, and one for each that is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from xml.sax.saxutils import quoteattr

from lab.amazonmq.configurations.configuration import NAMESPACE
from lab.amazonmq.configurations.permitted_elements import Permitted, ValueType, permitted, versions
from lab.amazonmq.configurations.sanitising import Reason

GOOD = {"boolean": "true", "integer": "1", "long": "1", "short": "1", "double": "1.5", "string": "x"}
BAD = {"boolean": "yes", "integer": "1.5", "long": "10s", "short": "40000", "double": "1,5", "string": "${x}"}

Path = tuple[str, ...]  # names from broker down to an element, collections among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One configuration, and what is to be removed from it: reason, element, attribute."""

    name: str
    text: str
    removed: tuple[tuple[Reason, str, str | None], ...] = ()


def lists() -> tuple[Permitted, ...]:
    """Return the list of each engine version."""
    return tuple(found for version in versions() if (found := permitted(version)) is not None)


def good(name: str, kind: ValueType) -> str:
    """Return a value that an attribute takes."""
    if kind.one_of:
        return kind.one_of[0]
    return str(kind.least) if kind.least is not None else GOOD[kind.name]


def bad(kind: ValueType) -> str:
    """Return a value that an attribute does not take."""
    if kind.one_of:
        return "sometimes"
    return str(kind.most + 1) if kind.most is not None else BAD[kind.name]


def paths(allowed: Permitted) -> Mapping[str, Path]:
    """Return the shortest way from broker to each element."""
    found: dict[str, Path] = {"broker": ("broker",)}
    waiting = ["broker"]
    while waiting:
        name = waiting.pop(0)
        for collection in allowed.elements[name].collections.values():
            for child in collection.children:
                if child not in found:
                    found[child] = (*found[name], collection.name, child)
                    waiting.append(child)
    return found


def document(path: Path, attributes: Mapping[str, str], inside: str = "") -> str:
    """Write a configuration of one branch, the attributes on its end."""
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    text = f"<{path[-1]}{written}>{inside}</{path[-1]}>" if inside else f"<{path[-1]}{written}/>"
    for name in reversed(path[:-1]):
        text = f"<{name}>\n  <!-- kept -->\n  {text}\n</{name}>"
    return text.replace("<broker", f'<broker xmlns="{NAMESPACE}"', 1) + "\n"


def permitted_cases(allowed: Permitted) -> Iterator[Case]:
    """Return one configuration per permitted element, attribute and collection."""
    for name, path in paths(allowed).items():
        element = allowed.elements[name]
        key = {"name": "openwire"} if name == "transportConnector" else {}
        yield Case(name=name, text=document(path, key))
        for attribute, kind in element.attributes.items():
            yield Case(name=f"{name}@{attribute}", text=document(path, {**key, attribute: good(attribute, kind)}))
        for collection in element.collections:
            yield Case(name=f"{name}/{collection}", text=document((*path, collection), {}))


def forbidden_cases(allowed: Permitted) -> Iterator[Case]:
    """Return configurations with one thing that has to go: values, attributes, elements, newer and misplaced."""
    newest = lists()[-1]
    for name, path in paths(allowed).items():
        element = allowed.elements[name]
        key = {"name": "openwire"} if name == "transportConnector" else {}
        for attribute, kind in element.attributes.items():
            if attribute in key:
                continue
            removed = ((Reason.VALUE, name, attribute),)
            text = document(path, {**key, attribute: bad(kind)})
            yield Case(name=f"{name}@{attribute} of another type", text=text, removed=removed)
            text = document(path, {**key, attribute: "#{bean}"})
            yield Case(name=f"{name}@{attribute} an expression", text=text, removed=removed)
        for attribute in ["madeUp", *(newest.elements[name].attributes.keys() - element.attributes.keys())]:
            gone = ((Reason.ATTRIBUTE, name, attribute),)
            yield Case(name=f"{name}@{attribute}", text=document(path, {**key, attribute: "1"}), removed=gone)
        for child in ["madeUp", *(newest.elements[name].collections.keys() - element.collections.keys())]:
            lost = ((Reason.ELEMENT, child, None),)
            yield Case(name=f"{name}/{child}", text=document(path, key, f"<{child}/>"), removed=lost)
        lost = ((Reason.ELEMENT, name, None),)
        yield Case(name=f"{name} in queue", text=document((*paths(allowed)["queue"], name), {}), removed=lost)
        yield Case(name=f"{name}: text", text=document(path, key, "text"), removed=lost)
        for collection in element.collections.values():
            below = (*path, collection.name)
            gone = ((Reason.ATTRIBUTE, collection.name, "id"),)
            yield Case(name=f"{collection.name}@id", text=document(below, {"id": "x"}), removed=gone)
            lost = ((Reason.ELEMENT, "madeUp", None),)
            yield Case(name=f"{collection.name}/madeUp", text=document((*below, "madeUp"), {}), removed=lost)


# What the schema takes as any text, and ActiveMQ only as something in particular.
_MEANING = {
    "initialRedeliveryDelay": "5000",
    "redeliveryDelay": "5000",
    "maximumRedeliveryDelay": "5000",
    "memoryLimit": "20mb",
    "prefetchSize": "1000",
    "uri": "static:(ssl://b-6a7b8c9d-0e1f-4a2b-8c3d-4e5f6a7b8c9d-1.mq.ap-southeast-1.amazonaws.com:61617)",
    "userName": "testuser",
    "localUri": "vm://tokyo",
    "objectName": "org.apache.activemq:type=Broker",
    "advisorySupport": "true",
    "persistent": "true",
    "deleteAllMessagesOnStartup": "false",
    "schedulerSupport": "true",
    "selector": "x = 1",
    "query": "x = 1",
    "dropOnly": "a.*",
    "messageGroupMapFactoryType": "cached",
    "percentOfJvmHeap": "50",
    "consumerSystemUsagePortion": "50",
    "producerSystemUsagePortion": "50",
}
# Advice says that a broker does not start with them, or they need a bean.
_STOPPING = {"bridgeFactory", "connectionFilter", "deadLetterQueue", "systemUsage", "brokerURL"}
_AS_ELEMENTS = {"uri", "localUri", "objectName", "connectionFilter"}
_NOT_THERE = {
    ("authorizationMap", "authorizationEntries", "tempDestinationAuthorizationEntry"),
    *(
        ("networkConnector", f"{which}Destinations", "filteredDestination")
        for which in ("durable", "dynamicallyIncluded", "excluded", "staticallyIncluded")
    ),
}
VARIANTS = 7  # as many as a collection that holds one child has choices


def whole(allowed: Permitted, variant: int) -> str:
    """Write one configuration with every attribute and collection that a broker takes, one choice of each."""
    text = _whole(allowed, "broker", variant, ()).replace("<broker", f'<broker xmlns="{NAMESPACE}"', 1) + "\n"
    numbers = count(1)
    # To Spring a name is a bean's, and a destination has one policy: each is its own.
    return re.sub(r'(name|queue|topic)="x"', lambda match: f'{match[1]}="own-{next(numbers)}"', text)


def _whole(allowed: Permitted, name: str, variant: int, above: Path) -> str:
    element = allowed.elements[name]
    attributes = {
        attribute: _MEANING.get(attribute, good(attribute, kind))
        for attribute, kind in element.attributes.items()
        if attribute not in _STOPPING
    }
    inside = ""
    for collection in element.collections.values():
        if name == "networkConnector" and collection.name in _AS_ELEMENTS:
            continue
        children = [each for each in collection.children if (name, collection.name, each) not in _NOT_THERE]
        if collection.most == 1:
            children = [children[variant % len(children)]]
        below = (*above, name)
        written = "".join(_whole(allowed, each, variant, below) for each in children if each not in below[:-1])
        if written:
            inside += f"<{collection.name}>{written}</{collection.name}>\n"
    text = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{text}>\n{inside}</{name}>\n" if inside else f"<{name}{text}/>\n"
