"""Advice about settings that the service saves, but that stop a broker or do something other than was meant.

Each was seen on a real ActiveMQ 5.18.3, which Amazon MQ need not resemble in everything: so it is advice only.
Problems with connectors and their addresses are in `problems`; advice that needs a topology is in `lab.check.advice`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.amazonmq.configurations.authorization import check_advisory_rights
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.connector_problems import connector_problems
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.patterns import KINDS, advise_on_lists, advise_on_patterns
from lab.amazonmq.configurations.permitted_elements import Collection, Permitted, PermittedElement
from lab.amazonmq.configurations.sanitising import Sanitised
from lab.amazonmq.configurations.value_types import stops_a_broker
from lab.base.printable import shown
from lab.errors import Problem

_FILLED_BY_THE_SERVICE = frozenset({"persistenceAdapter", "memoryUsage"})
_NEEDS = {"virtualDestinationInterceptor": "virtualDestinations", "authorizationPlugin": "map"}
_SCHEDULER = "redeliveryPlugin"
_NEEDS_A_BEAN = {"networkConnector": ("bridgeFactory", "connectionFilter"), "discarding": ("deadLetterQueue",)}
_UNREADABLE = {
    ("networkConnector", "filteredDestination"): "connectors take queues and topics without a selector",
    ("authorizationMap", "tempDestinationAuthorizationEntry"): "write the element directly in authorizationMap",
}
_MEMORY = re.compile(r"\s*\d+\s*([kmg]?b?)?\s*", re.IGNORECASE)
_POSITIVE = re.compile(r"\s*\+?0*[1-9][0-9]{0,8}\s*")
_STOPS = "a broker does not start with it"


def advise(sanitised: Sanitised) -> tuple[Problem, ...]:
    """Return all advice about a sanitised configuration, connectors included, in the order of the text."""
    found = [*connector_problems(sanitised.configuration), *advise_apart_from_connectors(sanitised)]
    return tuple(sorted(found, key=lambda each: each.place.line if each.place else 0))


def advise_apart_from_connectors(sanitised: Sanitised) -> tuple[Problem, ...]:
    """Return the advice about a sanitised configuration, without that about connectors' users, names and addresses."""
    walk = _Walk(sanitised.configuration, sanitised.permitted)
    found = list(walk.element(sanitised.configuration.broker, sanitised.permitted.elements["broker"]))
    configuration = sanitised.configuration
    found += (*advise_on_patterns(configuration), *advise_on_lists(configuration))
    return tuple(dict.fromkeys([*found, *check_advisory_rights(configuration)]))


class _Walk:
    """A walk through a sanitised configuration, each of whose elements is therefore in the list of permitted ones."""

    def __init__(self, configuration: Configuration, permitted: Permitted) -> None:
        self._configuration = configuration
        self._permitted = permitted

    def element(self, element: Element, allowed: PermittedElement) -> Iterator[Problem]:
        """Yield the advice about an element and everything in it."""
        for attribute in element.attributes:
            kind = allowed.attributes.get(attribute.name)
            if kind is not None and (
                wrong := stops_a_broker(attribute.value, kind) or self._wrong_text(element, attribute.name)
            ):
                what = f"{attribute.name} of {element.name}: {wrong}"
                yield self._advice(attribute.value_start, what, _STOPS)
        if element.name == _SCHEDULER and self._configuration.broker.get("schedulerSupport") != "true":
            what = f"{element.name} without schedulerSupport of broker"
            yield self._advice(element.start, what, f'{_STOPS}: write schedulerSupport="true" on broker')
        need = _NEEDS.get(element.name)
        if need and element.find(need) is None:
            yield self._advice(element.start, f"{element.name} has no {need} in it", _STOPS)
        if element.name == "policyMap":
            yield from self._repeated_policies(element)
        written: dict[str, int] = {}
        for child in element.children:
            yield from self._collection(element, child, allowed.collections[child.name])
            if child.name in written and element.name == "broker":
                first = self._configuration.place(written[child.name])
                yield self._advice(
                    child.start, f"{child.name} is written twice", f"put both into one element; the first: {first}"
                )
            written.setdefault(child.name, child.start)

    def _collection(self, parent: Element, element: Element, collection: Collection) -> Iterator[Problem]:
        if parent.name == "networkConnector" and len(collection.children) == len(self._permitted.elements):
            yield self._advice(
                element.start, f"{element.name} is written as an element", f"{_STOPS}: write an attribute"
            )
        elif collection.most == 1 and not element.children and element.name not in _FILLED_BY_THE_SERVICE:
            yield self._advice(element.start, f"{element.name} is empty", f"{_STOPS}: fill it, or remove it")
        for child in element.children:
            if (wrong := _UNREADABLE.get((parent.name, child.name))) and element.name.endswith(
                ("Entries", "Destinations")
            ):
                yield self._advice(
                    child.start, f"{child.name} in {element.name} of {parent.name}", f"{_STOPS}: {wrong}"
                )
            elif child.name in KINDS and not (child.get("physicalName") or "").strip():
                yield from self._nameless(child, element)
            yield from self.element(child, self._permitted.elements[child.name])

    def _nameless(self, child: Element, within: Element) -> Iterator[Problem]:
        attribute = child.attribute("physicalName")
        if attribute is not None:
            yield self._advice(attribute.value_start, f"the physicalName of this {child.name} is empty", _STOPS)
        elif within.name == "destinations":
            yield self._advice(child.start, f"this {child.name} has no physicalName", _STOPS)
        else:
            what = f"this {child.name} in {within.name} has no physicalName"
            yield self._advice(
                child.start,
                what,
                "write its name: without a name, the bridge ends when it learns of its first consumer",
            )

    def _wrong_text(self, element: Element, name: str) -> str:
        """Return the problem with a value for which the schema permits any text, or an empty text."""
        value = element.get(name) or ""
        if name in _NEEDS_A_BEAN.get(element.name, ()):
            return "ActiveMQ needs a bean here, and Amazon MQ does not permit beans"
        if name == "memoryLimit" and not _MEMORY.fullmatch(value):
            return f"{shown(value)} is not a size such as 20mb"
        if name == "prefetchSize" and not _POSITIVE.fullmatch(value):
            return f"{shown(value)} is not a number above 0"
        return ""

    def _repeated_policies(self, element: Element) -> Iterator[Problem]:
        """Yield advice about second policies for a destination: the schema permits one, the service is not known to."""
        seen: dict[tuple[str, str], int] = {}
        for policy in (each for each in element.walk() if each.name == "policyEntry"):
            for kind in ("queue", "topic"):
                attribute = policy.attribute(kind)
                if attribute is None:
                    continue
                first = seen.setdefault((kind, attribute.value), attribute.value_start)
                if first != attribute.value_start:
                    what = f"a second policyEntry for {kind} {shown(attribute.value)}: only one has an effect"
                    where = f"keep one; the first: {self._configuration.place(first)}"
                    yield self._advice(attribute.value_start, what, where)

    def _advice(self, offset: int, problem: str, remedy: str) -> Problem:
        return Problem(what=problem, remedy=remedy, place=self._configuration.place(offset))
