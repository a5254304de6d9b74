"""Check of the topic or queue that a step or a claim names: as ActiveMQ shows it, not as a protocol writes it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import prefixed
from lab.check.context import Context
from lab.declare.fields import Declared
from lab.errors import Problem


def check_names(context: Context, declared: Declared) -> Iterator[Problem]:
    """Yield a Problem for a topic or queue whose name has a protocol's prefix, and note it in `context.unknown`."""
    for field in ("topic", "queue"):
        written = getattr(declared, field, None)
        if not isinstance(written, str) or field not in type(declared).model_fields:
            continue
        its = prefixed(written)
        if its is None:
            continue
        context.unknown.add(field)
        if its.temporary:
            what = "a temporary destination is its client's own, and has no name before it is made"
            yield context.wrong(field, what, "name one that stays, or let a request step make one: its reply-to")
            continue
        what = f"a {field} is named here as ActiveMQ shows it, the same over each protocol"
        several = f"write the names of {its.kind}s alone, parted by commas"
        yield context.wrong(field, what, several if "," in written else f"write {its.kind}: {its.name or 'NAME'}")
