"""The expectations of a state that was last seen: of the network, of Amazon MQ's records, of a web console."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.amazonmq.account.broker_record import BrokerState
from lab.declare.between import Amount
from lab.declare.expectations.base import AfterService, Expectation
from lab.declare.fields import Whole, YesNo
from lab.declare.references import BrokerName, ConfigurationName, PeeringName, RouteTableName, SnapshotName
from lab.declare.steps.base import Part
from lab.declare.steps.flow import END
from lab.declare.vpc import Block


class OfNetwork(Expectation):
    """An expectation of the state that a part of the network has when the run ends."""

    of_network: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.NETWORK


class OfRecords(Expectation):
    """An expectation of Amazon MQ's records."""

    of_service: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.RECORDS


class PeeringIs(OfNetwork):
    """A VPC peering is in the given state when the run ends."""

    kind: ClassVar[str] = "peering"
    name: PeeringName
    """The name of the peering."""
    state: Literal["pending-acceptance", "active", "failed", "rejected", "expired", "deleted"]
    """The state of the peering, as AWS names it."""


class RouteIs(OfNetwork):
    """A route is in the given state when the run ends."""

    kind: ClassVar[str] = "route"
    table: RouteTableName
    """The name of the route table."""
    destination: Block
    """The CIDR block of the route."""
    state: Literal["active", "blackhole", "none"]
    """The state of the route; `none` means that the route does not exist."""


class BrokerStateExpectation(OfRecords):
    """Amazon MQ reports the given state for a broker."""

    kind: ClassVar[str] = "broker-state"
    broker: BrokerName
    """The broker whose state is checked."""
    state: BrokerState
    """The state that Amazon MQ must report, for example `RUNNING`."""
    after: AfterService | None = None
    """The step after which the state is checked (default: the end of the run)."""
    during: AfterService | None = None
    """The step during which the broker must have the state at some moment."""

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if self.after is not None and self.during is not None:
            raise ValueError("after and during exclude each other")
        return self


class ConfigurationExpectation(OfRecords):
    """A broker has the given current and pending configuration in Amazon MQ's records."""

    kind: ClassVar[str] = "configuration"
    broker: BrokerName
    """The broker whose record is checked."""
    name: ConfigurationName | None = None
    """The name of the broker's current configuration (default: any)."""
    current: Whole | None = None
    """The revision of the current configuration (default: any)."""
    pending: Whole | Literal["none"] | None = None
    """The revision that waits for a reboot, or `none` (default: any)."""
    after: AfterService | None = None
    """The step after which the record is checked (default: the end of the run)."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.current is None and self.pending is None:
            raise ValueError("nothing is expected: write name, current or pending")
        return self


class UsersExpectation(OfRecords):
    """A user of a broker has the given pending change in Amazon MQ's records."""

    kind: ClassVar[str] = "users"
    broker: BrokerName
    """The broker that the user belongs to."""
    user: str
    """The name of the user."""
    pending: Literal["create", "update", "delete", "none", "no-such-user"]
    """The change that waits for a reboot, `none`, or `no-such-user`."""
    after: AfterService | None = None
    """The step after which the record is checked (default: the end of the run)."""


class WarningsExpectation(OfRecords):
    """Amazon MQ removed the given settings from a configuration when it saved a revision."""

    kind: ClassVar[str] = "warnings"
    configuration: ConfigurationName
    """The name of the configuration."""
    revision: Whole | None = None
    """The number of the revision (default: the last one saved)."""
    count: Amount | None = None
    """The number of removed settings, exact or within bounds."""
    reason: (
        Literal["DISALLOWED_ELEMENT_REMOVED", "DISALLOWED_ATTRIBUTE_REMOVED", "INVALID_ATTRIBUTE_VALUE_REMOVED"] | None
    ) = None
    """The reason of a warning, together with `element` and `attribute`."""
    element: str | None = None
    """The XML element of a warning."""
    attribute: str | None = None
    """The XML attribute of a warning."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.count is None and self.reason is None and self.element is None and self.attribute is None:
            raise ValueError("nothing is expected: write count, reason, element or attribute")
        return self


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


class TopicsPage(Expectation):
    """The web console of a broker lists a topic, or does not list it."""

    kind: ClassVar[str] = "topics-page"
    depends_on_sending: ClassVar[bool] = True
    broker: BrokerName
    """The broker whose web console is checked."""
    topic: str = Field(min_length=1)
    """The name of the topic."""
    listed: YesNo
    """Whether the topic must be listed."""
    at: SnapshotName = END
    """The snapshot that is checked."""

    @property
    def of_absence(self) -> bool:
        """Return whether it is not to be listed."""
        return not self.listed
