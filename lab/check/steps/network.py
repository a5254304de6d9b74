"""Checks of steps on the network: AWS would accept them in the state of the network at their turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.check.context import Context
from lab.check.network_so_far import NetworkSoFar
from lab.check.steps import checks
from lab.declare.steps.network import OnNetwork
from lab.errors import InputError, Problem


@checks.register(OnNetwork)
def check_network(context: Context, step: OnNetwork) -> Iterator[Problem]:
    """Yield the Problems of a step that AWS would refuse; apply a valid step to the network."""
    so_far = context.recall(NetworkSoFar)
    if step.fails:
        return  # so it changes nothing
    try:
        so_far.network = step.decide(so_far.network, so_far.waited)
    except InputError as error:
        place = context.place(step.refused_at)
        yield from (replace(problem, place=place) for problem in error.problems)
