"""Checks of the ports of this machine that a topology fixes: one for each instance, and none twice."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.protocols import HOST_PORTS
from lab.declare.origin import Origin
from lab.declare.ports import declared_ports
from lab.declare.topology import Topology
from lab.errors import Place, Problem
from lab.plan.ports import FixedPort, fixed_ports


def check_ports(topology: Topology, origin: Origin) -> Iterator[Problem]:
    """Yield the Problems of the declared ports."""
    for name, broker in topology.brokers.items():
        wanted = len(broker.deployment_mode.instances)
        for endpoint, ports in declared_ports(broker.ports).items():
            if len(ports) != wanted:
                right = "[18883, 18884], the first instance's first" if wanted > 1 else "a single one: 18883"
                yield Problem(
                    what=f"{name} has {'two instances' if wanted > 1 else 'one instance'}, and {endpoint} "
                    f"{'one port' if len(ports) == 1 else f'{len(ports)} ports'}",
                    remedy=f"write {right}",
                    place=origin.place("topology", "brokers", name, "ports", endpoint),
                )
    first: dict[int, FixedPort] = {}
    nowhere = Place(file="", line=0, column=0)
    for each in sorted(fixed_ports(topology), key=lambda each: _place(origin, each) or nowhere):
        if (other := first.setdefault(each.port, each)) is not each:
            yield Problem(
                what=f"port {each.port} is given twice: to {_words(other)} and to {_words(each)}",
                remedy=f"write another port; the first is at {_place(origin, other)}",
                place=_place(origin, each),
            )


def check_port_base(topology: Topology, origin: Origin, base: int) -> Iterator[Problem]:
    """Yield the Problems of the ports from a first port on."""
    found = list(fixed_ports(topology, base))
    last = max((each.port for each in found if not each.declared), default=base)
    if base not in HOST_PORTS or last not in HOST_PORTS:
        most = base - max(0, last - HOST_PORTS[-1])
        yield Problem(
            what=f"ports from {base} on end with {last}", remedy=f"write a first port from {HOST_PORTS[0]} to {most}"
        )
    counted = {each.port: each for each in found if not each.declared}
    for each in found:
        if each.declared and (other := counted.get(each.port)) is not None:
            yield Problem(
                what=f"port {each.port} of {_words(each)} is also the port of {_words(other)}, from {base} on",
                remedy="choose another first port, or declare another port",
                place=_place(origin, each),
            )


def _words(port: FixedPort) -> str:
    return f"{port.endpoint} of {port.instance}"


def _place(origin: Origin, port: FixedPort) -> Place | None:
    return origin.place("topology", "brokers", port.broker, "ports", port.endpoint, port.place)
