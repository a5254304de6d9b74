"""Checks of steps and expectations about the network, by applying the steps in order.

Actions that AWS, or the lab, would refuse while a scenario runs are reported here, with their places.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from lab.activemq.protocols import ENDPOINTS
from lab.check.context import Context
from lab.declare.scenario import Scenario
from lab.errors import Problem
from lab.network.vpc import INTERNET
from lab.plan.network import network_of

if TYPE_CHECKING:  # a check loads the kinds that a file names
    from lab.declare.expectations.network import Dropped, Reachable
    from lab.declare.steps.network import Try


class NetworkSoFar:
    """The Network after the steps so far, the shortest time that they waited, and the connections that they tried."""

    def __init__(self, scenario: Scenario) -> None:
        self.network = network_of(scenario.topology)
        self.waited = timedelta(0)
        self.tries: dict[str, Try] = {}  # by name


def check_ends(context: Context, connection: Reachable | Dropped | Try) -> Iterator[Problem]:
    """Yield a Problem if no connection can be tried between two ends."""
    if context.unknown & {"source", "to"}:
        return
    brokers, hosts = context.topology.brokers, context.topology.hosts
    if connection.source == INTERNET:
        ports = [each.port for each in ENDPOINTS]
        if connection.port is not None and connection.port not in ports:
            yield context.wrong(
                "port", f"{connection.port} is no endpoint of a broker", f"write one of {', '.join(map(str, ports))}"
            )
    elif (hosts.get(connection.source) or brokers[connection.source]).region == brokers[connection.to].region:
        what = f"{connection.source} and {connection.to} are in one region, whose packets do not pass the router"
        yield context.wrong("to", what, "name brokers of two regions, or internet")
