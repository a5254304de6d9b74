"""The links of a Plan in an open lab: the JSON and the settings of their directions, for both runtimes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.history import LinkChanged, LinkSeen
from lab.link.impairment import Impairment, LinkState, Setting, read_setting
from lab.network.link import Direction, impairment_text
from lab.plan.values import LinkPlan
from lab.runtime.status import DirectionNow


class PlannedLinks(ABC):
    """The links of one lab; a runtime knows how to change them and how to read them."""

    def __init__(self, links: Sequence[LinkPlan], clock: Callable[[], float]) -> None:
        self._links, self._clock = {link.name: link for link in links}, clock

    @abstractmethod
    def _order(
        self, link: str, leaving: Sequence[str], impairment: Impairment | None, state: LinkState | None
    ) -> tuple[float, Mapping[str, Setting]]:
        """Change directions in one step; return the moment, and the new settings by the region that they leave."""

    @abstractmethod
    def _directions(self, link: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the JSON of each direction, as `lab.link.direction` has it, by the region that it leaves."""

    def change(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Change a link in one step."""
        ways = [way for way in self._links[link].directions if leaving in (None, way.leaving)]
        t, settings = self._order(link, [way.leaving for way in ways], impairment, state)
        return tuple(
            LinkChanged(
                t=t,
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                state=str(settings[way.leaving].state),
                impairment=impairment_text(settings[way.leaving].impairment),
            )
            for way in ways
        )

    def now(self, link: str) -> tuple[DirectionNow, ...]:
        """Return the current settings of both directions of a link."""
        directions = self._directions(link)
        return tuple(
            DirectionNow(
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                setting=read_setting(directions[way.leaving]["impairment"], way.leaving),
            )
            for way in self._links[link].directions
        )

    def counters(self) -> Sequence[LinkSeen]:
        """Return the counters of every direction."""
        counters: list[LinkSeen] = []
        for link in self._links.values():
            directions = self._directions(link.name)
            t = self._clock()
            counters += [_counters(t, link.name, way, directions[way.leaving]) for way in link.directions]
        return tuple(counters)


def _counters(t: float, link: str, way: Direction, direction: Mapping[str, Any]) -> LinkSeen:
    return LinkSeen(
        t=t,
        link=link,
        leaving=way.leaving,
        reaching=way.reaching,
        configured_delay_ms=direction["impairment"]["delay_us"] / 1000,
        measured_p50_ms=_milliseconds(direction["delay_us"]["p50"]),
        measured_p99_ms=_milliseconds(direction["delay_us"]["p99"]),
        packets=direction["counters"]["segments_in"],
        dropped={cause: count for cause, count in direction["counters"]["dropped"].items() if count},
    )


def _milliseconds(micros: float | None) -> float | None:
    return None if micros is None else round(micros / 1000, 3)
