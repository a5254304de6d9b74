"""Attempts to reach a broker, each written down with the way it ended, in one word."""

from __future__ import annotations

from lab.clients.refusals import NOT_AUTHORISED, how
from lab.declare.steps.base import Login
from lab.errors import BrokerError, LabTimeout
from lab.history import Approached, SendOutcome
from lab.replay.callbacks import Callbacks
from lab.replay.rehearsal import Rehearsal


def failed(
    rehearsal: Rehearsal,
    login: Login,
    client: str,
    what: str,
    error: BrokerError | LabTimeout,
    begun: float,
) -> None:
    """Write down an attempt that a broker put an end to."""
    record_attempt(rehearsal, login, client, what, error.how, error.what, begun)


def turned_away(rehearsal: Rehearsal, login: Login, client: str, callbacks: Callbacks, begun: float) -> None:
    """Write down that messages were refused because their sender lacks a right, if that is why."""
    why = next(filter(_lacks_a_right, callbacks.notes), None)
    if callbacks.outcomes[SendOutcome.FAILED] and why is not None:
        record_attempt(rehearsal, login, client, "publish", NOT_AUTHORISED, why, begun)


def _lacks_a_right(note: str) -> bool:
    return how(note) == NOT_AUTHORISED


def record_attempt(
    rehearsal: Rehearsal,
    login: Login,
    client: str,
    what: str,
    outcome: str,
    note: str,
    begun: float,
) -> None:
    """Write down how an attempt ended that was begun at a moment of the replay."""
    now = rehearsal.now()
    rehearsal.record(
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
