"""The expectations of messages at their receivers: delivered, duplicates, ordered, browsed, answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.activemq.destinations import destination_of
from lab.declare.between import Amount, Portion
from lab.declare.expectations.base import Arrivals, Basis, Expectation
from lab.declare.fields import Duration, Whole
from lab.declare.message_fields import Addressed
from lab.declare.references import BrokerName, BrowserName, EachListener, ListenerName, Listeners, Senders

# How long a lab listens for duplicates after the last expected message, unless an expectation has another time.
QUIET = timedelta(seconds=2)


class ToReceivers(Expectation):
    """An expectation about the messages that some clients, or all subscribers, received."""

    depends_on_messages: ClassVar[bool] = True
    depends_on_sending: ClassVar[bool] = True
    to: EachListener | None = None
    """The clients to check (default: every subscriber of the destination)."""


class Delivered(ToReceivers, Addressed):
    """The published messages reached their subscribers, as often as promised."""

    kind: ClassVar[str] = "delivered"
    to: Listeners | None = None
    """The clients that must receive the messages (default: every subscriber of the destination)."""
    at: BrokerName | None = None
    """The broker at which the clients receive the messages (default: every broker)."""
    senders: Senders = Field(default=(), alias="from")
    """The applications or clients that send the messages (default: every sender)."""
    promise: Literal["exactly-once", "at-least-once", "at-most-once", "nothing"]
    """The guarantee that must hold; `nothing` means that no message may arrive."""
    within: Duration = timedelta(seconds=10)
    """The maximum time from sending to delivery; with `promise: nothing`, the silence after the last send."""
    quiet: Duration | None = None
    """The time for which the lab waits for duplicates after the last expected message (default: 2s)."""
    shares: Mapping[ListenerName, Portion] | None = Field(default=None, min_length=1)
    """The number or percentage of the queue's messages that each subscriber receives, by client."""

    @property
    def of_absence(self) -> bool:
        """Return whether nothing is to come."""
        return self.promise == "nothing"

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict: how a queue is shared depends on windows."""
        return Basis.RULE if self.shares is None else Basis.WINDOW

    @property
    def arrivals(self) -> Arrivals:
        """Return the messages that must arrive, or must not."""
        none = self.promise == "nothing"
        return Arrivals(
            to=self.to,
            destination=destination_of(self),
            within=self.within,
            none=none,
            at=self.at,
            senders=self.senders,
        )

    @property
    def listens_on(self) -> timedelta:
        """Return the time after the last expected message in which a duplicate would break the promise."""
        if self.promise in ("at-least-once", "nothing"):
            return timedelta(0)
        return QUIET if self.quiet is None else self.quiet

    @model_validator(mode="after")
    def _quiet(self) -> Self:
        if self.quiet is not None and self.promise == "at-least-once":
            raise ValueError("quiet is for promises that a duplicate breaks: remove it, or promise exactly-once")
        if self.quiet is not None and self.promise == "nothing":
            raise ValueError("within is already the time in which nothing may arrive: remove quiet")
        return self

    @model_validator(mode="after")
    def _silent(self) -> Self:
        if self.promise == "nothing" and self.to is not None and self.to.any:
            raise ValueError("a promise of nothing applies to all clients: write to: [NAME, NAME]")
        return self

    @model_validator(mode="after")
    def _shared(self) -> Self:
        if self.shares is None:
            return self
        if self.queue is None:
            raise ValueError("the subscribers of a queue have shares, those of a topic have all: name the queue")
        if self.at is not None or self.senders:
            field = "at" if self.at is not None else "from"
            raise ValueError(f"shares apply to all messages of the queue: remove {field}")
        if self.promise == "nothing":
            raise ValueError("a promise of nothing has no shares: remove shares, or write another promise")
        stranger = next((name for name in self.shares if self.to is not None and name not in self.to.names), None)
        if stranger is not None:
            raise ValueError(
                f"the field shares names {stranger}, and the field to does not: add the name there, or remove to"
            )
        return self


class Duplicates(ToReceivers, Addressed):
    """Subscribers received at most the given number of duplicates."""

    kind: ClassVar[str] = "duplicates"
    at_most: Whole = 0
    """The maximum number of duplicates that a subscriber may receive."""
    quiet: Duration | None = None
    """The time for which the lab waits for duplicates after the last expected message (default: 2s)."""

    @property
    def listens_on(self) -> timedelta:
        """Return the time after the last expected message in which a duplicate may arrive."""
        return QUIET if self.quiet is None else self.quiet


class Ordered(ToReceivers, Addressed):
    """Each subscriber received messages in the order in which their producer sent them."""

    kind: ClassVar[str] = "ordered"
    per: Literal["producer"] = "producer"
    """The scope of the order: messages of one producer to one destination."""


class BrowsedExpectation(Expectation):
    """A client saw the given number of messages when it last browsed a queue."""

    kind: ClassVar[str] = "browsed"
    depends_on_sending: ClassVar[bool] = True
    client: BrowserName
    """The client that browsed the queue."""
    count: Amount
    """The number of messages that the client saw, exact or within bounds."""

    @property
    def of_absence(self) -> bool:
        """Return whether zero is an accepted number."""
        return not self.count.at_least


class AnsweredExpectation(Expectation, Addressed):
    """Each accepted request received exactly one answer in time."""

    kind: ClassVar[str] = "answered"
    depends_on_sending: ClassVar[bool] = True
    within: Duration = timedelta(seconds=10)
    """The maximum time from sending a request to receiving its answer."""
