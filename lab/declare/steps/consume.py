"""The step `consume`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Self

from pydantic import Field, model_validator

from lab.activemq.destinations import destination_of
from lab.activemq.protocols import Over
from lab.base import units
from lab.declare.fields import Duration, Name, Whole, YesNo
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step, check_least


class Consume(Step):
    """Consume messages one by one, from a client's subscription or from a queue."""

    verb: ClassVar[str] = "consume"
    changes = Part.NOTHING  # it says how many it took, and expectations depend on that
    uses_client = True
    client: Name
    """The client that consumes; with `queue`, a new client."""
    count: Whole = Field(default=1, ge=1, le=100_000)
    """The number of messages to consume."""
    within: Duration = timedelta(seconds=10)
    """The maximum time to wait for the messages."""
    ack: YesNo = True
    """Whether the client acknowledges the messages; otherwise they return to the broker."""
    queue: str | None = Field(default=None, min_length=1)
    """The queue that the client connects to for this step (default: the client's own subscription)."""
    broker: BrokerName | None = None
    """The broker that the client connects to; required with `queue`."""
    over: Over | None = None
    """The protocol of the connection, always with TLS; required with `queue`."""
    user: UserName | None = None
    """The user that logs in, valid only with `queue` (default: the broker's only user)."""
    at_least: Whole | None = None
    """The minimum number of messages that the scenario needs (default: `count`)."""

    @property
    def topic(self) -> None:
        """Return None: from a topic, messages can be taken only through a subscription."""
        return

    @model_validator(mode="after")
    def _connects_or_not(self) -> Self:
        beside = [name for name in ("broker", "over", "user") if getattr(self, name) is not None]
        if self.queue is None and beside:
            raise ValueError(
                f"{beside[0]} is only for a consume step with queue; without queue, the step "
                "consumes from a subscription"
            )
        if self.queue is not None and (self.broker is None or self.over is None):
            raise ValueError("a consume step with queue connects by itself: write broker and over too")
        check_least(self.at_least, self.count)
        return self

    @property
    def login(self) -> Login | None:
        """Return the login that the step tries."""
        if self.broker is None or self.over is None:
            return None
        return Login(self.broker, self.over, self.user, self.client, destination_of(self), listens=True)

    def words(self) -> str:
        """Return the step in one line, for people."""
        words = f"{self.client} takes {self.count}"
        words += f" of {destination_of(self)} at {self.broker} over {self.over}" if self.queue is not None else ""
        words += "" if self.ack else " without acknowledging"
        words += f", at least {self.at_least}" if self.at_least is not None else ""
        return f"{words}, within {units.format_duration(self.within)}"
