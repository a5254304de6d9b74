"""The elements, attributes, value types and child collections that Amazon MQ permits, by engine version.

The lists are in permitted_elements.json, which names their source. Two things are assumed: that the service removes
whatever is not in them (AWS calls them the full set; its guide has shorter tables), and that one list serves every
patch release of an engine version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from lab.base.dataclass import dataclass

FILE = "permitted_elements.json"
_ENGINE = re.compile(r"(\d+)\.(\d+)(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """The type of an attribute's value: a type of XML Schema, with its bounds or choices."""

    name: str  # boolean, integer, long, short, double, string
    one_of: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The elements permitted inside a child that only groups others, such as networkConnectors."""

    name: str
    children: tuple[str, ...]
    most: int | None = None  # the most children; None: no bound
    key: str = ""  # an attribute that each child must have, each with another value


@dataclass(frozen=True, slots=True, kw_only=True)
class PermittedElement:
    """The permitted attributes of an element, by name, and the collections inside it."""

    name: str
    attributes: Mapping[str, ValueType]
    collections: Mapping[str, Collection]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """The elements that Amazon MQ permits in one engine version; AWS published the list for the release `version`."""

    version: str
    elements: Mapping[str, PermittedElement]

    @property
    def engine(self) -> str:
        """The engine version without its patch number."""
        return _engine(self.version)

    def homes(self, child: str) -> tuple[str, ...]:
        """Return the collections and elements that a child may stand in, without those that take any element."""
        found: dict[str, None] = {}
        for element in self.elements.values():
            if child in element.collections:
                found[element.name] = None
            for collection in element.collections.values():
                if child in collection.children and len(collection.children) < len(self.elements):
                    found[collection.name] = None
        return tuple(found)


def versions() -> tuple[str, ...]:
    """Return the engine versions that have a list, oldest first."""
    return tuple(_engine(version) for version in _content()["versions"])


def permitted(engine_version: str) -> Permitted | None:
    """Return the list of an engine version such as 5.18 or 5.18.4, or None if there is none."""
    match = _ENGINE.fullmatch(engine_version)
    engine = f"{match[1]}.{match[2]}" if match else ""
    return _permitted(engine) if engine in versions() else None


def since(name: str) -> str:
    """Return the engine version that introduced `element@attribute` or `element/collection`, or an empty text."""
    return _since().get(name, "")


@cache
def _since() -> Mapping[str, str]:
    content = _content()
    oldest = _engine(content["versions"][0])
    found: dict[str, str] = {}
    for name, element in content["elements"].items():
        found |= dict.fromkeys((f"{name}@{each}" for each in element.get("attributes", ())), oldest)
        found |= dict.fromkeys((f"{name}/{each}" for each in element.get("collections", ())), oldest)
    for version, names in content["added"].items():
        found |= dict.fromkeys(names, _engine(version))
    return found


@cache
def _permitted(engine: str) -> Permitted:
    content = _content()
    later = set(_later(content, engine))
    elements: Mapping[str, Any] = content["elements"]
    return Permitted(
        version=next(version for version in content["versions"] if _engine(version) == engine),
        elements={
            name: PermittedElement(
                name=name,
                attributes={
                    each: _value_type(written)
                    for each, written in element.get("attributes", {}).items()
                    if f"{name}@{each}" not in later
                },
                collections={
                    each: Collection(
                        name=each,
                        children=tuple(elements) if "any" in written else tuple(written["children"]),
                        most=written.get("most"),
                        key=written.get("key", ""),
                    )
                    for each, written in element.get("collections", {}).items()
                    if f"{name}/{each}" not in later
                },
            )
            for name, element in elements.items()
        },
    )


def _later(content: Mapping[str, Any], engine: str) -> Iterator[str]:
    """Yield the names that were introduced after an engine version."""
    known = [_engine(version) for version in content["versions"]]
    for version, names in content["added"].items():
        if known.index(_engine(version)) > known.index(engine):
            yield from names


@cache
def _content() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(files("lab.amazonmq.configurations").joinpath(FILE).read_text("utf-8"))
    return found


def _value_type(written: str | Mapping[str, Any]) -> ValueType:
    if isinstance(written, str):
        return ValueType(name=written)
    return ValueType(
        name=written["type"],
        one_of=tuple(written.get("one-of", ())),
        least=written.get("least"),
        most=written.get("most"),
    )


def _engine(version: str) -> str:
    return ".".join(version.split(".")[:2])
