"""Checks of a scenario's expectations: unknown names, and claims that would hold of nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.check.context import Context
from lab.check.names import check_names
from lab.check.references import check_references
from lab.declare.kinds import Find
from lab.declare.scenario import Scenario
from lab.errors import Problem


def check_expectations(scenario: Scenario, memory: dict[type, Any], find: Find) -> Iterator[Problem]:
    """Yield every Problem of the expectations; `memory` is what the checks of the steps collected."""
    for number, claim in enumerate(scenario.expect):
        context = Context(scenario=scenario, path=("expect", number, claim.claim), memory=memory)
        yield from check_references(context, claim)
        yield from check_names(context, claim)
        for check in find(type(claim), __name__, "check"):
            yield from check(context, claim)
