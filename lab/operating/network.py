"""EC2's verbs on peerings, routes and security groups: applied to the router, and each change recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from lab.declare.steps.base import OnNetwork
from lab.history import Observation, PeeringChanged, RouteChanged, RuleChanged
from lab.network import security_groups
from lab.network.vpc import Network, Peering, PeeringState
from lab.operating import operations
from lab.operating.control_plane import ControlPlane, Done
from lab.plan.control import Control
from lab.runtime.lab import Lab


@operations.register(OnNetwork)
def do_network(plane: ControlPlane, verb: OnNetwork) -> Done:
    """Apply the network that the verb decides on, and keep it."""
    at = plane.age
    return plane.change(lambda control: _do(control, plane.lab, partial(verb.decide, at=at)))


def set_security_groups(control: Control, lab: Lab, *, broker: str, groups: Sequence[str]) -> Done:
    """Set a broker's security groups; the service does that when it reboots the broker."""
    return _do(control, lab, partial(security_groups.set_groups, broker=broker, groups=groups))


def put_back(control: Control, lab: Lab, network: Network) -> Done:
    """Apply a Network that the lab had before."""
    return _do(control, lab, lambda _: network)


def expire_requests(control: Control, t: float, *, at: timedelta) -> Done:
    """Expire the peering requests that were not accepted in time; no packet's way depends on them.

    `at` is the time since the lab opened, `t` the same moment of the lab's clock.
    """
    after = control.network.at(at)
    observations = tuple(differences(control.network, after, t))
    return Done(control=replace(control, network=after), observations=observations)


def peerings_and_routes(network: Network, t: float) -> Iterator[PeeringChanged | RouteChanged]:
    """Yield every peering and every route as an observation, for the beginning of a replay."""
    for peering in network.peerings:
        yield _peering(peering, str(peering.state), t)
    yield from _routes(network, t)


def _do(control: Control, lab: Lab, change: Callable[[Network], Network]) -> Done:
    after = change(control.network)
    applied = lab.policies.apply(after)
    observations = (*differences(control.network, after, applied.t), applied)
    return Done(control=replace(control, network=after), observations=observations)


def differences(before: Network, after: Network, t: float) -> Iterator[Observation]:
    """Yield the changes of peerings, routes and inbound rules from one network to another as observations."""
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
