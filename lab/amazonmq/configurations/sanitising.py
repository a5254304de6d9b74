"""Sanitises a configuration as Amazon MQ does on saving: removes forbidden settings, each time with a warning.

A save succeeds although content was dropped. The service reports the first twenty removals by element and attribute;
here all are kept, with their places and a reason in words. Nothing else changes: the rest is as it was written, and its
offsets are still offsets in the original text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from operator import is_

from lab.amazonmq.configurations import reasons
from lab.amazonmq.configurations.configuration import NAMESPACE, Configuration, Lines
from lab.amazonmq.configurations.deletions import cut_attributes, cut_content, stray_texts
from lab.amazonmq.configurations.edits import Edit
from lab.amazonmq.configurations.elements import Attribute, Element
from lab.amazonmq.configurations.permitted_elements import Collection, Permitted, PermittedElement, permitted
from lab.amazonmq.configurations.reserved_elements import is_expression
from lab.amazonmq.configurations.value_types import why_not
from lab.base.dataclass import dataclass
from lab.base.printable import shown
from lab.errors import InputError, Place, Problem

MOST_SHOWN = 20  # warnings in the service's answer
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA_LOCATIONS = frozenset({"schemaLocation", "noNamespaceSchemaLocation"})


class Reason(StrEnum):
    """The reason for a removal, in the service's words."""

    ELEMENT = "DISALLOWED_ELEMENT_REMOVED"
    ATTRIBUTE = "DISALLOWED_ATTRIBUTE_REMOVED"
    VALUE = "INVALID_ATTRIBUTE_VALUE_REMOVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """An element, attribute or value that the service removes: the warning, the place, the reason in words."""

    reason: Reason
    tag: str
    attribute: str | None
    place: Place
    why: str

    def __str__(self) -> str:
        of = self.tag if self.attribute is None else f"{self.tag} {self.attribute}"
        return f"{self.place}: {self.reason} {of}\n  {self.why}"

    def problem(self) -> Problem:
        """Return the removal as a Problem, for a caller that refuses text that Amazon MQ would remove."""
        return Problem(what=self.why, remedy=f"Amazon MQ would remove it: {self.reason}", place=self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanitised:
    """A configuration as the service saves it, and all removals in the order of the text."""

    configuration: Configuration
    removals: tuple[Removal, ...]
    permitted: Permitted

    @property
    def text(self) -> str:
        """The text that the service saves."""
        return self.configuration.kept

    @property
    def reported(self) -> tuple[Removal, ...]:
        """The removals that the service itself would report, if it reports in the order of the text, as assumed."""
        return self.removals[:MOST_SHOWN]


def sanitise(configuration: Configuration, engine_version: str) -> Sanitised:
    """Return a configuration without settings forbidden in an engine version; raise InputError if it has no list.

    >>> from lab.amazonmq.configurations.configuration import read
    >>> text = b'<broker xmlns="http://activemq.apache.org/schema/core" start="false"/>'
    >>> [(str(each.reason), each.attribute) for each in sanitise(read(text, "mine.xml"), "5.18").removals]
    [('DISALLOWED_ATTRIBUTE_REMOVED', 'start')]
    """
    found = permitted(engine_version)
    if found is None:
        raise InputError.of(*reasons.no_list(engine_version))
    work = _Sanitising(configuration, found)
    broker = work.element(configuration.broker, found.elements["broker"])
    kept = replace(configuration, broker=broker, deletions=tuple(work.deletions))
    removals = sorted(work.removals, key=lambda each: (each.place.line, each.place.column))
    return Sanitised(configuration=kept, removals=tuple(removals), permitted=found)


class _Sanitising:
    """A walk over a configuration that collects deletions and removals."""

    def __init__(self, configuration: Configuration, permitted: Permitted) -> None:
        self._text = configuration.text
        self._lines = Lines.of(configuration.text, configuration.source)
        self._permitted = permitted
        self.deletions: list[Edit] = []
        self.removals: list[Removal] = []

    def element(self, element: Element, allowed: PermittedElement) -> Element:
        """Return an element with its permitted attributes and children alone."""
        attributes = self._attributes(element, allowed)
        return self._content(element, attributes, list(self._children(element, allowed)))

    def _children(self, element: Element, allowed: PermittedElement) -> Iterator[Element]:
        for child in element.children:
            collection = allowed.collections.get(child.name)
            if collection is not None and child.namespace == NAMESPACE:
                yield self._collection(child, collection)
            else:
                self._remove(child, reasons.element(child, element, tuple(allowed.collections), self._permitted))

    def _collection(self, element: Element, collection: Collection) -> Element:
        attributes = self._attributes(element, None)
        return self._content(element, attributes, list(self._members(element, collection)))

    def _members(self, element: Element, collection: Collection) -> Iterator[Element]:
        keys: set[str] = set()
        count = 0
        for child in element.children:
            if child.namespace != NAMESPACE or child.name not in collection.children:
                self._remove(child, reasons.element(child, element, collection.children, self._permitted))
                continue
            if collection.most is not None and count >= collection.most:
                self._remove(child, f"{element.name} may contain {collection.most} element, and this is one more")
                continue
            cut = len(self.deletions)
            kept = self.element(child, self._permitted.elements[child.name])
            if collection.key:
                key = kept.get(collection.key)
                if key is None or key in keys:
                    del self.deletions[cut:]  # the whole element goes, so nothing is cut inside it
                    self._remove(child, reasons.key(child, collection.key, key))
                    continue
                keys.add(key)
            count += 1
            yield kept

    def _attributes(self, element: Element, allowed: PermittedElement | None) -> tuple[Attribute, ...]:
        """Return the attributes that stay; a collection (`allowed` is None) keeps only those for any element."""
        gone = [each for each in element.attributes if not self._permits(element, each, allowed)]
        if not gone:
            return element.attributes
        self.deletions += cut_attributes(self._text, element, gone)
        return tuple(each for each in element.attributes if each not in gone)

    def _permits(self, element: Element, attribute: Attribute, allowed: PermittedElement | None) -> bool:
        if attribute.namespace:
            if attribute.namespace == _SCHEMA_INSTANCE and attribute.name in _SCHEMA_LOCATIONS:
                return True
            why = f"{attribute.name} is not ActiveMQ's: it belongs to {attribute.namespace}"
            self._record(Reason.ATTRIBUTE, element, attribute.name, attribute.start, why)
            return False
        kind = None if allowed is None else allowed.attributes.get(attribute.name)
        if kind is None:
            names = () if allowed is None else tuple(allowed.attributes)
            why = reasons.attribute(attribute.name, element.name, names, self._permitted)
            self._record(Reason.ATTRIBUTE, element, attribute.name, attribute.start, why)
            return False
        if is_expression(attribute.value):
            wrong = f"{shown(attribute.value)} is an expression or a reference, and Amazon MQ permits only plain values"
        else:
            wrong = why_not(attribute.value, kind)
        if wrong:
            why = f"{attribute.name} of {element.name}: {wrong}"
            self._record(Reason.VALUE, element, attribute.name, attribute.value_start, why)
        return not wrong

    def _content(self, element: Element, attributes: tuple[Attribute, ...], children: list[Element]) -> Element:
        """Return an element with these attributes and children, and without text; record the deletions."""
        texts = stray_texts(self._text, element)
        for start, _ in texts:
            self._record(
                Reason.ELEMENT, element, None, start, f"{element.name} contains elements only, and this is text"
            )
        if texts or len(children) < len(element.children):
            stay = {child.start for child in children}
            gone = [(each.start, each.end) for each in element.children if each.start not in stay]
            self.deletions += cut_content(self._text, [*gone, *texts])
        elif attributes is element.attributes and all(map(is_, children, element.children)):
            return element
        text = "" if texts else element.text
        return element._replace(attributes=attributes, children=tuple(children), text=text)

    def _remove(self, element: Element, why: str) -> None:
        self._record(Reason.ELEMENT, element, None, element.start, why)

    def _record(self, reason: Reason, element: Element, attribute: str | None, offset: int, why: str) -> None:
        place = self._lines.place(offset)
        self.removals.append(Removal(reason=reason, tag=element.name, attribute=attribute, place=place, why=why))
