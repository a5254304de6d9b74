"""The expectation `network-page`: a row of the Network page in a broker's web console."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.expectations.base import Expectation
from lab.declare.fields import Whole, YesNo
from lab.declare.references import BrokerName
from lab.declare.steps.base import Part


class NetworkPage(Expectation):
    """At the end, a broker's Network page has a row for another broker, with these columns."""

    kind: ClassVar[str] = "network-page"
    rests_on: ClassVar[Part] = ~Part.CLIENTS
    rests_on_watching: ClassVar[bool] = True
    broker: BrokerName
    remote: BrokerName
    created_by_duplex: YesNo | None = None
    # The initiator's row has the port it connected to, the responder's the port the initiator connected from.
    remote_port: Whole | Literal["ephemeral"] | None = None
