"""Checks of a scenario's expectations: unknown names, and expectations that could never fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lab.check.context import Context
from lab.check.names import check_names
from lab.check.references import check_references
from lab.declare.kinds import Registry
from lab.declare.scenario import Scenario
from lab.errors import Problem

checks: Registry[Callable[[Context, Any], Iterator[Problem]]] = Registry(
    __name__, "forwarding", "logs", "messages", "network", "states", "times"
)


def check_expectations(scenario: Scenario, memory: dict[type, Any]) -> Iterator[Problem]:
    """Yield every Problem of the expectations; the checks of the steps filled `memory` before."""
    for number, expectation in enumerate(scenario.expect):
        context = Context(scenario=scenario, path=("expect", number, expectation.kind), memory=memory)
        yield from check_references(context, expectation)
        yield from check_names(context, expectation)
        for check in checks.of(type(expectation)):
            yield from check(context, expectation)
