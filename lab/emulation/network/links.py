"""A lab's links: their changes and counters. The router alone has their state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.emulation.engine.engine import explaining
from lab.emulation.network.router import Router, moment
from lab.link.impairment import Impairment, LinkState, Setting
from lab.plan.values import LinkPlan
from lab.runtime.clock import RealClock
from lab.runtime.links import PlannedLinks


@explaining
class Links(PlannedLinks):
    """The links of one lab; each change carries the router's own moment."""

    def __init__(self, router: Router, links: Sequence[LinkPlan], clock: RealClock) -> None:
        super().__init__(links, clock.now)
        self._router, self._real_clock = router, clock

    def round_trip(self, link: str) -> float | None:
        """Return the round trip through a link in ms, probed now; None if no probe returned."""
        answer = self._router.probe(link, 5)
        return None if answer["lost"] == answer["count"] else round(answer["rtt_us"]["p50"] / 1000, 2)

    def _order(
        self, link: str, leaving: Sequence[str], impairment: Impairment | None, state: LinkState | None
    ) -> tuple[float, Mapping[str, Setting]]:
        before = self._real_clock.now()
        stamp, settings = self._router.change(link, leaving, impairment, state)
        return moment(stamp, before, self._real_clock), settings

    def _directions(self, link: str) -> Mapping[str, Mapping[str, Any]]:
        directions: Mapping[str, Mapping[str, Any]] = self._router.link(link)["directions"]
        return directions
