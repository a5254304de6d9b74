"""Report → `report.json`: one JSON object, version 1, described by `schema()` and docs/report.md.

Readers must ignore keys they do not know; a key keeps its meaning as long as `version` is 1.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from lab.judge.values import BridgeReport, Delivery, LinkReport, Percentiles, Report, StepReport, Testimony
from lab.text_files import write_text

VERSION = 1


def document(report: Report) -> dict[str, Any]:
    """Return the report as a dict that JSON can write."""
    return {
        "version": VERSION,
        "mqlab": report.mqlab,
        "scenario": report.scenario,
        "run": report.run,
        "seed": report.seed,
        **({"set": dict(report.set)} if report.set else {}),
        "runtime": report.runtime,
        "started": report.started,
        "outcome": str(report.outcome),
        "verdicts": [
            {"expectation": verdict.expectation, "outcome": str(verdict.outcome), "reason": verdict.reason}
            for verdict in report.verdicts
        ],
        "deliveries": [_delivery(delivery) for delivery in report.deliveries],
        "steps": [_step(step) for step in report.steps],
        "flows": [
            {"source": flow.source, "target": flow.target, "received": flow.received, "expected": flow.expected}
            for flow in report.flows
        ],
        "links": [_link(link) for link in report.links],
        "bridges": [_bridge(bridge) for bridge in report.bridges],
        "notes": list(report.notes),
        "regions": [
            {
                "name": region.name,
                "aws_region": region.aws_region,
                "city": region.city,
                "brokers": [
                    {
                        "name": broker.name,
                        "engine_version": broker.engine_version,
                        "activemq_version": broker.activemq_version,
                    }
                    for broker in region.brokers
                ],
            }
            for region in report.regions
        ],
        "witnesses": [_witness(testimony) for testimony in report.witnesses],
    }


def to_json(report: Report) -> str:
    """Return the text of `report.json`; equal reports have equal texts."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def write(report: Report, path: Path) -> None:
    """Write `report.json`; a reader sees the old file or the new one, never half of it."""
    write_text(path, to_json(report))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of `report.json`."""
    found: dict[str, Any] = json.loads(files("lab.report").joinpath("report.schema.json").read_text(encoding="utf-8"))
    return found


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "subscriber": delivery.subscriber,
        "broker": delivery.broker,
        "destination": delivery.destination,
        "expected": delivery.expected,
        "received": delivery.received,
        "lost": delivery.lost,
        "duplicated": delivery.duplicated,
        "unexpected": delivery.unexpected,
        "recovered": delivery.recovered,
        "undecided": delivery.undecided,
        "redelivered": delivery.redelivered,
        "returned": delivery.returned,
        "waiting": delivery.waiting,
        "expired": delivery.expired,
        "unsure": delivery.unsure,
        "reordered": delivery.reordered,
        "late": delivery.late,
        "latency_ms": _percentiles(delivery.latency),
        "shares": [
            {"subscriber": share.subscriber, "broker": share.broker, "received": share.received}
            for share in delivery.shares
        ],
    }


def _step(step: StepReport) -> dict[str, Any]:
    return {
        "step": step.step,
        "words": step.words,
        "did": step.did,
        "asked": step.asked,
        "at_least": step.at_least,
        "sent": step.sent,
        "done": step.done,
        "unknown": step.unknown,
        "failed": step.failed,
        "short": step.short,
    }


def _percentiles(figures: Percentiles | None) -> dict[str, float | None]:
    if figures is None:
        return dict.fromkeys(("p50", "p95", "p99", "max"))
    return {name: round(getattr(figures, name), 3) for name in ("p50", "p95", "p99", "max")}


def _link(link: LinkReport) -> dict[str, Any]:
    return {
        "from": link.leaving,
        "to": link.reaching,
        "configured_delay_ms": link.configured_delay,
        "measured_delay_ms": {"p50": link.measured_p50, "p99": link.measured_p99},
        "packets": link.packets,
        "dropped": sum(link.dropped.values()),
        "dropped_by": dict(link.dropped),
    }


def _witness(testimony: Testimony) -> dict[str, Any]:
    return {
        "destination": testimony.destination,
        "source": testimony.source,
        "target": testimony.target,
        "agree": testimony.agree,
        "clients": {
            "accepted": testimony.accepted,
            "at_most": testimony.at_most,
            "arrived": testimony.arrived,
            "missing": testimony.missing,
            "lost": testimony.lost,
        },
        "brokers": {
            "enqueued": testimony.enqueued,
            "forwarded": testimony.forwarded,
            "taken": testimony.taken,
            "waiting": testimony.waiting,
            "missing": testimony.kept_back,
            "discarded": testimony.discarded,
        },
    }


def _bridge(bridge: BridgeReport) -> dict[str, Any]:
    return {
        "connector": bridge.connector,
        "broker": bridge.broker,
        "remote": bridge.remote,
        "remote_address": bridge.remote_address,
        "created_by_duplex": bridge.created_by_duplex,
        "duplex": bridge.duplex,
        "up": bridge.up,
        "enqueued": bridge.enqueued,
        "dequeued": bridge.dequeued,
        "received": bridge.received,
        **({} if bridge.unseen_since is None else {"unseen_since_s": bridge.unseen_since}),
    }
