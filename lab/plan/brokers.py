"""A topology's brokers in Amazon MQ's terms: identity, host name, address, configuration; for a Plan and the checks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address

from lab.activemq.releases import release
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.default_configuration import default_configuration
from lab.amazonmq.configurations.sanitising import Sanitised, sanitise
from lab.amazonmq.configurations.source import Source
from lab.amazonmq.identity import BrokerIdentity, DeploymentMode, UserIdentity
from lab.amazonmq.names import derived_broker_id, host_name
from lab.declare.topology import MOST_BROKERS, Broker, Topology
from lab.errors import InputError
from lab.network.addresses import free_addresses


def broker_id(topology: Topology, broker: str) -> str:
    """Return a broker's id: the declared one, or one derived from the names of topology and broker."""
    return topology.brokers[broker].broker_id or derived_broker_id(topology.topology, broker)


def hosts(topology: Topology) -> Mapping[str, str]:
    """Return the broker of each host name; every instance has one."""
    return {
        host: name
        for name, broker in topology.brokers.items()
        if broker.region in topology.regions
        for host in _host_names(topology, name)
    }


def brokers_by_host(topology: Topology) -> Mapping[str, str]:
    """Return the broker of each host name as a connector's address has it: in lower case."""
    return {host.lower(): name for host, name in hosts(topology).items()}


def _host_names(topology: Topology, name: str) -> tuple[str, ...]:
    broker, broker_id_ = topology.brokers[name], broker_id(topology, name)
    aws_region = topology.regions[broker.region].aws_region
    return tuple(host_name(broker_id_, aws_region, number) for number in broker.deployment_mode.instances)


def identity(topology: Topology, name: str, activemq_version: str | None = None) -> BrokerIdentity:
    """Return the identity for which a broker's configuration is rendered; the broker's region must exist.

    The user that clients log in as is the first of its users.
    `activemq_version` replaces the release of the engine version.
    """
    broker = topology.brokers[name]
    aws_region = topology.regions[broker.region].aws_region
    return BrokerIdentity(
        name=name,
        broker_id=broker_id(topology, name),
        aws_region=aws_region,
        host_names=_host_names(topology, name),
        deployment_mode=broker.deployment_mode,
        users=tuple(
            UserIdentity(name=user, groups=fields.groups, console_access=fields.console_access)
            for user, fields in sorted(broker.users.items(), key=lambda login: login[0] != broker.user)
        ),
        engine_version=broker.engine_version,
        activemq_version=release(broker.engine_version, activemq_version) or broker.engine_version,
        observe=topology.observe,
    )


def sanitised(topology: Topology, name: str) -> Sanitised:
    """Return a broker's configuration, or the service's default, as the service would save it for its engine version.

    Raise InputError if it is no configuration, or if it is unknown what the engine version permits.
    """
    broker = topology.brokers[name]
    written = broker.configuration
    if written is None:
        return _saved(None, "", broker.engine_version)
    return _saved(written.source or written.file, written.text, broker.engine_version)


@lru_cache(maxsize=MOST_BROKERS)
def _saved(source: Source | str | None, text: str, engine_version: str) -> Sanitised:
    """Read and sanitise a text once: checks, warnings and plans all ask for it."""
    return sanitise(default_configuration() if source is None else read(text.encode(), source), engine_version)


def addresses(topology: Topology) -> Mapping[str, tuple[IPv4Address | None, ...]]:
    """Return the addresses of each broker's instances: declared, or the first free in the VPC; None if none is free."""
    return _placed(topology)[0]


def host_addresses(topology: Topology) -> Mapping[str, IPv4Address | None]:
    """Return the address of each host: declared, or the first that is free beside the brokers; None if none is."""
    return _placed(topology)[1]


def _placed(topology: Topology) -> tuple[dict[str, tuple[IPv4Address | None, ...]], dict[str, IPv4Address | None]]:
    """Return the addresses of all brokers' instances and of all hosts; a host never changes the address of a broker."""
    found = {name: declared_addresses(broker) for name, broker in topology.brokers.items()}
    taken: dict[str, set[IPv4Address | None]] = {}
    for name, broker in topology.brokers.items():
        taken.setdefault(broker.region, set()).update(found[name])
    for host in topology.hosts.values():
        taken.setdefault(host.region, set()).add(host.address)
    free = {name: free_addresses(region.vpc, taken.get(name, ())) for name, region in topology.regions.items()}

    def place(region: str, declared: IPv4Address | None) -> IPv4Address | None:
        return next(free.get(region, iter(())), None) if declared is None else declared

    return (
        {name: tuple(place(broker.region, each) for each in found[name]) for name, broker in topology.brokers.items()},
        {name: place(host.region, host.address) for name, host in topology.hosts.items()},
    )


def declared_addresses(broker: Broker) -> tuple[IPv4Address | None, ...]:
    """Return the declared addresses of a broker's instances; None for each instance without one."""
    if broker.deployment_mode is DeploymentMode.SINGLE_INSTANCE:
        return (broker.address,)
    return broker.addresses or (None,) * len(broker.deployment_mode.instances)


def numbered_hosts(topology: Topology) -> Mapping[str, tuple[str, int]]:
    """Return (broker, instance number) for each host name, in lower case."""
    return {
        host.lower(): (name, number)
        for name, broker in topology.brokers.items()
        for number, host in zip(broker.deployment_mode.instances, _host_names(topology, name), strict=True)
    }


def instances_named(topology: Topology) -> Mapping[tuple[str, str, str], tuple[int, ...]]:
    """Return the instances that a connector names, by (initiator, connector, pair), where it names only some."""
    numbers = numbered_hosts(topology)
    found: dict[tuple[str, str, str], set[int]] = {}
    for name in topology.brokers:
        for connector in sanitised(topology, name).configuration.connectors:
            for remote in connector.remotes:
                if remote.host in numbers:
                    pair, number = numbers[remote.host]
                    found.setdefault((name, connector.name, pair), set()).add(number)
    return {
        key: tuple(sorted(named))
        for key, named in found.items()
        if len(named) < len(topology.brokers[key[2]].deployment_mode.instances)
    }


def connectors(topology: Topology) -> dict[str, list[str]]:
    """Return the brokers that have each connector, by its name; configurations that cannot be read are skipped."""
    owners: dict[str, list[str]] = {}
    for name in topology.brokers:
        for connector in _connectors(topology, name) or ():
            owners.setdefault(connector.name, []).append(name)
    return owners


def unread(topology: Topology) -> tuple[str, ...]:
    """Return the names of the brokers whose configuration, and so whose connectors, cannot be read."""
    return tuple(name for name in topology.brokers if _connectors(topology, name) is None)


def _connectors(topology: Topology, name: str) -> tuple[NetworkConnector, ...] | None:
    try:
        return sanitised(topology, name).configuration.connectors
    except InputError:  # reported by the checks of the configurations
        return None
