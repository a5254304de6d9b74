"""Advice on two brokers that each initiate a duplex bridge to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.sanitising import Sanitised
from lab.declare.topology import Topology
from lab.errors import Problem
from lab.plan.brokers import brokers_by_host


def advise_on_two_duplex(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    """Yield advice on two brokers that each initiate a duplex bridge to the other: messages have two paths."""
    known = brokers_by_host(topology)
    asked: dict[tuple[str, str], NetworkConnector] = {}
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for other in dict.fromkeys(known[each.host] for each in connector.remotes if connector.duplex):
                asked.setdefault((name, other), connector)
                back = asked.get((other, name))
                if back is not None:
                    rival = f"under the one name {connector.name}, so one is refused again and again"
                    yield Problem(
                        what=f"{name} and {other} both ask for a duplex bridge to each other"
                        + (f" {rival}" if back.name == connector.name else ", so there are two"),
                        remedy="remove duplex, or this connector: one bridge is enough; the other "
                        f"connector is at {back.place}",
                        place=connector.place,
                    )
