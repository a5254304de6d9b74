"""Records of attempts to reach a broker, each with its outcome in one word."""

from __future__ import annotations

from lab.clients.refusals import NOT_AUTHORISED, how
from lab.declare.steps.base import Login
from lab.errors import BrokerError, LabTimeout
from lab.history import Approached, SendOutcome
from lab.replay.callbacks import Callbacks
from lab.replay.stage import Stage


def record_failure(
    stage: Stage,
    login: Login,
    client: str,
    what: str,
    error: BrokerError | LabTimeout,
    begun: float,
) -> None:
    """Record an attempt that ended with an error; `begun` is its moment, in seconds since the replay began."""
    record_attempt(stage, login, client, what, error.how, error.what, begun)


def record_unauthorised(stage: Stage, login: Login, client: str, callbacks: Callbacks, begun: float) -> None:
    """Record an attempt to publish if messages were refused because the user lacks a right."""
    why = next(filter(_lacks_a_right, callbacks.notes), None)
    if callbacks.outcomes[SendOutcome.FAILED] and why is not None:
        record_attempt(stage, login, client, "publish", NOT_AUTHORISED, why, begun)


def _lacks_a_right(note: str) -> bool:
    return how(note) == NOT_AUTHORISED


def record_attempt(
    stage: Stage,
    login: Login,
    client: str,
    what: str,
    outcome: str,
    note: str,
    begun: float,
) -> None:
    """Record the outcome of an attempt; `begun` is its moment, in seconds since the replay began."""
    now = stage.now()
    stage.record(
        Approached(
            t=now,
            client=client,
            broker=login.broker,
            over=login.over,
            what=what,
            outcome=outcome,
            took=round(now - begun, 6),
            destination=login.destination or "",
            note=note,
        )
    )
