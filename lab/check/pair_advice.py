"""Advice on connectors with several addresses: of the instances of a pair, or of two brokers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lab.activemq.protocols import OPENWIRE
from lab.amazonmq.configurations.connectors import NetworkConnector, alternatives
from lab.amazonmq.configurations.sanitising import Sanitised
from lab.declare.topology import Topology
from lab.errors import Problem
from lab.plan.brokers import brokers_by_host, hosts, instances_named


def advise_on_pairs(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    """Yield advice on connectors that name only one instance of a pair, or retry the standby without end."""
    known, by_host = hosts(topology), brokers_by_host(topology)
    named = instances_named(topology)
    pairs = {name for name, broker in topology.brokers.items() if len(broker.deployment_mode.instances) > 1}
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            yield from _one_of_several(connector, by_host)
            for pair in dict.fromkeys(_pairs(connector, by_host, pairs)):
                its_hosts = [host for host, broker in known.items() if broker == pair]
                right = f'write uri="masterslave:({",".join(map(OPENWIRE.url, its_hosts))})"'
                if numbers := named.get((name, connector.name, pair)):
                    (number,) = numbers
                    what = f"{connector.name} names only instance {number} of {pair}, "
                    what += (
                        f"so there is no bridge once {pair} fails over to the other"
                        if number == 1
                        else "the standby, whose ports refuse connections: there is no bridge before it takes over"
                    )
                elif connector.discovery == "static" and "failover:" not in (connector.uri or ""):
                    what = f"{connector.name} asks for a bridge to each instance of {pair}, and one always refuses"
                else:
                    continue
                yield Problem(what=what, remedy=right, place=connector.uri_place)


def _one_of_several(connector: NetworkConnector, by_host: Mapping[str, str]) -> Iterator[Problem]:
    """Yield advice on a connector that takes brokers for the instances of one."""
    for group in alternatives(connector):
        brokers = tuple(dict.fromkeys(by_host[remote.host] for remote in group))
        if len(brokers) > 1:
            yield Problem(
                what=f"{connector.name} has a bridge to one of {' and '.join(brokers)} at a time: the first to answer",
                remedy="write static: for a bridge to each; masterslave: and failover: are for the instances of a pair",
                place=group[0].place,
            )


def _pairs(connector: NetworkConnector, by_host: Mapping[str, str], pairs: Collection[str]) -> Iterator[str]:
    """Yield the brokers of two instances that a connector leads to."""
    return (broker for remote in connector.remotes if (broker := by_host[remote.host]) in pairs)
