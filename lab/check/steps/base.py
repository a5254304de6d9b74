"""What may be wrong with any step: it names a broker that is not there at that time."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.instances import Brokers, missing
from lab.declare.steps.base import Step
from lab.declare.steps.broker import OnBroker
from lab.errors import Problem


def check(context: Context, step: Step) -> Iterator[Problem]:
    """Return the Problem that a step which is not about a broker's life needs one that is not there."""
    its = context.recall(Brokers).named.get(getattr(step, "broker", None) or "")
    if not isinstance(step, OnBroker) and its is not None and its.missing:
        yield missing(context, step, its)
