"""Check of the expectation `latency`: messages go in its direction."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.logins import listeners
from lab.declare.expectations.latency import Latency
from lab.declare.unrolling import every_step
from lab.errors import Problem


@checks.register(Latency)
def check_latency(context: Context, expectation: Latency) -> Iterator[Problem]:
    """Yield a Problem if no step publishes at the first broker, or no client subscribes at the second."""
    if expectation.direction is None or "direction" in context.unknown:
        return
    source, target = expectation.direction
    steps = every_step(context.scenario.steps)
    if not any(step.sends_to and step.login is not None and step.login.broker == source for step in steps):
        yield context.wrong("direction", f"no step publishes at {source}", "write [FROM, TO], two brokers")
    if not any(each.broker == target for each in listeners(context.scenario)):
        yield context.wrong("direction", f"no client subscribes at {target}", "write [FROM, TO], two brokers")
