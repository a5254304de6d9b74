"""Export a topology, and load it again as a person would."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.declare.loading import load
from lab.declare.passwords import AnyPassword
from lab.declare.topology import Topology
from lab.plan.control import Control, opening_control
from lab.plan.export import Export, export, facts_of
from lab.plan.planning import plan
from lab.plan.values import Plan

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def exported(planned: Plan, control: Control | None = None) -> Export:
    """Return the files of a planned lab, as it opens or as it is now."""
    return export(
        control or opening_control(planned, NOW), planned.regions, planned.links, facts=facts_of(planned), machine=NOW
    )


def loaded(texts: Mapping[str, str], folder: Path) -> Topology:
    """Write files and return the topology in them."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8", newline="")
    return load(folder / "topology.yaml", environment=AnyPassword({})).topology


def again(planned: Plan, folder: Path, control: Control | None = None) -> Plan:
    """Return the plan of an exported topology."""
    return plan(loaded(exported(planned, control).texts, folder), seed=planned.seed)


def compared(planned: Plan) -> dict[str, Any]:
    """Return all of a plan but the names of its configurations' files, and the parts that the service removes."""
    content = planned.to_dict()
    for broker in content["brokers"]:
        for key in ("configuration_file", "configuration", "removals"):
            del broker[key]
    return content
