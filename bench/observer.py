"""The throughput of a broker with an observer against one without, by the same bare client loops in turn.

The observer sees every message, and the lab reads its events meanwhile. Events that the broker's full buffer dropped
are counted. The loops run in a process of their own, as an application does. The processor time of both brokers'
containers gives the observer's share. At a steady rate, the delay of an event is the time from its moment in the broker
until the history's file has it.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import stomp

from bench.replay import BARE, BROKER, SIZE, opened_stomp
from lab import labs
from lab.emulation.engine import engine
from lab.emulation.lab import EmulatedLab
from lab.history import Follower, MessageSeen, ObserverChanged, observations
from lab.living.lab import Live
from lab.runtime.client import Endpoint

CASES = {"persistent": ("stomp", 1), "not persistent": ("mqtt", 0)}
OBSERVED = {"observe": '["bench.>"]'}
RATE = 1000  # messages a second, for the delay of events
SECONDS = 10.0
LOOK = 0.002  # seconds between two looks at the history
QUIET = 1.0  # seconds without a new event, after which the history has all


def measure(*, count: int, pairs: int) -> dict[str, Any]:
    """Return messages per second of both brokers, and the median of the pairs' ratios, for each case."""
    with (
        tempfile.TemporaryDirectory() as folder,
        labs.up(BROKER, runs=Path(folder)) as plain,
        labs.up(BROKER, runs=Path(folder), set=OBSERVED) as observed,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as application,
    ):
        cases = {}
        for name, (protocol, quality) in CASES.items():
            endpoints = {"without": plain.endpoint("here", protocol), "with": observed.endpoint("here", protocol)}
            clocks = {"without": partial(_processor_s, plain), "with": partial(_processor_s, observed)}
            cases[name] = _compared(
                endpoints, clocks, partial(_rate, application, protocol, quality, count), pairs, count
            )
        delay = _delay(observed, application)
        lost = [
            line.lost_events
            for line in observations(observed.history.file.path)
            if isinstance(line, ObserverChanged) and line.state == "lost"
        ]
    about = {"bench": "observer", "count": count, "pairs": pairs}
    return {**about, "lost_events": sum(lost), "cases": cases, "delay_ms": delay}


def _processor_s(lab: Live) -> float:
    """Return the processor time that a broker's container has taken."""
    emulated = lab.lab
    assert isinstance(emulated, EmulatedLab)
    container = engine.connect(os.environ).containers.get(emulated.state.brokers["here"].first.container)
    stats: Any = container.stats(stream=False)
    return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9


def _rate(application: Executor, protocol: str, quality: int, count: int, endpoint: Endpoint) -> float:
    return application.submit(BARE[protocol], endpoint, quality, count).result()


def _compared(
    endpoints: dict[str, Endpoint],
    clocks: Mapping[str, Callable[[], float]],
    loop: Callable[[Endpoint], float],
    pairs: int,
    count: int,
) -> dict[str, Any]:
    for endpoint in endpoints.values():  # the broker's compiler
        loop(endpoint)
    rates: list[dict[str, float]] = []
    costs: list[float] = []  # microseconds of the observer for a message
    for pair in range(pairs):
        order = ("with", "without") if pair % 2 else ("without", "with")
        rate, cost = dict[str, float](), dict[str, float]()
        for name in order:
            before = clocks[name]()
            rate[name] = loop(endpoints[name])
            cost[name] = clocks[name]() - before
        rates.append(rate)
        costs.append((cost["with"] - cost["without"]) / count * 1e6)
    ratios = [each["with"] / each["without"] for each in rates]
    return {
        "with_per_s": round(statistics.median(each["with"] for each in rates)),
        "without_per_s": round(statistics.median(each["without"] for each in rates)),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "processor_us": round(statistics.median(costs)),
        "processors_us": [round(cost) for cost in costs],
    }


def _steady(endpoint: Endpoint) -> int:
    """Send messages at the rate for some seconds, and return how many were sent."""
    connection, sent = opened_stomp(endpoint, stomp.ConnectionListener()), 0
    begun = time.perf_counter()
    while (passed := time.perf_counter() - begun) < SECONDS:
        for _ in range(int(passed * RATE) - sent):
            connection.send("/queue/bench.steady", b"." * SIZE, headers={"persistent": "true"})
            sent += 1
        time.sleep(LOOK)
    connection.disconnect()
    return sent


def _delay(lab: Live, application: Executor) -> dict[str, float]:
    """Return the median and the 99th percentile of the delay of events at a steady rate, in ms.

    The rate begins when the history has all events of the loops before it.
    """
    delays: list[float] = []
    follower = Follower(lab.history.file.path)
    last = time.monotonic()
    while time.monotonic() - last < QUIET:
        if any(True for _ in follower.new()):
            last = time.monotonic()
        time.sleep(LOOK)
    sending = application.submit(_steady, lab.endpoint("here", "stomp"))
    while not sending.done():
        delays.extend(lab.lab.clock.now() - seen.t for seen in follower.new() if isinstance(seen, MessageSeen))
        time.sleep(LOOK)
    sent = sending.result()
    marks = statistics.quantiles(delays, n=100)
    return {"p50": round(marks[49] * 1e3, 1), "p99": round(marks[98] * 1e3, 1), "per_s": round(sent / SECONDS)}
