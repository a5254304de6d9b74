"""Who listens when, as the steps leave it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.declare.scenario import Scenario
from lab.declare.steps.subscribe import Subscribe
from lab.declare.unrolling import every_step
from lab.errors import Problem


class Listening:
    """What each client listens to, and what is kept for those that have gone."""

    def __init__(self, scenario: Scenario) -> None:
        self.first: dict[str, Subscribe] = {}  # by client, whether it listens still or not
        self.now: dict[str, list[Subscribe]] = {}  # by client that is there: what it listens to
        self.away: dict[str, list[Subscribe]] = {}  # by client that has gone: what is kept for it
        self.owners: dict[tuple[str, str], str] = {}  # by broker and client-id: the client


def too_early(context: Context, client: str) -> Problem:
    """Return the Problem that a step names a client that does not listen yet."""
    steps = every_step(context.scenario.steps)
    later = any(isinstance(each, Subscribe) and each.client == client for each in steps)
    reason = "subscribes only later" if later else "never subscribes"
    so_far = ", ".join(context.recall(Listening).first) or "none"
    return context.wrong("client", f"the client {client} {reason}", f"clients so far: {so_far}")


def leave(context: Context, client: str, *, twice: bool) -> Iterator[Problem]:
    """Return the Problem that a client cannot go: it never came, or is away; `twice` where it may go though kept."""
    listening = context.recall(Listening)
    if client not in listening.first:
        yield too_early(context, client)
    elif client not in listening.now and (not twice or listening.away.get(client)):
        yield context.wrong("client", f"the client {client} has gone already", "let it subscribe again first")
