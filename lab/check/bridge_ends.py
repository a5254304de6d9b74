"""The ends of bridges that brokers may show at some time of a scenario, by their configurations."""

from __future__ import annotations

from typing import NamedTuple

from lab.check.dry_run import connectors_by_broker
from lab.declare.scenario import Scenario
from lab.plan.brokers import numbered_hosts


class BridgeEnd(NamedTuple):
    """One end of a bridge: a row of its broker's Network page."""

    connector: str
    duplex: bool  # whether the connector is
    broker: str  # that shows this end
    remote: str
    created_by_duplex: bool


def bridge_ends(scenario: Scenario) -> tuple[BridgeEnd, ...]:
    """Return every end of a connector's bridges once; a one-way connector does not have an end at the other broker."""
    hosts = numbered_hosts(scenario.topology)
    found: dict[BridgeEnd, None] = {}
    for broker, revisions in connectors_by_broker(scenario).items():
        for connector in (connector for revision in revisions for connector in revision):
            for remote in dict.fromkeys(hosts[each.host][0] for each in connector.remotes if each.host in hosts):
                found[BridgeEnd(connector.name, connector.duplex, broker, remote, False)] = None
                if connector.duplex:
                    found[BridgeEnd(connector.name, True, remote, broker, True)] = None
    return tuple(found)
