"""Advice on names that only look like wildcards, and on a connector's settings that let nothing, or not all, across.

By the rules of `lab.activemq.forwarding`; advice that needs the other broker is in `lab.check`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import no_wildcard
from lab.activemq.forwarding.filters import contains, covers, example
from lab.activemq.forwarding.settings import NETWORK_TTL, forwarding
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.elements import Attribute, Element
from lab.base.printable import shown
from lab.errors import Problem

KINDS = ("queue", "topic")
EXCLUDED, INCLUDED, STATIC, DURABLE = (
    "excludedDestinations",
    "dynamicallyIncludedDestinations",
    "staticallyIncludedDestinations",
    "durableDestinations",
)
_DESTINATIONS = (*KINDS, "tempQueue", "tempTopic")
_ON_PURPOSE = "NO_DESTINATION"  # as ActiveMQ's documentation writes a filter that asks for none
_PATTERNS = {"policyEntry": KINDS, "authorizationEntry": KINDS, **dict.fromkeys(KINDS, ("physicalName",))}


def listed(connector: NetworkConnector, name: str) -> tuple[tuple[str, Element], ...]:
    """Return the destinations in a connector's list of that name, written like queue://a.>, with their elements."""
    return tuple(
        (f"{each.name}://{physical}", each)
        for group in connector.xml.children_named(name)
        for each in group.children
        if each.name in _DESTINATIONS and (physical := (each.get("physicalName") or "").strip())
    )


def has_nameless(connector: NetworkConnector) -> bool:
    """Return whether a destination in a connector's lists has no name; ActiveMQ's reading of it is unknown."""
    return any(
        each.name in _DESTINATIONS and not (each.get("physicalName") or "").strip()
        for name in (EXCLUDED, INCLUDED, STATIC)
        for group in connector.xml.children_named(name)
        for each in group.children
    )


def advise_on_patterns(configuration: Configuration) -> Iterator[Problem]:
    """Yield advice on names that look like wildcards, and are read otherwise."""
    for element in configuration.broker.walk():
        for name in _PATTERNS.get(element.name, ()):
            attribute = element.attribute(name)
            for part in () if attribute is None else attribute.value.split(","):
                if reason := no_wildcard(part.strip()):
                    what = f"{name} of {element.name}: {shown(part.strip())} looks like a wildcard"
                    what += ", and is a plain name for ActiveMQ"
                    yield _advice(configuration, attribute, what, reason)


def advise_on_lists(configuration: Configuration) -> Iterator[Problem]:
    """Yield advice on connectors that forward nothing, or not all destinations that their lists include."""
    for connector in configuration.connectors:
        yield from _never_included(configuration, connector)
        yield from _all_excluded(configuration, connector)
        yield from _filter_of_no_kind(configuration, connector)
        yield from _nothing_static(configuration, connector)
        yield from _no_hop(configuration, connector)


def _never_included(configuration: Configuration, connector: NetworkConnector) -> Iterator[Problem]:
    """Yield advice on destinations that are included and excluded: an exclusion is checked first."""
    excluded = listed(connector, EXCLUDED)
    filter_ = forwarding(dict(connector.attributes), release="5.18.3").destination_filter
    for name in (INCLUDED, STATIC):
        included = listed(connector, name)
        lost = [
            (destination, element, next((each for each in excluded if contains(each[0], destination)), None))
            for destination, element in included
        ]
        nothing = all(by is not None for *_, by in lost) and name == INCLUDED and not listed(connector, STATIC)
        for destination, element, by in lost:
            attribute = element.attribute("physicalName")
            if by is not None:
                then = "; the connector forwards nothing" if nothing else ""
                yield _advice(
                    configuration,
                    attribute,
                    f"{connector.name} never forwards the {_named(destination)}, which it includes and excludes{then}",
                    f"remove it from {name}, or remove the pattern that covers it from {EXCLUDED}: the "
                    f"{_named(by[0])} at {configuration.place(by[1].start)}",
                )
            elif name == INCLUDED and filter_ and not _asked_for(filter_, destination):
                yield _advice(
                    configuration,
                    attribute,
                    f"{connector.name} includes the {_named(destination)}, and never learns of a consumer "
                    "there: the destinationFilter leaves out its advisories",
                    "remove destinationFilter, or add the destination to it",
                )


def _all_excluded(configuration: Configuration, connector: NetworkConnector) -> Iterator[Problem]:
    """Yield advice on a connector without inclusions whose exclusions leave nothing."""
    excluded = listed(connector, EXCLUDED)
    by = [next((each for each in excluded if contains(each[0], f"{kind}://>")), None) for kind in KINDS]
    if None in by or listed(connector, INCLUDED) or listed(connector, STATIC):
        return
    element = next(each for each in by if each is not None)[1]
    yield _advice(
        configuration,
        element.attribute("physicalName"),
        f"{connector.name} excludes every queue and every topic, so it forwards nothing",
        f"write {INCLUDED} with the destinations to forward, and remove {EXCLUDED}",
    )


def _asked_for(filter_: tuple[str, ...], destination: str) -> bool:
    return any(covers(each, example(destination)) or covers(destination, example(each)) for each in filter_)


def _filter_of_no_kind(configuration: Configuration, connector: NetworkConnector) -> Iterator[Problem]:
    attribute = connector.xml.attribute("destinationFilter")
    filter_ = forwarding(dict(connector.attributes), release="5.18.3").destination_filter
    if (
        attribute is not None
        and attribute.value != _ON_PURPOSE
        and filter_
        and all(each.startswith("none://") for each in filter_)
    ):
        yield _advice(
            configuration,
            attribute,
            f"destinationFilter of {connector.name}: {shown(attribute.value)} matches no advisory, so "
            "the bridge learns of no consumer",
            "write Queue.NAME or Topic.NAME, such as Queue.orders.>; "
            "ActiveMQ puts ActiveMQ.Advisory.Consumer. before it",
        )


def _nothing_static(configuration: Configuration, connector: NetworkConnector) -> Iterator[Problem]:
    attribute = connector.xml.attribute("staticBridge")
    rules = forwarding(dict(connector.attributes), release="5.18.3")
    if attribute is not None and rules.static_bridge and not listed(connector, STATIC):
        yield _advice(
            configuration,
            attribute,
            f"{connector.name} forwards nothing: a staticBridge needs statically included destinations",
            f"add {STATIC}, or remove staticBridge",
        )


def _no_hop(configuration: Configuration, connector: NetworkConnector) -> Iterator[Problem]:
    name = NETWORK_TTL if connector.xml.attribute(NETWORK_TTL) is not None else "messageTTL"
    attribute = connector.xml.attribute(name)
    if attribute is not None and forwarding(dict(connector.attributes), release="5.18.3").message_ttl == 0:
        yield _advice(
            configuration,
            attribute,
            f'{connector.name} forwards no message: {name}="{attribute.value}" permits no bridge',
            f'write {name}="1", or remove it; -1 is no limit',
        )


def _named(destination: str) -> str:
    return destination.replace("://", " ", 1)


def _advice(configuration: Configuration, attribute: Attribute | None, problem: str, remedy: str) -> Problem:
    return Problem(
        what=problem, remedy=remedy, place=None if attribute is None else configuration.place(attribute.value_start)
    )
