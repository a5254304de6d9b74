"""What may be wrong with a step on the network: AWS would refuse it, as things stand when its turn comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.check.context import Context
from lab.check.network import NetworkSoFar
from lab.declare.steps.network import OnNetwork
from lab.errors import InputError, Problem


def check(context: Context, step: OnNetwork) -> Iterator[Problem]:
    """Return what AWS would refuse; what it would not is done."""
    so_far = context.recall(NetworkSoFar)
    try:
        so_far.network = step.decide(so_far.network, so_far.waited)
    except InputError as error:
        place = context.place(step.refused_at)
        yield from (replace(problem, place=place) for problem in error.problems)
