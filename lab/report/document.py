"""Report → `report.json`: one JSON object, version 2, described by `schema()` and docs/report.md.

Readers must ignore keys they do not know; a key keeps its meaning as long as `version` is 2.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

from lab.base.text_files import write_text
from lab.judge.not_delivered import PLACED
from lab.judge.percentiles import Percentiles
from lab.judge.values import BridgeReport, CrossCheck, Delivery, LinkReport, Report, RouteReport, Verdict

VERSION = 2


def document(report: Report) -> dict[str, Any]:
    """Return the report as a dict that JSON can write."""
    return {
        "version": VERSION,
        **_fields(report, "mqlab", "scenario", "run", "seed"),
        **({"set": dict(report.set)} if report.set else {}),
        **_fields(report, "runtime", "started", "outcome"),
        "verdicts": [_verdict(verdict) for verdict in report.verdicts],
        "deliveries": [_delivery(delivery) for delivery in report.deliveries],
        "steps": [asdict(step) for step in report.steps],
        "flows": [_fields(flow, "source", "target", "received", "expected") for flow in report.flows],
        "links": [_link(link) for link in report.links],
        "bridges": [_bridge(bridge) for bridge in report.bridges],
        "notes": list(report.notes),
        "regions": [
            {
                **_fields(region, "name", "aws_region", "city"),
                "brokers": [_fields(broker, "name", "engine_version", "activemq_version") for broker in region.brokers],
            }
            for region in report.regions
        ],
        **({"routes": [_route(route) for route in report.routes]} if report.routes else {}),
        **({"round_trips": dict(report.round_trips)} if report.round_trips else {}),
        **({"tcp": report.tcp} if report.tcp else {}),
        **({"routes_notes": list(report.routes_notes)} if report.routes_notes else {}),
        "cross_checks": [_cross_check(check) for check in report.cross_checks],
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


def _fields(record: object, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    basis = {} if verdict.basis is None else {"basis": str(verdict.basis)}
    return {**_fields(verdict, "expectation", "outcome", "reason"), **basis}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    named = ("subscriber", "broker", "destination", "expected", "received")
    counts = ("lost", "waiting", "dead_letters", "discarded", "expired", "unknown", "unsure")
    doubtful = ("duplicated", "unexpected", "recovered", "undecided", "redelivered", "returned")
    fates = delivery.not_delivered
    return {
        **_fields(delivery, *named),
        "not_delivered": {
            **{name: dict(getattr(fates, name)) for name in PLACED},
            **_fields(fates, "lost", "unknown"),
        },
        **_fields(delivery, *counts, *doubtful, "reordered", "late"),
        "latency_ms": _percentiles(delivery.latency),
        "shares": [_fields(share, "subscriber", "broker", "received") for share in delivery.shares],
    }


def _route(route: RouteReport) -> dict[str, Any]:
    return {
        "from": route.source,
        "to": route.target,
        **_fields(route, "destination", "arrives"),
        "over": list(route.over),
        "stopped_by": list(route.stops),
        **({"heard_as": route.heard} if route.heard else {}),
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


def _cross_check(check: CrossCheck) -> dict[str, Any]:
    counted = _fields(check, "enqueued", "forwarded", "taken", "waiting")
    return {
        **_fields(check, "destination", "source", "target", "agree"),
        "clients": {**_fields(check, "accepted", "at_most", "arrived", "missing"), "expected": check.lost},
        "brokers": {**counted, "missing": check.kept_back, "discarded": check.discarded},
    }


def _bridge(bridge: BridgeReport) -> dict[str, Any]:
    ends = ("connector", "broker", "remote", "remote_address", "created_by_duplex", "duplex", "up")
    return {
        **_fields(bridge, *ends, "enqueued", "dequeued", "received"),
        **({} if bridge.unseen_since is None else {"unseen_since_s": bridge.unseen_since}),
    }
