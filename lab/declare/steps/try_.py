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
    """A connection is tried with real packets, and recorded together with what the network says of it."""

    verb: ClassVar[str] = "try"
    changes = Part.NOTHING
    names = ("name",)
    name: RoundName
    source: OriginName = Field(alias="from")  # a broker, a host, or internet
    to: OtherEndName
    port: Whole = Field(default=OPENWIRE.port, ge=1, le=65535)
    within: Duration = timedelta(seconds=3)  # without an answer by then, the target counts as silent

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"try {self.source} to {self.to}, port {self.port}"
