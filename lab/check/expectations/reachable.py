"""Check of the expectation `reachable`: its connection can be tried, and the step it names tries the same."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.network_so_far import check_ends
from lab.declare.expectations.reachable import END, Reachable
from lab.declare.steps.network import Try
from lab.declare.unrolling import in_every_round
from lab.errors import Problem


@checks.register(Reachable)
def check_reachable(context: Context, expectation: Reachable) -> Iterator[Problem]:
    """Yield a Problem if the connection cannot be tried, or if the step named does not try it."""
    yield from check_ends(context, expectation)
    tries = {step.name: step for step in in_every_round(context.scenario.steps) if isinstance(step, Try)}
    tried = tries.get(expectation.at)
    if expectation.at == END:
        return
    if tried is None:
        yield context.missing("at", "try", expectation.at, tries, "names of try steps")
    elif (tried.source, tried.to, tried.port) != (expectation.source, expectation.to, expectation.port):
        what = f"the step {expectation.at} tries a connection from {tried.source} to {tried.to}, port {tried.port}"
        yield context.wrong("at", what, "write the same from, to and port as in the try step")
