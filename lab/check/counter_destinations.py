"""Checks of the destination of an expectation about counters or about demand."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import has_wildcard, hears
from lab.check.context import Context
from lab.check.logins import listeners, logins
from lab.check.message_places import Fed
from lab.check.terms import WHOLE_NAME
from lab.errors import Problem


def check_destination(
    context: Context, wanted: str | None, *, heard: bool = False, or_heard: bool = False
) -> Iterator[Problem]:
    """Yield a Problem if a destination has wildcards or parts, or if it is empty for certain.

    With `heard`: if no step subscribes to it; with `or_heard`: if it is empty and no step subscribes to it.
    """
    if wanted is None:
        return
    field = wanted.partition("://")[0]
    if field in context.unknown:
        return
    one = f"{'demand' if heard else 'a counter'} applies to one destination"
    if has_wildcard(wanted):
        yield context.wrong(field, one, WHOLE_NAME)
        return
    if "," in wanted:
        yield context.wrong(field, one, "write an expectation for each part")
        return
    its = [each for each in logins(context.scenario) if each.destination and each.listens is heard]
    used = sorted({str(each.destination) for each in its})
    listened = heard or or_heard
    if listened and any(hears(str(each.destination), wanted) for each in listeners(context.scenario)):
        return
    fed = context.recall(Fed)
    if fed.may_have_demand(wanted) if heard else fed.may_have(wanted):
        return
    does, done = ("subscribes", "subscribed") if heard else ("publishes", "published")
    what = f"no step {does} to {wanted}, so nothing is expected"
    yield context.wrong(field, what, f"{done} to: {', '.join(used) or 'nothing'}")
