"""How well traffic holds its rate, up to half of what a bare loop over the same library does on the same broker."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.replay import BARE, SIZE, TOPOLOGY, Case, OneBroker, bench_plan
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Step
from lab.declare.steps.messages import Traffic
from lab.history import Header, HistoryFile, Paced, observations
from lab.replay import replay
from lab.runtime.client import Endpoint

CASES: tuple[Case, ...] = (("mqtt", 1), ("stomp", 1))
PARTS = (0.1, 0.25, 0.5)  # of the bare rate


def measure(
    endpoints: Mapping[str, Endpoint], *, count: int, seconds: int, cases: Sequence[Case] = CASES
) -> dict[str, Any]:
    """Return, for each case and part of the bare rate, what was asked and what was reached."""
    rows = []
    for protocol, quality in cases:
        endpoint = endpoints[protocol]
        BARE[protocol](endpoint, quality, count // 4)  # the broker's compiler warms up
        bare = BARE[protocol](endpoint, quality, count)
        for part in PARTS:
            asked = round(bare * part)
            paced = _held(endpoint, protocol, quality, asked, seconds)
            rows.append(
                {
                    "case": f"{protocol} {'QoS' if protocol == 'mqtt' else 'persistent'} {quality}",
                    "bare_per_s": round(bare),
                    "part": part,
                    "asked_per_s": asked,
                    "reached_per_s": round(paced.reached_per_s, 1),
                    "error": round(paced.reached_per_s / asked - 1, 4),
                }
            )
    return {"bench": "traffic", "seconds": seconds, "size": SIZE, "rows": rows}


def _held(endpoint: Endpoint, protocol: str, quality: int, rate: int, seconds: int) -> Paced:
    """Let traffic go on for a while, history on disk and all."""
    how = {"qos": str(quality)} if protocol == "mqtt" else {"persistent": "yes" if quality else "no"}
    step: Step = Traffic.model_validate(
        {
            "name": "bench",
            "broker": "here",
            "over": protocol,
            "topic": "bench.traffic",
            "rate": f"{rate}/s",
            "duration": f"{seconds}s",
            "size": f"{SIZE}B",
            **how,
        }
    )
    scenario: Scenario = Scenario.model_construct(
        None, scenario="bench", topology=TOPOLOGY, steps=(step,), expect=(), seed=1
    )
    header = Header(run="bench", scenario="bench", seed=1, runtime="bench", started="", declared={}, mqlab="0")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.jsonl"
        with HistoryFile(path, header) as history:
            replay(scenario, bench_plan(), OneBroker(endpoint), history, run="bench")
        (paced,) = (each for each in observations(path) if isinstance(each, Paced))
    return paced
