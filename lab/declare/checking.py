"""Whether the names and numbers of a Scenario agree with each other, and with what Amazon MQ takes.

Every Problem of every part, sorted by place; nothing is read, opened or changed.
"""

from __future__ import annotations

from lab.declare.broker_checks import check_broker_steps
from lab.declare.configuration_checks import check_configurations
from lab.declare.console_checks import check_console
from lab.declare.counter_checks import check_snapshots
from lab.declare.expectation_checks import check_expectations
from lab.declare.scenario import Scenario
from lab.declare.service_checks import check_service
from lab.declare.step_checks import check_steps
from lab.declare.timing_checks import check_timing
from lab.declare.topology_checks import check_topology
from lab.declare.vpc_checks import check_network
from lab.errors import Place, Problem


def check(scenario: Scenario, *, activemq_version: str | None = None) -> tuple[Problem, ...]:
    """Return every Problem of a scenario; an ActiveMQ version handed in stands for what the engine versions ask for."""
    found = [
        *check_topology(scenario.topology, scenario.origin, activemq_version),
        *check_configurations(scenario.topology, scenario.origin, activemq_version),
        *check_steps(scenario),
        *check_timing(scenario),
        *check_broker_steps(scenario),
        *check_service(scenario),
        *check_snapshots(scenario),
        *check_expectations(scenario),
        *check_console(scenario),
        *check_network(scenario),
    ]
    nowhere = Place(file="", line=0, column=0)
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: problem.place or nowhere))
