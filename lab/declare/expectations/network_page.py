"""The expectation `network-page`: a row of the Network page in a broker's web console."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.expectations.base import Expectation
from lab.declare.fields import Whole, YesNo
from lab.declare.references import BrokerName
from lab.declare.steps.base import Part


class NetworkPage(Expectation):
    """The Network page of a broker's web console has a row for another broker when the run ends."""

    kind: ClassVar[str] = "network-page"
    depends_on: ClassVar[Part] = ~Part.CLIENTS
    depends_on_watching: ClassVar[bool] = True
    broker: BrokerName
    """The broker whose web console is checked."""
    remote: BrokerName
    """The broker that the row describes."""
    created_by_duplex: YesNo | None = None
    """The value of the column Created By Duplex (default: any)."""
    # The initiator's row has the port it connected to, the responder's the port the initiator connected from.
    remote_port: Whole | Literal["ephemeral"] | None = None
    """The port of the remote address, or `ephemeral` for a port that is not an endpoint (default: any)."""
