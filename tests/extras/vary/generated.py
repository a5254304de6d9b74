"""A story for a generated network, however large: the last broker sends a topic that every other one hears."""

from __future__ import annotations

from pathlib import Path

import yaml


def story(topology: Path, *, messages: int) -> str:
    """Return a scenario's text for a topology's file beside it."""
    brokers = [*yaml.safe_load(topology.read_text(encoding="utf-8"))["brokers"]]
    *listening, sender = brokers
    clients = [f"c{number}" for number in range(len(listening))]
    subscribe = [
        {"subscribe": {"client": client, "broker": broker, "over": "mqtt", "topic": "prices"}}
        for client, broker in zip(clients, listening, strict=True)
    ]
    publish = {"publish": {"broker": sender, "over": "mqtt", "topic": "prices", "count": messages, "qos": 1}}
    return yaml.safe_dump(
        {
            "scenario": "one tells all",
            "topology": topology.name,
            "steps": [*subscribe, publish],
            "expect": [{"delivered": {"promise": "exactly-once", "within": "30s"}}],
        },
        sort_keys=False,
    )
