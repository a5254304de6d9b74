"""A topology's bridges as ActiveMQ's forwarding rules know them, and what keeps one from coming up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.activemq.forwarding.network import Bridge, Network
from lab.activemq.forwarding.settings import Forwarding, forwarding
from lab.activemq.protocols import OPENWIRE
from lab.activemq.releases import release
from lab.amazonmq.configurations.authorization import ADVISORIES, missing_on, missing_rights
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.value_types import is_true
from lab.declare.topology import Topology
from lab.network.reach import reach
from lab.network.vpc import Network as Vpcs
from lab.plan.brokers import hosts, numbered_hosts, sanitised
from lab.plan.network import network_of

_OLDEST = "5.18.3"  # for an engine version of which the lab has no release


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeclaredBridge:
    """One direction of a bridge that a configuration asks for, where that is written, and what it lacks."""

    bridge: Bridge
    connector: NetworkConnector
    configuration: Configuration
    obstacle: str  # why it does not come up, in words; "" if it does


def declared_bridges(topology: Topology) -> tuple[DeclaredBridge, ...]:
    """Return both directions of every bridge that the configurations ask for; `check` must have found no Problem."""
    vpcs = network_of(topology)
    by_host = {host.lower(): broker for host, broker in hosts(topology).items()}
    numbers = numbered_hosts(topology)
    found: list[DeclaredBridge] = []
    for initiator, broker in topology.brokers.items():
        configuration = sanitised(topology, initiator).configuration
        its_release = release(broker.engine_version) or _OLDEST
        for connector in configuration.connectors:
            settings = connector_forwarding(connector, its_release)
            for responder in dict.fromkeys(by_host[each.host] for each in connector.remotes if each.host in by_host):
                obstacle = _not_there(topology, initiator, responder) or _unreached(
                    vpcs, topology, initiator, responder, connector, numbers
                )
                obstacle = obstacle or _forbidden(topology, initiator, responder, connector)
                ways = [(initiator, responder), (responder, initiator)]
                found += (
                    DeclaredBridge(
                        bridge=Bridge(
                            connector=connector.name,
                            initiator=initiator,
                            source=source,
                            target=target,
                            forwarding=settings,
                        ),
                        connector=connector,
                        configuration=configuration,
                        obstacle=obstacle,
                    )
                    for source, target in (ways if connector.duplex else ways[:1])
                )
    return tuple(found)


def forwarding_network(topology: Topology, bridges: Sequence[DeclaredBridge]) -> Network:
    """Return the network of the bridges that come up, with the queues whose messages are given back."""
    return Network(
        bridges=tuple(each.bridge for each in bridges if not each.obstacle),
        replaying=tuple(
            (name, f"queue://{policy.get('queue')}")
            for name in topology.brokers
            for policy in _replaying_policies(sanitised(topology, name).configuration.broker)
        ),
    )


def _replaying_policies(broker: Element) -> Iterator[Element]:
    for policy in broker.walk():
        if policy.name == "policyEntry" and policy.get("queue"):
            factory = policy.find("networkBridgeFilterFactory", "conditionalNetworkBridgeFilterFactory")
            if factory is not None and is_true(factory.get("replayWhenNoConsumers")):
                yield policy


def connector_forwarding(connector: NetworkConnector, its_release: str) -> Forwarding:
    """Return what a connector says of forwarding, as a release reads it."""

    def listed(name: str) -> list[str]:
        return [
            f"{each.name}://{each.get('physicalName')}"
            for group in connector.element.children_named(name)
            for each in group.children
            if each.name in ("queue", "topic") and each.get("physicalName")
        ]

    return forwarding(
        dict(connector.attributes),
        release=its_release,
        excluded=listed("excludedDestinations"),
        included=listed("dynamicallyIncludedDestinations"),
        static=listed("staticallyIncludedDestinations"),
    )


def _not_there(topology: Topology, *brokers: str) -> str:
    """Return that a broker is created later; "" if all are there from the beginning."""
    later = [name for name in brokers if topology.brokers[name].later]
    return f"{' and '.join(later)} {'is' if len(later) == 1 else 'are'} created later" if later else ""


def _unreached(
    vpcs: Vpcs,
    topology: Topology,
    initiator: str,
    responder: str,
    connector: NetworkConnector,
    numbers: Mapping[str, tuple[str, int]],
) -> str:
    """Return why no instance of one broker can open a connection to the other's; "" if one can."""
    words = ""
    mode, its_mode = topology.brokers[initiator].deployment_mode, topology.brokers[responder].deployment_mode
    for remote in connector.remotes:
        if numbers.get(remote.host, ("", 0))[0] != responder:
            continue
        target = its_mode.instance_name(responder, numbers[remote.host][1])
        for number in mode.instances:
            found = reach(vpcs, mode.instance_name(initiator, number), target, remote.port or OPENWIRE.port)
            if found.yes:
                return ""
            words = words or found.words
    return words


def _forbidden(topology: Topology, initiator: str, responder: str, connector: NetworkConnector) -> str:
    """Return why a connector's user cannot log in at either end, or may not learn of consumers; "" if it may."""
    name = connector.user_name or ""
    known = {broker: topology.brokers[broker].users.get(name) for broker in (initiator, responder)}
    for broker, user in known.items():
        if user is None:
            return f"{broker} has no user {name}"
    first, second = (user.password for user in known.values() if user is not None)
    if first != second:
        return f"{name} has another password at {responder} than at {initiator}"
    for broker, user in known.items():
        missing = missing_rights(sanitised(topology, broker).configuration, user.groups if user else ())
        if missing:
            return f"{name} may not {' or '.join(missing)} {ADVISORIES} at {broker}"
    return ""


def forbidden_on(topology: Topology, each: DeclaredBridge, destination: str) -> str:
    """Return what a bridge's user may not do with a destination at either end, in words; "" if it may do all.

    A bridge subscribes at the source and sends at the target, and makes the destination where it is not there yet.
    """
    name = each.connector.user_name or ""
    for broker, needed in ((each.bridge.source, {"read", "admin"}), (each.bridge.target, {"write", "admin"})):
        user = topology.brokers[broker].users.get(name)
        missing = missing_on(sanitised(topology, broker).configuration, user.groups if user else (), destination)
        lacking = [right for right in missing if right in needed]
        if lacking:
            return f"{name} may not {' or '.join(lacking)} {destination.partition('://')[2]} at {broker}"
    return ""
