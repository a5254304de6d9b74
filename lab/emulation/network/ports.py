"""The ports of the engine's machine that lead to the brokers of one lab, through its router."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType

from lab.activemq.protocols import ENDPOINTS, JOLOKIA_PORT, Port
from lab.emulation.network.published_at import HERE, PublishedAt
from lab.emulation.network.router import Published
from lab.errors import HostError
from lab.plan.values import InstancePlan
from lab.runtime.ports import REMEDY, fixed, taken

FIRST_PUBLISHED = 20000  # on the router, inside the lab
_HOST_PORTS = range(20000, 32000)  # from which free ones are taken


class Ports:
    """The published ports, each leading to one port of one instance.

    Only of this machine's own ports it is known whether they are free; the engine refuses others that are not.
    """

    def __init__(
        self, instances: Sequence[InstancePlan], endpoints: Sequence[Port] = ENDPOINTS, at: PublishedAt = HERE
    ) -> None:
        self._endpoints, self._at = endpoints, at
        ports = (*(each.port for each in endpoints), JOLOKIA_PORT)
        self._inside = [(its, port) for its in instances for port in ports]
        self._fixed = {(its.name, each.port): port for its, each, port in fixed(instances, endpoints)}
        self._instances = instances
        self.choose()

    def choose(self) -> None:
        """Choose ports that are free now; ports chosen by Docker would change when the router restarts.

        Raise HostError if one that is fixed is taken.
        """
        if self._at.on_loopback:
            check_fixed(self._instances, self._endpoints)
        wanted = [(its.name, port) for its, port in self._inside if (its.name, port) not in self._fixed]
        found = free_ports(len(wanted), self._fixed.values(), probe=self._at.on_loopback)
        self._outside = self._fixed | dict(zip(wanted, found, strict=True))

    @property
    def outside(self) -> Collection[int]:
        """Return all the published ports."""
        return self._outside.values()

    def of(self, instance: InstancePlan, port: int) -> int:
        """Return the published port that leads to a port of an instance."""
        return self._outside[instance.name, port]

    def named(self, instance: InstancePlan) -> dict[str, int]:
        """Return the published ports that lead to an instance's endpoints: endpoint's name → port."""
        return {each.name: self.of(instance, each.port) for each in self._endpoints}

    def published(
        self, address: Callable[[InstancePlan], str], own: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[Published, ...]:
        """Return all ports for the router's configuration; `address` returns the address an instance really uses.

        At the `own` addresses of instances, by their names, the endpoints have the ports of AWS.
        """
        aws = {each.port for each in self._endpoints}
        return tuple(
            Published(
                bind=self._at.bind,
                host_port=self.of(its, port),
                router_port=FIRST_PUBLISHED + index,
                address=address(its),
                broker_port=port,
                own_address=own.get(its.name, "") if port in aws else "",
            )
            for index, (its, port) in enumerate(self._inside)
        )


def check_fixed(instances: Sequence[InstancePlan], endpoints: Sequence[Port] = ENDPOINTS) -> None:
    """Raise HostError, which names them all, if fixed ports of instances are taken."""
    if found := taken(instances, endpoints):
        raise HostError("\n".join(found), REMEDY)


def free_ports(count: int, but: Collection[int], *, probe: bool) -> Sequence[int]:
    """Return so many ports, none of `but`, with `probe` those of 127.0.0.1 that are free; HostError if there are fewer.

    They are below the range of outgoing connections, so that none of those takes one before the router does.
    """
    found: list[int] = []
    with ExitStack() as closing:
        dice = random.Random()
        for port in dice.sample(_HOST_PORTS, len(_HOST_PORTS)):
            if len(found) == count:
                break
            if port in but:
                continue
            if probe:
                trying = closing.enter_context(socket.socket())
                try:
                    trying.bind(("127.0.0.1", port))
                except OSError:
                    continue
            found.append(port)
    if len(found) < count:
        raise HostError(
            f"fewer than {count} ports of 127.0.0.1 are free between {_HOST_PORTS[0]} and {_HOST_PORTS[-1]}"
        )
    return found
