"""A link between two regions as it is declared: one direction, and its impairment in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from lab.base import units
from lab.base.dataclass import dataclass
from lab.link.impairment import FIGURES, Impairment, Kind, LinkState, Setting

_WRITTEN: Mapping[Kind, Callable[[Any], str]] = {
    Kind.TIME: units.format_duration,
    Kind.SHARE: units.format_percent,
    Kind.RATE: units.format_rate,
    Kind.SIZE: units.format_size,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One direction of a link, by the names of the region it leaves and the region it reaches."""

    leaving: str
    reaching: str
    impairment: Impairment = field(default_factory=Impairment)
    state: LinkState = LinkState.OPEN

    @property
    def setting(self) -> Setting:
        """Return impairment and state together, as the router takes them."""
        return Setting(impairment=self.impairment, state=self.state)


def impairment_figures(impairment: Impairment) -> dict[str, str]:
    """Return the figures that are not the default, by their keys in a scenario file, as texts that can be read again.

    >>> impairment_figures(Impairment(loss=0.01))
    {'loss': '1%'}
    """
    values = {each: getattr(impairment, each.name) for each in FIGURES}
    return {
        each.key: _WRITTEN.get(each.kind, str)(value)
        for each, value in values.items()
        if value is not None and value != each.default
    }


def impairment_text(impairment: Impairment) -> str:
    """Return an impairment in the words of a scenario file: the delay, and every figure that is not the default."""
    values = {each: getattr(impairment, each.name) for each in FIGURES}
    told = {each.name: _WRITTEN.get(each.kind, str)(value) for each, value in values.items() if value is not None}
    said = (each for each, value in values.items() if each.phrase and (each.name == "delay" or value != each.default))
    return ", ".join(each.phrase.format(told[each.name], **told) for each in said)
