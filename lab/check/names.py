"""Check of the topic or queue that a step or a claim names: as ActiveMQ shows it, not as a protocol writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.check.context import Context
from lab.declare.fields import Declared
from lab.errors import Problem

# STOMP's /queue/a and /temp-queue/a; ActiveMQ's queue://a and temp-queue://a, and the short form queue:a.
_STOMP = re.compile(r"/(?:remote-)?(?P<temporary>temp-)?(?P<kind>queue|topic)/(?P<name>.*)", re.DOTALL)
_ACTIVEMQ = re.compile(r"(?P<temporary>temp-)?(?P<kind>queue|topic):(?://)?(?P<name>.*)", re.DOTALL)


def check_names(context: Context, declared: Declared) -> Iterator[Problem]:
    """Yield a Problem for a topic or queue whose name has a protocol's prefix, and note it in `context.unknown`."""
    for field in ("topic", "queue"):
        written = getattr(declared, field, None)
        if isinstance(written, str) and field in type(declared).model_fields:
            for problem in _prefixed(context, field, written):
                context.unknown.add(field)
                yield problem


def _prefixed(context: Context, field: str, written: str) -> Iterator[Problem]:
    """Yield a Problem if a name, or a part of a composite one, has a prefix."""
    names = written.split(",")
    its = next((found for name in names if (found := _STOMP.fullmatch(name) or _ACTIVEMQ.fullmatch(name))), None)
    if its is None:
        return
    if its["temporary"]:
        what = "a temporary destination is its client's own, and has no name before it is made"
        yield context.wrong(field, what, "name one that stays, or let a request step make one: its reply-to")
        return
    what = f"a {field} is named here as ActiveMQ shows it, the same over each protocol"
    right = f"write {its['kind']}: {its['name'] or 'NAME'}"
    if len(names) > 1:
        right = f"write the names of {its['kind']}s alone, parted by commas"
    yield context.wrong(field, what, right)
