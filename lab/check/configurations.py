"""Checks of the brokers' configurations against the topology: hosts, users, links between regions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.permitted import permitted
from lab.amazonmq.configurations.problems import check_configuration
from lab.declare.origin import Origin
from lab.declare.topology import Topology
from lab.errors import InputError, Problem
from lab.plan.brokers import brokers_by_host, identity, sanitised


def check_configurations(topology: Topology, origin: Origin, activemq_version: str | None) -> Iterator[Problem]:
    """Yield the Problems of every broker's configuration, with places in its file."""
    known = brokers_by_host(topology)
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
        yield from check_configuration(saved.configuration, identity(topology, name, activemq_version), known)
        yield from _unlinked(topology, name, saved.configuration, known, linked)


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
                    remedy=f"add to the topology's links: {{between: [{here}, {there}], link: {{delay: 35ms}}}}",
                    place=remote.place,
                )
