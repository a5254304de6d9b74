"""The logins and listeners of a scenario, and the subscriptions of its clients after the steps so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from lab.check.context import Context
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Login, Step
from lab.declare.steps.clients import Subscribe
from lab.declare.unrolling import every_step
from lab.errors import Problem


def logins(scenario: Scenario) -> Sequence[Login]:
    """Return every login that a step tries."""
    return _logins(_ById(scenario.steps))


def listeners(scenario: Scenario) -> Sequence[Login]:
    """Return every login of a client that subscribes to a destination."""
    return [each for each in logins(scenario) if each.listens]


class _ById:
    """Steps as keys by identity: to compare thousands takes as long as to look through them."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def __hash__(self) -> int:
        return id(self.steps)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.steps is self.steps


@lru_cache(maxsize=2)
def _logins(steps: _ById) -> Sequence[Login]:
    """Search the steps for logins once, since most expectations need them."""
    return [login for step in every_step(steps.steps) if (login := step.login) is not None]


class Subscriptions:
    """The subscriptions of each client after the steps so far, and those that brokers keep for disconnected clients."""

    def __init__(self, scenario: Scenario) -> None:
        self.first: dict[str, Subscribe] = {}  # by client, its first subscription, also if ended
        self.now: dict[str, list[Subscribe]] = {}  # by connected client
        self.away: dict[str, list[Subscribe]] = {}  # by disconnected client: the subscriptions kept for it
        self.owners: dict[tuple[str, str], str] = {}  # by broker and client-id: the client


def too_early(context: Context, client: str) -> Problem:
    """Return the Problem that a step names a client that has not subscribed yet."""
    steps = every_step(context.scenario.steps)
    later = any(isinstance(each, Subscribe) and each.client == client for each in steps)
    reason = "subscribes only later" if later else "never subscribes"
    so_far = ", ".join(context.recall(Subscriptions).first) or "none"
    return context.wrong(
        "client", f"the client {client} {reason}", f"add a step subscribe before this step; clients so far: {so_far}"
    )


def check_leaving(context: Context, client: str, *, twice: bool) -> Iterator[Problem]:
    """Yield a Problem if a client cannot leave: it never subscribed, or has left.

    With `twice` it may leave again as long as a broker keeps a subscription for it.
    """
    subscriptions = context.recall(Subscriptions)
    if client not in subscriptions.first:
        yield too_early(context, client)
    elif client not in subscriptions.now and (not twice or subscriptions.away.get(client)):
        yield context.wrong("client", f"the client {client} has gone already", "let it subscribe again first")
