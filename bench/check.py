"""The largest configuration there may be: read, sanitised and rendered; and what `mqlab check` takes for it in all.

Every second policy entry has an attribute that the service does not permit, so that removing is measured too.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lab.amazonmq.configurations.configuration import LARGEST, NAMESPACE, read
from lab.amazonmq.configurations.sanitising import sanitise
from lab.amazonmq.files.activemq_xml import render
from lab.amazonmq.identity import BrokerIdentity, UserIdentity

ENGINE_VERSION = "5.18"
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
        "bytes": len(raw),
        "entries": text.count("<policyEntry "),
        "removed": removed,
        "read_ms": _median_ms(read_s),
        "sanitise_ms": _median_ms(sanitise_s),
        "render_ms": _median_ms(render_s),
        "sanitise_and_render_ms": _median_ms([a + b for a, b in zip(sanitise_s, render_s, strict=True)]),
        "check_ms": _median_ms([_check(text) for _ in range(runs)]),
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
        if size > LARGEST:
            return "".join((_HEAD, *entries, _TAIL))
        entries.append(entry)


def _check(text: str) -> float:
    """Return the seconds that the command takes in all; that it finds removals is its exit code 1."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "largest.xml"
        file.write_text(text, encoding="utf-8")
        mqlab = Path(sys.executable).with_name("mqlab")
        command = [str(mqlab), "check", str(file), "--engine-version", ENGINE_VERSION]
        begun = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        took = time.perf_counter() - begun
    if done.returncode != 1:
        raise SystemExit(f"mqlab check gave {done.returncode} for a configuration with removals, not 1")
    return took


def _median_ms(seconds: list[float]) -> float:
    return round(statistics.median(seconds) * 1000, 1)
