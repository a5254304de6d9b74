"""The elements and attributes of a configuration that the model lacks, with their places, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.elements import Attribute, Element
from lab.errors import Problem
from lab.simulation.broker.policies import octets
from lab.simulation.support import Kind, Support, Unmodelled, refused, tables

_KINDS = ("queue", "topic")
_ENTRIES = ("policyEntry", "authorizationEntry")  # of a map by destination: `DestinationMapEntry` has one
_ELSEWHERE = "networkConnectors"  # have a model of their own
_SIZE, _NO_SIZE = "memoryLimit", refused("write a number of octets, or one of kb, mb or gb")
_UNKNOWN = refused("leave it out, or run it with --runtime emulation")
_TWO_DESTINATIONS = refused("write an entry for each of the two destinations")


def unmodelled(configuration: Configuration) -> Iterator[Problem]:
    """Yield the settings of a sanitised configuration that the model lacks."""
    for element in _within(configuration.broker):
        settings = tables()[element.name]
        support = settings["element"]
        if support.kind is Kind.REFUSED:
            yield _unmodelled(f"<{element.name}>", support, configuration, element)
            continue
        for attribute in element.attributes:
            its = settings.get(attribute.name, _UNKNOWN)
            if its.refuses(attribute.value) or (attribute.name == _SIZE and octets(attribute.value) is None):
                words = f'{attribute.name}="{attribute.value}" of <{element.name}>'
                yield _unmodelled(words, its if its.why else _NO_SIZE, configuration, element, attribute)
        if element.name in _ENTRIES and len(named := [each for each in element.attributes if each.name in _KINDS]) > 1:
            both = " and ".join(f'{each.name}="{each.value}"' for each in named)
            what = f"the simulation has no model of {both} on one <{element.name}>"
            yield Problem(what=what, remedy=_TWO_DESTINATIONS.why, place=configuration.place(named[1].start))


def _within(element: Element) -> Iterator[Element]:
    """Yield the elements with a setting; not those that only hold others, nor those inside a refused one."""
    if element.name == _ELSEWHERE:
        return
    settings = tables().get(element.name)
    if settings is not None:
        yield element
    if settings is None or settings["element"].kind is not Kind.REFUSED:
        for child in element.children:
            yield from _within(child)


def _unmodelled(
    path: str, support: Support, configuration: Configuration, element: Element, attribute: Attribute | None = None
) -> Unmodelled:
    its = element if attribute is None else attribute
    return Unmodelled.of_setting(
        its.name,
        path,
        f"the simulation has no model of {path}",
        support.why,
        configuration.place(its.start),
        tag="" if attribute is None else element.name,
        span=(its.start, its.end),
    )
