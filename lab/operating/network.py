"""The verbs of a VPC done to a living lab: peerings, routes, security groups.

Each decides by its pure function in `lab.network`, has the router hold what comes of it, and tells what changed; where
the verb is refused nothing has been done. `at` is the time of the lab's clock, since it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Network

from lab.history import Observation, PeeringChanged, RouteChanged, RuleChanged
from lab.network import peerings, routes, security_groups
from lab.network.vpc import Network, Peering, PeeringState, Rule
from lab.runtime.base import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a verb gives: the Network as it is now, and what was seen of the change."""

    network: Network
    seen: tuple[Observation, ...]


def create_peering(network: Network, lab: Lab, *, name: str, requester: str, accepter: str, at: timedelta) -> Changed:
    """Request a peering."""

    def request(old: Network) -> Network:
        return peerings.request(old, name=name, requester=requester, accepter=accepter, at=at).network

    return _do(network, lab, request)


def accept_peering(network: Network, lab: Lab, *, peering: str, at: timedelta) -> Changed:
    """Accept a request."""
    return _do(network, lab, partial(peerings.accept, peering=peering, at=at))


def reject_peering(network: Network, lab: Lab, *, peering: str, at: timedelta) -> Changed:
    """Reject a request."""
    return _do(network, lab, partial(peerings.reject, peering=peering, at=at))


def delete_peering(network: Network, lab: Lab, *, peering: str, at: timedelta) -> Changed:
    """Delete a peering; its routes are blackholes then."""
    return _do(network, lab, partial(peerings.delete, peering=peering, at=at))


def create_route(network: Network, lab: Lab, *, table: str, destination: IPv4Network, peering: str) -> Changed:
    """Add a route to a peering."""
    return _do(network, lab, partial(routes.create, table=table, destination=destination, peering=peering))


def delete_route(network: Network, lab: Lab, *, table: str, destination: IPv4Network) -> Changed:
    """Take a route away: nothing more gets there, not even on a connection that is open."""
    return _do(network, lab, partial(routes.delete, table=table, destination=destination))


def authorize_ingress(network: Network, lab: Lab, *, group: str, rule: Rule) -> Changed:
    """Let something in."""
    return _do(network, lab, partial(security_groups.authorize, group=group, rule=rule))


def revoke_ingress(network: Network, lab: Lab, *, group: str, rule: Rule) -> Changed:
    """Let something in no more; connections that are open go on."""
    return _do(network, lab, partial(security_groups.revoke, group=group, rule=rule))


def set_security_groups(network: Network, lab: Lab, *, broker: str, groups: Sequence[str]) -> Changed:
    """Give a broker other security groups; the service does that when it reboots the broker."""
    return _do(network, lab, partial(security_groups.set_groups, broker=broker, groups=groups))


def age(network: Network, t: float, *, at: timedelta) -> Changed:
    """Let the requests expire that nobody accepted in time; no packet's way depends on it."""
    after = network.at(at)
    return Changed(network=after, seen=tuple(_differences(network, after, t)))


def standing(network: Network, t: float) -> Iterator[PeeringChanged | RouteChanged]:
    """Give every peering and every route that there is, as a replay tells them when it begins."""
    for peering in network.peerings:
        yield _peering(peering, str(peering.state), t)
    yield from _routes(network, t)


def _do(network: Network, lab: Lab, change: Callable[[Network], Network]) -> Changed:
    after = change(network)
    applied = lab.apply_network(after)
    return Changed(network=after, seen=(*_differences(network, after, applied.t), applied))


def _differences(before: Network, after: Network, t: float) -> Iterator[Observation]:
    old = {each.id: each.state for each in before.peerings}
    for peering in after.peerings:
        if peering.id not in old:
            yield _peering(peering, str(PeeringState.INITIATING), t)
        if old.get(peering.id) is not peering.state:
            yield _peering(peering, str(peering.state), t)
    was, now = ({(each.table, each.destination): each for each in _routes(of, t)} for of in (before, after))
    for key, route in was.items():
        if key not in now:
            yield RouteChanged(
                t=t, table=route.table, destination=route.destination, peering=route.peering, state="deleted"
            )
    yield from (route for key, route in now.items() if was.get(key) != route)
    groups = {each.name: each for each in before.groups}
    for group in after.groups:
        rules = groups[group.name].inbound if group.name in groups else ()
        for rule in rules:
            if rule not in group.inbound:
                yield RuleChanged(t=t, group=group.name, rule=str(rule), state="revoked")
        for rule in group.inbound:
            if rule not in rules:
                yield RuleChanged(t=t, group=group.name, rule=str(rule), state="authorized")


def _routes(network: Network, t: float) -> Iterator[RouteChanged]:
    for table in network.route_tables:
        for route in table.routes:
            peering = network.peering(route.peering)
            yield RouteChanged(
                t=t,
                table=table.name,
                destination=str(route.destination),
                peering=peering.name,
                state="active" if peering.state is PeeringState.ACTIVE else "blackhole",
            )


def _peering(peering: Peering, state: str, t: float) -> PeeringChanged:
    return PeeringChanged(
        t=t, peering=peering.name, id=peering.id, requester=peering.requester, accepter=peering.accepter, state=state
    )
