"""Check of the expectation `answered`: there are requests."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, hears
from lab.check.context import Context
from lab.check.expectations import checks
from lab.declare.expectations.answered import AnsweredExpectation
from lab.declare.steps.messages import Request
from lab.declare.unrolling import every_step
from lab.errors import Problem


@checks.register(AnsweredExpectation)
def check_answered(context: Context, expectation: AnsweredExpectation) -> Iterator[Problem]:
    """Yield a Problem if no request step sends to the destination expected, or to any."""
    if expectation.topic is not None and expectation.queue is not None:
        yield context.wrong("queue", "both topic and queue are given", "remove one, or write two expectations")
        return
    wanted = destination_of(expectation)
    requests = [each for each in every_step(context.scenario.steps) if isinstance(each, Request)]
    asked = sorted({destination_of(each) or "" for each in requests})
    if any(wanted is None or hears(wanted, each) for each in asked):
        return
    what = "no request is sent" + ("" if wanted is None else f" to {wanted}")
    right = f"add a step request, or name another destination; requests go to: {', '.join(asked) or 'nothing'}"
    yield context.whole(f"{what}, so nothing is expected", right)
