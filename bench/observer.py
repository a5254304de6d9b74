"""The throughput of a broker with an observer against one without, by the same bare client loops in turn.

The observer sees every message, and the lab reads its events meanwhile. Events that the broker's full buffer dropped
are counted.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.replay import BARE, BROKER
from lab import labs
from lab.history import ObserverChanged, observations
from lab.runtime.client import Endpoint

CASES = {"persistent": ("stomp", 1), "not persistent": ("mqtt", 0)}
OBSERVED = {"observe": '["bench.>"]'}


def measure(*, count: int, pairs: int) -> dict[str, Any]:
    """Return messages per second of both brokers, and the median of the pairs' ratios, for each case."""
    with (
        tempfile.TemporaryDirectory() as folder,
        labs.up(BROKER, runs=Path(folder)) as plain,
        labs.up(BROKER, runs=Path(folder), set=OBSERVED) as observed,
    ):
        cases = {}
        for name, (protocol, quality) in CASES.items():
            endpoints = {"without": plain.endpoint("here", protocol), "with": observed.endpoint("here", protocol)}
            cases[name] = _compared(endpoints, partial(_rate, protocol, quality, count), pairs)
        lost = [
            line.lost_events
            for line in observations(observed.history.file.path)
            if isinstance(line, ObserverChanged) and line.state == "lost"
        ]
    return {"bench": "observer", "count": count, "pairs": pairs, "lost_events": sum(lost), "cases": cases}


def _rate(protocol: str, quality: int, count: int, endpoint: Endpoint) -> float:
    return BARE[protocol](endpoint, quality, count)


def _compared(endpoints: dict[str, Endpoint], loop: Callable[[Endpoint], float], pairs: int) -> dict[str, Any]:
    for endpoint in endpoints.values():  # the broker's compiler
        loop(endpoint)
    rates: list[dict[str, float]] = []
    for pair in range(pairs):
        order = ("with", "without") if pair % 2 else ("without", "with")
        rates.append({name: loop(endpoints[name]) for name in order})
    ratios = [each["with"] / each["without"] for each in rates]
    return {
        "with_per_s": round(statistics.median(each["with"] for each in rates)),
        "without_per_s": round(statistics.median(each["without"] for each in rates)),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }
