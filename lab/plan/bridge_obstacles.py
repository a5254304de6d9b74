"""Obstacles that keep a bridge from coming up, or its user from carrying a destination, in words."""

from __future__ import annotations

from collections.abc import Mapping

from lab.activemq.protocols import OPENWIRE
from lab.amazonmq.configurations.authorization import ADVISORIES, missing_on, missing_rights
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.base.dataclass import dataclass
from lab.declare.topology import Topology
from lab.network.reach import reach
from lab.network.vpc import Network as Vpcs
from lab.plan.brokers import sanitised


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The rights on a destination that a bridge's user lacks at a broker."""

    user: str
    broker: str
    rights: tuple[str, ...]
    destination: str

    @property
    def words(self) -> str:
        """Return the rights that the user lacks, in words."""
        name = self.destination.partition("://")[2]
        return f"{self.user} may not {' or '.join(self.rights)} {name} at {self.broker}"

    @property
    def remedy(self) -> str:
        """The entry that would give the user these rights."""
        kind, _, name = self.destination.partition("://")
        rights = " ".join(f'{right}="…"' for right in self.rights)
        return f'add <authorizationEntry {kind}="{name}" {rights}/> with a group of {self.user}'


def why_not_up(
    topology: Topology,
    vpcs: Vpcs,
    initiator: str,
    responder: str,
    connector: NetworkConnector,
    numbers: Mapping[str, tuple[str, int]],
) -> str:
    """Return why a connector's bridge to a broker does not come up; "" if it does.

    `numbers` has the broker and the number of the instance of each host name.
    """
    return (
        _not_there(topology, initiator, responder)
        or _unreached(vpcs, topology, initiator, responder, connector, numbers)
        or _forbidden(topology, initiator, responder, connector)
    )


def missing_for(
    topology: Topology, connector: NetworkConnector, source: str, target: str, destination: str, heard: str
) -> tuple[Missing, ...]:
    """Return the rights that a bridge's user lacks at either end, for a destination's messages.

    A bridge subscribes at the source to what the consumer listens to, `heard`, and sends at the target to where the
    message is, and makes either where it is not there yet. A virtual topic's message is in the queue that is heard.
    """
    name = connector.user_name or ""
    found: list[Missing] = []
    there = destination if destination.partition("://")[0] == heard.partition("://")[0] else heard
    for broker, needed, destination in ((source, ("read", "admin"), heard), (target, ("write", "admin"), there)):
        user = topology.brokers[broker].users.get(name)
        missing = missing_on(sanitised(topology, broker).configuration, user.groups if user else (), destination)
        lacking = tuple(right for right in needed if right in missing)
        if lacking:
            found.append(Missing(user=name, broker=broker, rights=lacking, destination=destination))
    return tuple(found)


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
            words = words or found.reason
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
