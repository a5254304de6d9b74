"""Advice on engine versions that Amazon MQ has ended."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.releases import RECOMMENDED, ended
from lab.declare.origin import Origin
from lab.declare.topology import Topology
from lab.errors import Problem


def advise_on_engines(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield advice on each broker with an engine version that Amazon MQ no longer supports."""
    for name, broker in topology.brokers.items():
        if (day := ended(broker.engine_version)) is not None:
            place = origin.place("topology", "brokers", name, "engine-version")
            what = f"Amazon MQ ended engine version {broker.engine_version} on {day}"
            yield Problem(what=what, remedy=f"it recommends {RECOMMENDED}", place=place)
