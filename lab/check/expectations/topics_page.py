"""Check of the expectation `topics-page`: a step uses its topic."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.terms import WHOLE_NAME
from lab.declare.expectations.topics_page import TopicsPage
from lab.declare.steps.clients import Subscribe
from lab.declare.unrolling import every_step
from lab.errors import Problem


@checks.register(TopicsPage)
def check_topics_page(context: Context, expectation: TopicsPage) -> Iterator[Problem]:
    """Yield a Problem if the topic is a wildcard, or if no step uses it."""
    wanted, steps = f"topic://{expectation.topic}", every_step(context.scenario.steps)
    used = sorted(
        {
            destination
            for step in steps
            for destination in ((destination_of(step) or "",) if isinstance(step, Subscribe) else step.sends_to)
        }
    )
    if "topic" in context.unknown:
        return
    if has_wildcard(wanted):
        yield context.wrong("topic", "a console lists topics by name", WHOLE_NAME)
    elif not any(hears(each, wanted) for each in used):
        what = f"no step uses {wanted}, so nothing is expected"
        yield context.wrong(
            "topic", what, f"add a step that uses it, or name another topic; used: {', '.join(used) or 'nothing'}"
        )
