"""A lab's client, connected to an instance over its protocol."""

from __future__ import annotations

from lab.activemq.protocols import ENDPOINTS
from lab.plan.values import InstancePlan
from lab.runtime.client import CONNECT_WITHIN, Client, ClientEvents
from lab.runtime.messages import Approach, Session
from lab.simulation import clients
from lab.simulation.clients.base import Target
from lab.simulation.clock import VirtualClock
from lab.simulation.kernel import Kernel
from lab.simulation.tcp.fabric import Fabric


def connect(
    kernel: Kernel,
    clock: VirtualClock,
    fabric: Fabric,
    over: str,
    to: InstancePlan,
    user: str,
    password: str,
    client_id: str,
    events: ClientEvents,
    session: Session,
    approach: Approach,
) -> Client:
    """Return a connected client; raise as `lab.runtime.lab.Clients.connect` does."""
    target = Target(
        instance=to.name,
        host=to.host_name,
        port=next(each.port for each in ENDPOINTS if over in each.over),
        user=user,
        password=password,
        client_id=client_id,
        tls=approach.tls,
        within=CONNECT_WITHIN if approach.within is None else approach.within,
    )
    return clients.connect(over, kernel, clock, fabric, target, events, session)
