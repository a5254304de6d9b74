"""The largest configuration and networks there may be, checked; and what commands without a lab take in all.

Every second policy entry has an attribute that the service does not permit, so that removing is measured too. Commands
are processes of their own, in turn with one of bare Python, of which they are told as multiples too. They find their
modules compiled, as those of an installed package are, whatever this environment says of bytecode.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.amazonmq.configurations.configuration import LARGEST_TEXT_BYTES, NAMESPACE, read
from lab.amazonmq.configurations.sanitising import sanitise
from lab.amazonmq.files.activemq_xml import render
from lab.amazonmq.identity import BrokerIdentity, UserIdentity
from lab.declare.shapes import generate
from lab.network.regions import REGIONS

ENGINE_VERSION = "5.18"
MQLAB = str(Path(sys.executable).with_name("mqlab"))
BARE = "python -c pass"
STARTED: Mapping[str, Sequence[str]] = {
    BARE: (sys.executable, "-c", "pass"),
    "import lab": (sys.executable, "-c", "import lab"),
    "mqlab --help": (MQLAB, "--help"),
    "mqlab check tokyo-singapore": (MQLAB, "check", "tokyo-singapore"),
}
NETWORKS = (2, 125, 250, 500)  # brokers
_IDENTITY = BrokerIdentity(
    name="tokyo",
    broker_id="b-00000000-0000-0000-0000-000000000000",
    aws_region="ap-northeast-1",
    host_names=("b-00000000-0000-0000-0000-000000000000-1.mq.ap-northeast-1.amazonaws.com",),
    users=(UserIdentity(name="commonUser", groups=("admins",), console_access=True),),
    engine_version="5.18",
    activemq_version="5.18.3",
)
_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<broker xmlns="{NAMESPACE}" schedulePeriodForDestinationPurge="10000">
  <destinationPolicy>
    <policyMap>
      <policyEntries>
"""
_TAIL = """      </policyEntries>
    </policyMap>
  </destinationPolicy>
</broker>
"""


def measure(*, runs: int) -> dict[str, Any]:
    """Work through the configuration so often in this process, and through `mqlab check` in processes of their own."""
    text = largest()
    raw = text.encode()
    read_s: list[float] = []
    sanitise_s: list[float] = []
    render_s: list[float] = []
    removed = 0
    for _ in range(runs):
        moments = [time.perf_counter()]
        configuration = read(raw, "largest.xml")
        moments.append(time.perf_counter())
        sanitised = sanitise(configuration, ENGINE_VERSION)
        moments.append(time.perf_counter())
        render(sanitised, _IDENTITY)
        moments.append(time.perf_counter())
        removed = len(sanitised.removals)
        for kept, begun, ended in zip((read_s, sanitise_s, render_s), moments, moments[1:], strict=False):
            kept.append(ended - begun)
    return {
        "networks": _networks(runs),
        "bytes": len(raw),
        "entries": text.count("<policyEntry "),
        "removed": removed,
        "read_ms": _median_ms(read_s),
        "sanitise_ms": _median_ms(sanitise_s),
        "render_ms": _median_ms(render_s),
        "sanitise_and_render_ms": _median_ms([a + b for a, b in zip(sanitise_s, render_s, strict=True)]),
        "check_ms": _median_ms([_check(text) for _ in range(runs)]),
        "starting": _starting(runs),
    }


def _networks(runs: int) -> dict[str, Any]:
    """Check generated networks in turn: the processor time of each, and how it grows with twice as many brokers."""
    codes = [code for code, region in REGIONS.items() if region.latitude is not None]
    with tempfile.TemporaryDirectory() as folder:
        for count in NETWORKS:
            where = Path(folder) / str(count)
            where.mkdir()
            for name, text in generate("chain", [codes[n % len(codes)] for n in range(count)], "chain").items():
                (where / name).write_text(text, encoding="utf-8")
        took: dict[int, list[float]] = {count: [] for count in NETWORKS}
        for _ in range(runs):
            for count, each in took.items():
                each.append(_processor_time((MQLAB, "check", f"{folder}/{count}/topology.yaml")))
    cpu = {count: statistics.median(each) for count, each in took.items()}
    few, *_, half, most = NETWORKS
    return {
        "cpu_s": {str(count): round(its, 2) for count, its in cpu.items()},
        "brokers": most,
        "ratio": round((cpu[most] - cpu[few]) / (cpu[half] - cpu[few]), 2),
        "linear": round((most - few) / (half - few), 2),
    }


def _processor_time(command: Sequence[str]) -> float:
    """Run a command that ends with 0, and return the seconds of processor time that it takes."""
    before = os.times()
    _process(command, 0)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def _starting(runs: int) -> dict[str, Any]:
    """Start bare Python and what is to be quick in turn; medians, and how many times as long as bare Python."""
    took: dict[str, list[float]] = {name: [] for name in STARTED}
    for command in STARTED.values():  # once, so that all modules are compiled
        _process(command, 0)
    for _ in range(runs):
        for name, command in STARTED.items():
            took[name].append(_process(command, 0))
    bare = took[BARE]
    return {
        name: {
            "ms": _median_ms(each),
            "of_bare": round(statistics.median(one / other for one, other in zip(each, bare, strict=True)), 1),
        }
        for name, each in took.items()
    }


def largest() -> str:
    """Return a configuration of as many policy entries as fit."""
    entries: list[str] = []
    size = len(_HEAD) + len(_TAIL)
    while True:
        number = len(entries)
        forbidden = ' advisoryForFastProducers="true"' if number % 2 else ' storeUsageHighWaterMark="70" mqlab="no"'
        entry = f'        <policyEntry queue="orders.{number}.&gt;" gcInactiveDestinations="true"{forbidden}/>\n'
        size += len(entry)
        if size > LARGEST_TEXT_BYTES:
            return "".join((_HEAD, *entries, _TAIL))
        entries.append(entry)


def _check(text: str) -> float:
    """Return the seconds that the command takes in all; that it finds removals is its exit code 1."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "largest.xml"
        file.write_text(text, encoding="utf-8")
        return _process((MQLAB, "check", str(file), "--engine-version", ENGINE_VERSION), 1)


def _process(command: Sequence[str], code: int) -> float:
    """Run a command that ends with a code, and return how many seconds it takes in all."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False)
    took = time.perf_counter() - begun
    if done.returncode != code:
        raise SystemExit(f"{' '.join(command)} gave {done.returncode}, not {code}")
    return took


def _median_ms(seconds: list[float]) -> float:
    return round(statistics.median(seconds) * 1000, 1)
