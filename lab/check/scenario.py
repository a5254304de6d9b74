"""The check of a whole Scenario: names and numbers agree with each other and with Amazon MQ's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.base.suggestions import unknown
from lab.check.configurations import check_configurations
from lab.check.expectations import check_expectations
from lab.check.passwords import check_passwords
from lab.check.service import check_service
from lab.check.steps import check_steps
from lab.check.timing import check_timing
from lab.check.topology import check_topology
from lab.declare.scenario import Scenario
from lab.errors import Place, Problem


def check(scenario: Scenario, *, activemq_version: str | None = None) -> tuple[Problem, ...]:
    """Return every Problem of a scenario, sorted by place; nothing is read, opened or changed.

    `activemq_version` replaces the ActiveMQ releases of the engine versions.

    >>> check(load_named("tokyo-singapore", {}))
    ()
    """
    memory: dict[type, Any] = {}
    found = [
        *check_topology(scenario.topology, scenario.origin, activemq_version),
        *_check_user(scenario),
        *check_passwords(scenario),
        *check_configurations(scenario.topology, scenario.origin, activemq_version),
        *check_steps(scenario, memory),
        *check_timing(scenario),
        *check_service(scenario),
        *check_expectations(scenario, memory),
    ]
    nowhere = Place(file="", line=0, column=0)
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: problem.place or nowhere))


def _check_user(scenario: Scenario) -> Iterator[Problem]:
    """Yield a Problem if no broker has the scenario's user."""
    users = dict.fromkeys(user for broker in scenario.topology.brokers.values() for user in broker.users)
    if scenario.user is not None and scenario.user not in users:
        yield unknown("user", scenario.user, users, "users of the brokers", scenario.origin.place("user"))
