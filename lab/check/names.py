"""Check of the topic or queue of a step or an expectation: its name has ActiveMQ's form, not a protocol's."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import as_shown, no_wildcard, prefixed, why_not_as_shown
from lab.check.context import Context
from lab.declare.fields import Declared
from lab.errors import Problem


def check_names(context: Context, declared: Declared) -> Iterator[Problem]:
    """Yield a Problem for a topic or queue that ActiveMQ shows by another name, and note it in `context.unknown`."""
    for field in ("topic", "queue"):
        written = getattr(declared, field, None)
        if not isinstance(written, str) or field not in type(declared).model_fields:
            continue
        what = why_not_as_shown(field, written)
        if not what:
            yield from _look_like_wildcards(context, field, written)
            continue
        context.unknown.add(field)
        its = prefixed(written)
        if its is not None and its.temporary:
            what = "a temporary destination is its client's own, and has no name before it is made"
            yield context.wrong(field, what, "name one that stays, or let a request step make one: its reply-to")
            continue
        first, *others = (f"{kind}: {name or 'NAME'}" for kind, name in as_shown(field, written).items())
        yield context.wrong(field, what, f"write {first}" + "".join(f", and {each} by itself" for each in others))


def _look_like_wildcards(context: Context, field: str, written: str) -> Iterator[Problem]:
    """Yield a Problem for the first part of a name that resembles a wildcard of ActiveMQ."""
    for part in written.split(","):
        if any(wildcard in part for wildcard in "*>") and (reason := no_wildcard(part)):
            context.unknown.add(field)
            yield context.wrong(field, f"{part!r} looks like a wildcard, and is a plain name for ActiveMQ", reason)
            return
