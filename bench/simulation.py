"""What the simulation costs: message hops a second, a hub of 100 regions, growth, start-up; all in processor time.

A hop is a message's way over one connection: from its client to a broker, over a bridge, from a broker to its client.
Whatever is measured runs in a process of its own: `python -m bench.simulation hops|growth|hub|start|shipped [COUNT]`
prints one JSON object.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lab import labs
from lab.base.shipped import shipped
from lab.check.scenarios import plan_named
from lab.declare.shapes import generate
from lab.labs import Ran
from lab.network.regions import REGIONS

SIZE = "1KiB"  # of each message
RUNS = 5  # of which the quickest counts: nothing but the machine makes one slower
REGIONS_OF_HUB, RATE_OF_HUB = 100, 50
PAIR = "tokyo-singapore"
KINDS = {
    # how it is asked for, and messages a second each way: below what a broker takes, and a topic's bridge without loss
    "persistent queue over STOMP": ("over: stomp, queue: ", ", persistent: true", 1000),
    "QoS 1 over MQTT": ("over: mqtt, topic: ", ", qos: 1", 400),
}


class Stages:
    """A progress that keeps the processor time of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """Time one stage."""
        begun = time.process_time()
        yield
        self.seconds[what.partition(" ")[0]] = time.process_time() - begun

    def say(self, note: str) -> None:
        """Stay silent."""

    def tell(self, note: str) -> None:
        """Stay silent."""

    def warn(self, warning: str) -> None:
        """Stay silent."""


def measure(quick: bool) -> dict[str, Any]:
    """Measure all of it."""
    count, hub = (1000, 100) if quick else (10_000, 5_060)
    return {
        "hops": {kind: _child("hops", kind, str(count)) for kind in KINDS},
        "growth": {kind: _child("growth", kind, str(count // 100)) for kind in KINDS},
        "hub": _child("hub", str(hub)),
        "start": _child("start"),
        "shipped": _child("shipped"),
    }


def hops(kind: str, count: int) -> dict[str, Any]:
    """Run so many messages each way over one duplex bridge; the quickest of some runs."""
    with TemporaryDirectory() as folder:
        path = pair(kind, count, Path(folder))
        took = min((run(path, Path(folder)) for _ in range(RUNS)), key=lambda each: each["replay_cpu_s"])
    return {"messages": 2 * count, **took, **_rate(6 * count, took["replay_cpu_s"])}


def growth(kind: str, least: int) -> dict[str, Any]:
    """Run 1, 10 and 100 times as many messages, beside a bare heap loop of one event for each hop."""
    rows = []
    with TemporaryDirectory() as folder:
        run(pair(kind, least, Path(folder)), Path(folder))  # what is loaded once is not counted
        for times in (1, 10, 100):
            count, its = 6 * least * times, Path(folder)
            path = pair(kind, least * times, its)
            pairs = [(run(path, its)["replay_cpu_s"], bare(max(count, 20_000)) * count) for _ in range(RUNS)]
            took, plain = min(each for each, _ in pairs), min(each for _, each in pairs)
            rows.append({"hops": count, "replay_cpu_s": round(took, 3), "events_of_a_hop": round(took / plain, 2)})
    return {"rows": rows, "growth": round(rows[-1]["events_of_a_hop"] / rows[1]["events_of_a_hop"], 3)}


def bare(count: int) -> float:
    """Return the processor time of one event of a bare heap loop, whose heap is as large as that of a small lab."""
    heap: list[tuple[int, int, Callable[[int], None], int]] = []
    for number in range(64):
        heappush(heap, (number, number, _nothing, number))
    begun = time.process_time()
    for number in range(64, 64 + count):
        t, _, do, argument = heappop(heap)
        do(argument)
        heappush(heap, (t + 64, number, do, number))
    return (time.process_time() - begun) / count


def hub(count: int) -> dict[str, Any]:
    """Run so many messages from one region of a hub of 100 to clients in all others."""
    codes = [code for code, region in REGIONS.items() if region.latitude is not None]
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in generate("hub", list(islice(cycle(codes), REGIONS_OF_HUB)), "hub").items():
            (folder / file).write_text(text, encoding="utf-8")
        topology = folder / "topology.yaml"
        _, here, *others = (broker.name for broker in plan_named(str(topology), {}).plan.brokers)  # the hub comes first
        listening = [
            f"  - subscribe: {{client: at-{each}, broker: {each}, over: mqtt, topic: news}}" for each in others
        ]
        traffic = (
            f"  - traffic: {{name: news, broker: {here}, over: mqtt, topic: news, qos: 1, size: {SIZE}, "
            f"rate: {RATE_OF_HUB}/s, duration: {count * 1000 // RATE_OF_HUB}ms}}"
        )
        path = _scenario(folder, topology, [*listening, traffic], [f"at-{each}" for each in others])
        took = run(path, folder)
    return {"regions": REGIONS_OF_HUB, **took, **_rate(count * (2 + 2 * len(others)), took["replay_cpu_s"])}


def start() -> dict[str, Any]:
    """Return the processor time of a process that imports all, opens the shipped pair's lab, and ends."""
    opened = f"labs.up({PAIR!r}, runtime='simulation', runs=Path({{runs!r}}), environment=dict())"
    code = f"from pathlib import Path\nfrom lab import labs\nwith {opened}: pass"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    found: list[float] = []
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code.format(runs=folder)]
        for _ in range(RUNS + 1):  # the first one compiles
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, env=environment, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"cpu_s": round(min(found), 3)}


def scenarios() -> dict[str, Any]:
    """Run each shipped scenario to its report."""
    found: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        run(PAIR, Path(folder))  # what is loaded once is not counted
        names = sorted(path.stem for path in shipped("scenarios").glob("*.yaml"))
        for each in (name for name in names if not name.endswith("-fails")):  # those must pass
            found[each] = min(run(each, Path(folder))["whole_cpu_s"] for _ in range(2))
    return {"cpu_s": found}


def run(scenario: str | Path, folder: Path) -> dict[str, Any]:
    """Run a scenario as `mqlab run` does, with history, judging and page; raise RuntimeError if it has not passed."""
    stages, begun = Stages(), time.process_time()
    gc.collect()
    ran: Ran = labs.run(scenario, runtime="simulation", runs=folder, environment={}, progress=stages)
    whole = time.process_time() - begun
    if not ran.passed:
        raise RuntimeError(f"{scenario}: {[str(each) for each in ran.report.verdicts]}")
    return {
        "replay_cpu_s": round(stages.seconds["replay"], 3),
        "whole_cpu_s": round(whole, 3),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def pair(kind: str, count: int, folder: Path) -> Path:
    """Write a scenario of so many messages each way over the shipped pair's duplex bridge, and return its path."""
    to, more, rate = KINDS[kind]
    ways = (("tokyo", "singapore"), ("singapore", "tokyo"))
    listening = [f"  - subscribe: {{client: at-{there}, broker: {there}, {to}to-{there}}}" for _, there in ways]
    traffic = [
        f"  - traffic: {{name: to-{there}, broker: {here}, {to}to-{there}{more}, size: {SIZE}, rate: {rate}/s, "
        f"duration: {count * 1000 // rate}ms}}"
        for here, there in ways
    ]
    topology = shipped("scenarios") / "topologies" / f"{PAIR}.yaml"
    return _scenario(folder, topology, [*listening, *traffic], [f"at-{there}" for _, there in ways])


def _scenario(folder: Path, topology: Path, steps: list[str], to: list[str]) -> Path:
    path = folder / "bench.yaml"
    text = [
        "scenario: bench",
        "about: so many messages at a fixed rate",
        f"topology: {topology}",
        "seed: 7",
        "steps:",
        *steps,
        "expect:",
        f"  - delivered: {{to: [{', '.join(to)}], promise: exactly-once, within: 10s}}",
    ]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


def _rate(hops: int, seconds: float) -> dict[str, Any]:
    return {"hops": hops, "hops_per_s": round(hops / seconds), "us_a_hop": round(seconds / hops * 1e6, 2)}


def _child(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.simulation", *arguments]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def _nothing(_: int) -> None:
    pass


MEASURED: Mapping[str, Callable[..., dict[str, Any]]] = {
    "hops": lambda kind, count: hops(kind, int(count)),
    "growth": lambda kind, least: growth(kind, int(least)),
    "hub": lambda count: hub(int(count)),
    "start": start,
    "shipped": scenarios,
}


if __name__ == "__main__":
    print(json.dumps(MEASURED[sys.argv[1]](*sys.argv[2:])))
