"""The fixed ports of this machine that instances request, and those that another program has."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

from lab.activemq.protocols import ENDPOINTS, Port
from lab.plan.values import InstancePlan

REMEDY = "give another port, or end the process that listens there: ss -ltnp shows it, and mqlab status shows a lab"


def fixed(
    instances: Sequence[InstancePlan], endpoints: Sequence[Port] = ENDPOINTS
) -> Iterator[tuple[InstancePlan, Port, int]]:
    """Yield each fixed port: the instance, its endpoint, and the port of 127.0.0.1."""
    for its in instances:
        for each in endpoints:
            if each.name in its.ports:
                yield its, each, its.ports[each.name]


def taken(instances: Sequence[InstancePlan], endpoints: Sequence[Port] = ENDPOINTS) -> tuple[str, ...]:
    """Return words about each fixed port that another program has now."""
    return tuple(
        f"port {port} of 127.0.0.1, for {each.name} of {its.name}, is taken"
        for its, each, port in fixed(instances, endpoints)
        if not _is_free(port)
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of an earlier lab that are closed, and not yet forgotten, do not keep the router from the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
