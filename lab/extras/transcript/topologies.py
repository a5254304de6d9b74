"""The file with a history's topology: the file of a named scenario, or one that ships with mqlab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.declare.passwords import AnyPassword
from lab.declare.scenario import Scenario
from lab.declare.topology import Topology
from lab.errors import HostError


def file_of(topology: Topology, scenario: Scenario | None, folder: Path) -> str | None:
    """Return the path, relative to a folder, of a file with the same topology; None if there is none.

    Passwords are not compared, since no history has any.
    """
    for path, other in (*_of(scenario), *_shipped(topology.topology)):
        if _compared(other) == _compared(topology):
            absolute, base = Path(path).resolve(), folder.resolve()
            return str(absolute.relative_to(base) if absolute.is_relative_to(base) else absolute)
    return None


def _of(scenario: Scenario | None) -> Iterator[tuple[str, Topology]]:
    """Yield the topology of a scenario, if it has a file of its own."""
    if scenario is not None:
        place, own = scenario.origin.place("topology", "topology"), scenario.origin.place("steps")
        if place is not None and (scenario.is_topology or own is None or place.file != own.file):
            yield place.file, scenario.topology


def _shipped(name: str) -> Iterator[tuple[str, Topology]]:
    """Yield the topologies of a name that ship with mqlab."""
    try:
        paths = sorted((shipped("scenarios") / "topologies").glob("*.yaml"))
    except HostError:  # an installation without them
        return
    for path in paths:
        if f"topology: {name}\n" in path.read_text(encoding="utf-8"):
            yield str(path), load(path, environment=AnyPassword({})).topology


def _compared(topology: Topology) -> Any:
    """Return a topology without its passwords and without the names of configuration files."""
    compared = topology.model_dump(mode="json")
    for broker in compared["brokers"].values():
        for user in broker["users"].values():
            del user["password"]
        if broker["configuration"] is not None:
            broker["configuration"] = broker["configuration"]["text"]
    return compared
