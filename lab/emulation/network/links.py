"""A lab's links: their changes and counters. The router alone has their state."""

from __future__ import annotations

from collections.abc import Sequence

from lab.emulation.engine.engine import explaining
from lab.emulation.network.router import Router, moment
from lab.history import LinkChanged, LinkSeen
from lab.link.impairment import Impairment, LinkState, read_setting
from lab.network.link import impairment_text
from lab.plan.values import LinkPlan
from lab.runtime.clock import RealClock
from lab.runtime.links import link_seen
from lab.runtime.status import DirectionNow


@explaining
class Links:
    """The links of one lab."""

    def __init__(self, router: Router, links: Sequence[LinkPlan], clock: RealClock) -> None:
        self._router, self._links, self._clock = router, {each.name: each for each in links}, clock

    def change(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Change a link in one step; each change carries the router's own moment."""
        directions = [d for d in self._links[link].directions if leaving in (None, d.leaving)]
        before = self._clock.now()
        stamp, settings = self._router.change(link, [d.leaving for d in directions], impairment, state)
        t = moment(stamp, before, self._clock)
        return tuple(
            LinkChanged(
                t=t,
                link=link,
                leaving=d.leaving,
                reaching=d.reaching,
                state=str(settings[d.leaving].state),
                impairment=impairment_text(settings[d.leaving].impairment),
            )
            for d in directions
        )

    def now(self, link: str) -> tuple[DirectionNow, ...]:
        """Return the current settings of both directions of a link."""
        answer = self._router.link(link)["directions"]
        return tuple(
            DirectionNow(
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                setting=read_setting(answer[way.leaving]["impairment"], way.leaving),
            )
            for way in self._links[link].directions
        )

    def counters(self) -> Sequence[LinkSeen]:
        """Return the router's counters of every direction."""
        return tuple(each for link in self._links.values() for each in self._counters(link))

    def round_trip(self, link: str) -> float | None:
        """Return the round trip through a link in ms, probed now; None if no probe returned."""
        answer = self._router.probe(link, 5)
        return None if answer["lost"] == answer["count"] else round(answer["rtt_us"]["p50"] / 1000, 2)

    def _counters(self, link: LinkPlan) -> Sequence[LinkSeen]:
        answer = self._router.link(link.name)
        t = self._clock.now()
        return [link_seen(t, link.name, way, answer["directions"][way.leaving]) for way in link.directions]
