"""Attempts to reach a broker: the step that makes one which may well fail, and the claim about how they ended."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from lab.activemq.protocols import Over
from lab.declare.expectation import Expectation
from lab.declare.fields import Duration, Name
from lab.declare.step import Addressed, Step


class Connect(Step):
    """A client tries to log in, and leaves at once where it is let in."""

    verb: ClassVar[str] = "connect"
    client: Name
    broker: Name
    over: Over
    user: str | None = None  # the broker's only user when left out; anybody where the password is wrong
    password: Literal["right", "wrong"] = "right"  # no text: then none can stand in a file, a history or a report
    tls: Literal["verified", "untrusted", "wrong-name"] = "verified"
    within: Duration = timedelta(seconds=30)


class Unreachable(Expectation, Addressed):
    """Every attempt of a client, or at a broker, ended in the way that is named."""

    claim: ClassVar[str] = "unreachable"
    client: Name | None = None
    broker: Name | None = None
    over: Over | None = None
    why: Literal["refused", "timed-out", "tls-failed", "not-authorised"]

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.client is None and self.broker is None:
            raise ValueError("say of whom: client, broker, or both")
        if self.topic is not None and self.queue is not None:
            raise ValueError("name one topic or one queue")
        return self
