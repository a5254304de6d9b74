"""The step `try`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from lab.activemq.protocols import OPENWIRE
from lab.declare.fields import Duration, RoundName, Whole
from lab.declare.references import OriginName, OtherEndName
from lab.declare.steps.base import Part, Step


class Try(Step):
    """Try to open a connection, and record the outcome with the decision of the network rules."""

    verb: ClassVar[str] = "try"
    changes = Part.NOTHING
    names = ("name",)
    name: RoundName
    """The name of the attempt, for use in expectations."""
    source: OriginName = Field(alias="from")
    """The endpoint that connects: a broker, a host, or `internet`."""
    to: OtherEndName
    """The broker that the connection is made to."""
    port: Whole = Field(default=OPENWIRE.port, ge=1, le=65535)
    """The port that the connection is made to."""
    within: Duration = timedelta(seconds=3)
    """The maximum time to wait for an answer, after which the outcome is `silent`."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"try {self.source} to {self.to}, port {self.port}"
