"""Which elements and attributes of a configuration the broker's model has, and which it refuses: `modelled.toml`.

A refusal names the element or the attribute, with its place, before anything runs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.elements import Element
from lab.errors import Problem

MODELLED, WITHOUT_EFFECT, REFUSED = "modelled", "without effect", "refused"
_FILE = "modelled.toml"
_KINDS = ("queue", "topic")
_ENTRIES = ("policyEntry", "authorizationEntry")  # of a map by destination: `DestinationMapEntry` has one
_ELSEWHERE = "networkConnectors"  # have a model of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the model makes of an element or an attribute."""

    is_: str  # MODELLED, WITHOUT_EFFECT, REFUSED
    words: str = ""  # why it has no effect, or what would do instead
    unless: str | None = None  # the value that is not refused: ActiveMQ's own

    def refuses(self, value: str) -> bool:
        """Return whether an attribute of this value is refused."""
        return self.is_ == REFUSED and (self.unless is None or value.strip().lower() != self.unless)


@cache
def table() -> Mapping[str, Standing]:
    """Return the standing of each `element` and `element@attribute`."""
    read = tomllib.loads(files("lab.simulation.broker").joinpath(_FILE).read_text("utf-8"))
    return {
        element if name == "element" else f"{element}@{name}": _standing(text)
        for element, lines in read.items()
        for name, text in lines.items()
    }


def unmodelled(configuration: Configuration) -> Iterator[Problem]:
    """Yield what a sanitised configuration has and the model has not."""
    for element in _within(configuration.broker):
        standing = _of(element.name)
        if standing.is_ == REFUSED:
            yield _problem(f"<{element.name}>", standing, configuration, element.start)
            continue
        for attribute in element.attributes:
            its = _of(f"{element.name}@{attribute.name}")
            if its.refuses(attribute.value):
                words = f'{attribute.name}="{attribute.value}" of <{element.name}>'
                yield _problem(words, its, configuration, attribute.start)
        if element.name in _ENTRIES and len(named := [each for each in element.attributes if each.name in _KINDS]) > 1:
            both = " and ".join(f'{each.name}="{each.value}"' for each in named)
            its = Standing(is_=REFUSED, words="an entry is about one destination: write an entry for each")
            yield _problem(f"{both} on one <{element.name}>", its, configuration, named[1].start)


def _of(name: str) -> Standing:
    return table().get(name, Standing(is_=REFUSED, words="leave it out, or run it with --runtime emulation"))


def _within(element: Element) -> Iterator[Element]:
    """Yield the elements that say something; not those that only hold others, nor what a refused one has inside."""
    if element.name == _ELSEWHERE:
        return
    known = table().get(element.name)
    if known is not None:
        yield element
    if known is None or known.is_ != REFUSED:
        for child in element.children:
            yield from _within(child)


def _problem(what: str, standing: Standing, configuration: Configuration, offset: int) -> Problem:
    return Problem(
        what=f"the simulation has no model of {what}", remedy=standing.words, place=configuration.place(offset)
    )


def _standing(text: str) -> Standing:
    head, _, words = text.partition(": ")
    is_, _, unless = head.partition(" unless ")
    return Standing(is_=is_, words=words, unless=unless or None)
