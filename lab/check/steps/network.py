"""Checks of the steps on the network: AWS would accept them at their turn, and a connection has ends to try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.check.context import Context
from lab.check.names import wrong_round
from lab.check.network_so_far import NetworkSoFar, check_ends
from lab.check.steps import checks
from lab.declare.expectations.network import END
from lab.declare.steps.base import OnNetwork
from lab.declare.steps.network import Try
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


@checks.register(Try)
def check_try(context: Context, step: Try) -> Iterator[Problem]:
    """Yield the Problems of the ends and the name."""
    yield from check_ends(context, step)
    if wrong := wrong_round(context, step.name, needed=False):
        yield context.wrong("name", *wrong)
    if context.recall(NetworkSoFar).tries.setdefault(step.name, step) is not step or step.name == END:
        what = f"{'mqlab itself tries at the' if step.name == END else 'another try is named'} {step.name}"
        yield context.wrong("name", what, "choose another name")
