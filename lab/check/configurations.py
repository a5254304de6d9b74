"""Checks of the brokers' configurations against the topology: hosts, users, links between regions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.connector_problems import check_configuration
from lab.amazonmq.configurations.permitted_elements import permitted
from lab.declare.origin import Origin
from lab.declare.topology import Topology
from lab.errors import InputError, Problem
from lab.network.regions import NONE, REGIONS
from lab.plan.brokers import brokers_by_host, identity, sanitised


def check_configurations(topology: Topology, origin: Origin, activemq_version: str | None) -> Iterator[Problem]:
    """Yield the Problems of every broker's configuration, with places in its file."""
    by_host, misnamed = brokers_by_host(topology), _of_misnamed_regions(topology)
    linked = {frozenset(link.between) for link in topology.links}
    for name, broker in topology.brokers.items():
        if broker.region not in topology.regions or broker.configuration is None:
            continue
        if permitted(broker.engine_version) is None:
            continue  # reported by the check of the topology
        try:
            saved = sanitised(topology, name)
        except InputError as error:
            yield from error.problems
            continue
        refused = topology.sanitising == "refuse"
        yield from (removal.problem() for removal in saved.removals if refused or removal.place.set)
        known = _with_misnamed(by_host, misnamed, saved.configuration) if misnamed else by_host
        yield from check_configuration(saved.configuration, identity(topology, name, activemq_version), known)
        yield from _unlinked(topology, name, saved.configuration, known, linked)


def _of_misnamed_regions(topology: Topology) -> Mapping[str, str]:
    """Return the brokers in regions that AWS does not have, by their host names up to the region's code."""
    wrong = {name for name, its in topology.regions.items() if its.aws_region not in REGIONS and its.aws_region != NONE}
    return {
        _before_region(host): name
        for host, name in brokers_by_host(topology).items()
        if topology.brokers[name].region in wrong
    }


def _with_misnamed(by_host: Mapping[str, str], misnamed: Mapping[str, str], read: Configuration) -> Mapping[str, str]:
    """Return brokers by host name, with the names that a configuration has for those in misnamed regions.

    The region's name is the mistake, and is reported: in these host names it may be right.
    """
    remotes = [remote for connector in read.connectors for remote in connector.remotes]
    found = {each.host: name for each in remotes if (name := misnamed.get(_before_region(each.host)))}
    return {**found, **by_host}


def _before_region(host: str) -> str:
    return host.partition(".mq.")[0]


def _unlinked(
    topology: Topology, name: str, read: Configuration, known: Mapping[str, str], linked: Collection[frozenset[str]]
) -> Iterator[Problem]:
    """Yield a Problem for each connector that leads to a region without a link to the broker's."""
    here = topology.brokers[name].region
    for connector in read.connectors:
        for remote in connector.remotes:
            there = topology.brokers[known[remote.host]].region if remote.host in known else here
            if there != here and frozenset((here, there)) not in linked:
                yield Problem(
                    what=f"the connector {connector.name} leads from {here} to {there}, and no link joins them",
                    remedy=f"add to the topology's list links: - {{between: [{here}, {there}], link: {{delay: 35ms}}}}",
                    place=remote.place,
                )
