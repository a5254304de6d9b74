"""Checks of the step `end-traffic`: traffic of that name goes on."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.steps import checks
from lab.check.steps.traffic import Flows
from lab.declare.steps.end_traffic import EndTraffic
from lab.declare.steps.traffic import Traffic
from lab.declare.unrolling import every_step
from lab.errors import Problem


@checks.register(EndTraffic)
def check_end_traffic(context: Context, step: EndTraffic) -> Iterator[Problem]:
    """Yield a Problem if no traffic of that name goes on at that time."""
    flows = context.recall(Flows)
    going_on = flows.going_on | flows.timed
    if step.name not in going_on:
        names = {each.name for each in every_step(context.scenario.steps) if isinstance(each, Traffic)}
        if step.name in flows.known:
            reason = "has been ended before"
        else:
            reason = "begins only later" if step.name in names else "never begins"
        act = "remove this step" if step.name in flows.known else "add a step traffic before this step"
        right = f"{act}, or name another; traffic that goes on here: {', '.join(sorted(going_on)) or 'none'}"
        yield context.wrong("name", f"traffic named {step.name} {reason}", right)
    flows.going_on.discard(step.name)
    flows.timed.discard(step.name)
