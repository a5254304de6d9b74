"""A direction of a link as an observation, from what `lab.link.direction` says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.history import LinkSeen
from lab.network.link import Direction


def link_seen(t: float, link: str, way: Direction, counted: Mapping[str, Any]) -> LinkSeen:
    """Return the counters of one direction; `counted` is what `Direction.json` of the link says."""
    return LinkSeen(
        t=t,
        link=link,
        leaving=way.leaving,
        reaching=way.reaching,
        configured_delay_ms=counted["impairment"]["delay_us"] / 1000,
        measured_p50_ms=_milliseconds(counted["delay_us"]["p50"]),
        measured_p99_ms=_milliseconds(counted["delay_us"]["p99"]),
        packets=counted["counters"]["segments_in"],
        dropped={cause: count for cause, count in counted["counters"]["dropped"].items() if count},
    )


def _milliseconds(micros: float | None) -> float | None:
    return None if micros is None else round(micros / 1000, 3)
