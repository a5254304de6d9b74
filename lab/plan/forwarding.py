"""A topology's bridges as ActiveMQ's forwarding rules know them, and the network that they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lab.activemq.forwarding.network import Bridge, Composite, Network
from lab.activemq.forwarding.settings import PRIORITY, Forwarding, decreases_priority, forwarding, release_rules
from lab.activemq.releases import release
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.connectors import NetworkConnector, RemoteUri, alternatives
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.patterns import DURABLE, EXCLUDED, INCLUDED, KINDS, STATIC, has_nameless, listed
from lab.amazonmq.configurations.value_types import is_true
from lab.base.dataclass import dataclass
from lab.declare.topology import Topology
from lab.network.vpc import Network as Vpcs
from lab.plan.bridge_obstacles import Missing, why_not_up
from lab.plan.brokers import brokers_by_host, numbered_hosts, sanitised
from lab.plan.network import network_of

_OLDEST = "5.18.3"  # for an engine version of which the lab has no release
_USUAL = {
    "name": "VirtualTopic.>",
    **dict.fromkeys(("prefix", "postfix", "selectorAware", "local", "dropOnResourceLimit")),
}
_COMPOSITES = {"compositeQueue": "queue", "compositeTopic": "topic"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeclaredBridge:
    """One direction of a bridge that a configuration asks for, with its configuration and its obstacles."""

    bridge: Bridge
    connector: NetworkConnector
    configuration: Configuration
    obstacle: str = ""  # why it does not come up, in words; "" if it does
    forbidden: tuple[Missing, ...] = ()  # what its user may not do with the destination that is asked for
    spare: bool = False  # its connector has its bridge to another broker, as long as that one answers
    by_chance: str = ""  # why it is not known whether it is there, in words
    silent: str = ""  # the broker of whose consumers it never learns, since that has no advisories

    @property
    def up(self) -> bool:
        """Whether the bridge comes up, and may carry the requested destination."""
        return not (self.obstacle or self.forbidden or self.spare)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What keeps bridges down in a running lab, apart from its brokers' configurations and users."""

    vpcs: Vpcs  # as they are now
    down: Mapping[tuple[str, str], str]  # initiator, responder → what is seen of these brokers, or the link between


def declared_bridges(
    topology: Topology, activemq_version: str | None = None, standing: Standing | None = None
) -> tuple[DeclaredBridge, ...]:
    """Return both directions of every bridge that the configurations ask for; `check` must have found no Problem.

    `activemq_version` replaces the releases of the engine versions, and `standing` the declared network.
    """
    known = _Hosts(
        brokers=brokers_by_host(topology),
        numbers=numbered_hosts(topology),
        vpcs=network_of(topology) if standing is None else standing.vpcs,
        down={} if standing is None else standing.down,
    )
    names = Counter(
        connector.name for name in topology.brokers for connector in sanitised(topology, name).configuration.connectors
    )
    return tuple(
        each
        for name in topology.brokers
        for connector in sanitised(topology, name).configuration.connectors
        for each in _bridges_of(topology, name, connector, known, names, activemq_version)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hosts:
    """The brokers by host name, and which instance reaches which."""

    brokers: Mapping[str, str]
    numbers: Mapping[str, tuple[str, int]]
    vpcs: Vpcs
    down: Mapping[tuple[str, str], str]  # as in Standing


def _bridges_of(
    topology: Topology,
    initiator: str,
    connector: NetworkConnector,
    known: _Hosts,
    names: Mapping[str, int],
    activemq_version: str | None,
) -> Iterator[DeclaredBridge]:
    configuration = sanitised(topology, initiator).configuration
    releases = {
        name: release(its.engine_version, activemq_version) or _OLDEST for name, its in topology.brokers.items()
    }
    settings = connector_forwarding(connector, releases[initiator], topology.brokers[initiator].engine_version)
    label = connector.name if names[connector.name] == 1 else f"{connector.name} of {initiator}"
    taken: dict[tuple[RemoteUri, ...], str] = {}  # of a group of alternatives: the first that comes up
    responders = dict.fromkeys(known.brokers[each.host] for each in connector.remotes if each.host in known.brokers)
    for responder in responders:
        obstacle = known.down.get((initiator, responder)) or why_not_up(
            topology, known.vpcs, initiator, responder, connector, known.numbers
        )
        group = _group_of(connector, responder, known.brokers)
        spare = bool(group) and not obstacle and taken.setdefault(group, responder) != responder
        by_chance = bool(group) and connector.discovery != "masterslave" and "randomize=false" not in str(connector.uri)
        ways = [(initiator, responder), (responder, initiator)]
        for source, target in ways if connector.duplex else ways[:1]:
            counts_ttl = any(release_rules(releases[end]).sync_counts_ttl for end in (source, target))
            tells = replace(settings, sync_counts_ttl=counts_ttl)
            silent = target if _has_no_advisories(topology, target) else ""
            yield DeclaredBridge(
                bridge=Bridge(
                    connector=connector.name,
                    initiator=initiator,
                    source=source,
                    target=target,
                    forwarding=replace(tells, static_bridge=True) if silent else tells,
                    label=label,
                ),
                connector=connector,
                configuration=configuration,
                obstacle=obstacle,
                spare=spare and not by_chance,
                by_chance=f"{label} opens its bridge to one of several brokers, at random" if by_chance else "",
                silent=silent if not settings.static_bridge else "",
            )


def _group_of(connector: NetworkConnector, responder: str, brokers: Mapping[str, str]) -> tuple[RemoteUri, ...]:
    """Return the addresses of several brokers, a responder's among them, of which one has the bridge; () if none do."""
    for group in alternatives(connector):
        found = {brokers[each.host] for each in group if each.host in brokers}
        if responder in found and len(found) > 1:
            return group
    return ()


def forwarding_network(topology: Topology, bridges: Sequence[DeclaredBridge]) -> Network:
    """Return the network of the bridges that are up, with the brokers' own replays and composite destinations."""
    brokers = {name: sanitised(topology, name).configuration.broker for name in topology.brokers}
    return Network(
        bridges=tuple(each.bridge for each in bridges if each.up),
        replaying=tuple(
            (name, f"queue://{policy.get('queue')}")
            for name, broker in brokers.items()
            for policy in _replaying_policies(broker)
        ),
        composites=tuple(each for name, broker in brokers.items() for each in composites(name, broker)),
    )


def _replaying_policies(broker: Element) -> Iterator[Element]:
    for policy in broker.walk():
        if policy.name == "policyEntry" and policy.get("queue"):
            factory = policy.find("networkBridgeFilterFactory", "conditionalNetworkBridgeFilterFactory")
            if factory is not None and is_true(factory.get("replayWhenNoConsumers")):
                yield policy


def composites(name: str, broker: Element) -> Iterator[Composite]:
    """Yield the composite destinations that a broker's configuration declares."""
    for element in broker.walk():
        if element.name in _COMPOSITES and element.get("name"):
            members = [each for group in element.children_named("forwardTo") for each in group.children]
            to = tuple(
                f"{kind}://{its}"
                for each in members
                for kind in KINDS
                if (its := each.get("physicalName") if each.name == kind else each.get(kind))
            )
            keeps = element.get("forwardOnly") is not None and not is_true(element.get("forwardOnly"))
            if is_true(element.get("sendWhenNotMatched")):
                keeps = not members
            yield Composite(
                broker=name,
                pattern=f"{_COMPOSITES[element.name]}://{element.get('name')}",
                to=to,
                keeps=keeps,
                selects=any(each.name == "filteredDestination" for each in members),
            )


def _has_no_advisories(topology: Topology, broker: str) -> bool:
    written = sanitised(topology, broker).configuration.broker.get("advisorySupport")
    return written is not None and not is_true(written)


def connector_forwarding(connector: NetworkConnector, its_release: str, engine_version: str) -> Forwarding:
    """Return the forwarding settings of a connector, as a release of a broker of this engine version reads them."""
    excluded, included, static, durable = (
        [destination for destination, _ in listed(connector, name)] for name in (EXCLUDED, INCLUDED, STATIC, DURABLE)
    )
    return forwarding(
        {PRIORITY: str(decreases_priority(engine_version)).lower(), **dict(connector.attributes)},
        release=its_release,
        excluded=excluded,
        included=included,
        static=static,
        durable=durable if any(connector.xml.children_named(DURABLE)) else None,
    )


def _has_its_own_virtual_topics(broker: Element) -> bool:
    """Return whether a configuration's interceptors have not the virtual topics that a broker has without any."""
    interceptors = [each for each in broker.walk() if each.name == "virtualDestinations"]
    topics = [each for its in interceptors for each in its.children if each.name == "virtualTopic"]
    usual = [each for each in topics if {key: each.get(key) for key in _USUAL} == _USUAL]
    return bool(interceptors) and not (len(topics) == len(usual) == 1)


def not_modelled(
    topology: Topology, bridges: Sequence[DeclaredBridge], destination: str, heard: str
) -> tuple[str, ...]:
    """Return the reasons, in words, why a destination's messages for a consumer of `heard` cannot be followed."""
    found = dict.fromkeys(each.by_chance for each in bridges if each.by_chance and not each.obstacle)
    found |= {
        f"a destination in the lists of {each.bridge.label} has no name": None
        for each in bridges
        if has_nameless(each.connector)
    }
    composites = forwarding_network(topology, ()).composites
    virtual = destination.partition("://")[0] != heard.partition("://")[0]
    for name in topology.brokers if virtual else ():
        if _has_its_own_virtual_topics(sanitised(topology, name).configuration.broker):
            found[f"{name} declares other virtual topics than VirtualTopic.> with its queues Consumer.*.>"] = None
    for name in topology.brokers:
        its = [each for each in composites if each.broker == name and each.takes(destination)]
        if any(each.selects for each in its):
            found[f"a selector at {name} decides which messages {its[0].words} forwards"] = None
        elif len(its) > 1:
            found[f"{' and '.join(each.words for each in its)} both forward it at {name}"] = None
    if destination.startswith("topic://") or any(each.takes(destination) for each in composites):
        for each in bridges:
            there = sanitised(topology, each.bridge.target).configuration.broker
            if is_true(each.connector.xml.get("useVirtualDestSubs")) and is_true(there.get("useVirtualDestSubs")):
                words = "asks for messages without a consumer, for virtual destinations: useVirtualDestSubs"
                found[f"{each.bridge.label} {words}"] = None
    return tuple(found)


def tells_of_durables(bridges: Sequence[DeclaredBridge]) -> bool:
    """Return whether a connector has a setting for durable subscribers that are away."""
    return any(
        rules.dynamic_only or rules.sync_durable_subs or rules.durable is not None
        for rules in (each.bridge.forwarding for each in bridges)
    )
