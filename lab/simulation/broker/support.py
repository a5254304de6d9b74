"""What the model makes of each element and attribute of a configuration, as `support.toml` says.

A refusal names the element or the attribute, with its place, before anything runs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.elements import Element
from lab.errors import Problem
from lab.simulation.support import Kind, Support, refused

_FILE = "support.toml"
_KINDS = ("queue", "topic")
_ENTRIES = ("policyEntry", "authorizationEntry")  # of a map by destination: `DestinationMapEntry` has one
_ELSEWHERE = "networkConnectors"  # have a model of their own
_UNKNOWN = refused("leave it out, or run it with --runtime emulation")
_TWO_DESTINATIONS = refused("an entry is about one destination: write an entry for each")


@cache
def table() -> Mapping[str, Support]:
    """Return what becomes of each `element` and `element@attribute`."""
    read = tomllib.loads(files("lab.simulation.broker").joinpath(_FILE).read_text("utf-8"))
    return {
        element if name == "element" else f"{element}@{name}": _support(text)
        for element, lines in read.items()
        for name, text in lines.items()
    }


def unmodelled(configuration: Configuration) -> Iterator[Problem]:
    """Yield what a sanitised configuration has and the model has not."""
    for element in _within(configuration.broker):
        support = table().get(element.name, _UNKNOWN)
        if support.kind is Kind.REFUSED:
            yield _problem(f"<{element.name}>", support, configuration, element.start)
            continue
        for attribute in element.attributes:
            its = table().get(f"{element.name}@{attribute.name}", _UNKNOWN)
            if its.refuses(attribute.value):
                words = f'{attribute.name}="{attribute.value}" of <{element.name}>'
                yield _problem(words, its, configuration, attribute.start)
        if element.name in _ENTRIES and len(named := [each for each in element.attributes if each.name in _KINDS]) > 1:
            both = " and ".join(f'{each.name}="{each.value}"' for each in named)
            yield _problem(f"{both} on one <{element.name}>", _TWO_DESTINATIONS, configuration, named[1].start)


def _within(element: Element) -> Iterator[Element]:
    """Yield the elements that say something; not those that only hold others, nor what a refused one has inside."""
    if element.name == _ELSEWHERE:
        return
    known = table().get(element.name)
    if known is not None:
        yield element
    if known is None or known.kind is not Kind.REFUSED:
        for child in element.children:
            yield from _within(child)


def _problem(what: str, support: Support, configuration: Configuration, offset: int) -> Problem:
    what = f"the simulation has no model of {what}"
    return Problem(what=what, remedy=support.why, place=configuration.place(offset))


def _support(text: str) -> Support:
    head, _, why = text.partition(": ")
    kind, _, harmless = head.partition(" unless ")
    return Support(Kind(kind), why, (harmless,) if harmless else ())
