"""Advice on connectors whose user may not use the advisories by which a bridge learns of consumers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.amazonmq.configurations.authorization import ADVISORIES, authorization_map, missing_rights
from lab.amazonmq.configurations.sanitising import Sanitised
from lab.declare.topology import Topology
from lab.errors import Problem
from lab.plan.brokers import brokers_by_host


def advise_on_rights(topology: Topology, saved: Mapping[str, Sanitised]) -> Iterator[Problem]:
    """Yield advice on connectors whose user lacks rights on advisories at either end."""
    known = brokers_by_host(topology)
    for name, one in saved.items():
        for connector in one.configuration.connectors:
            for broker in dict.fromkeys((name, *(known[remote.host] for remote in connector.remotes))):
                user = topology.brokers[broker].users.get(connector.user_name or "")
                configuration = saved[broker].configuration
                authorization = authorization_map(configuration)
                missing = missing_rights(configuration, user.groups) if user else ()
                if authorization is not None and missing:
                    yield Problem(
                        what=f"{connector.user_name} may not {' or '.join(missing)} {ADVISORIES} at {broker}, "
                        f"so the bridge of {connector.name} does not come up",
                        remedy=f'add <authorizationEntry topic="{ADVISORIES}" …/> with a group of that user',
                        place=configuration.place(authorization.start),
                    )
