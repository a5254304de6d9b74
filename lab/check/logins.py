"""What is wrong with how a client logs in."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.declare.steps.connect import Connect
from lab.declare.steps.consume import Consume
from lab.declare.steps.message import Message
from lab.declare.steps.subscribe import Subscribe
from lab.errors import Problem


def check_login(context: Context, step: Subscribe | Message | Consume | Connect) -> Iterator[Problem]:
    """Return the Problem that a broker has several users, and none is named."""
    if step.broker is None or "broker" in context.unknown:
        return
    users = context.topology.brokers[step.broker].users
    if step.user is None and len(users) > 1:
        right = f"add user: one of {', '.join(users)}"
        yield context.wrong("broker", f"{step.broker} has {len(users)} users", right)
