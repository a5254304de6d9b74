"""The base class of steps that send messages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lab import units
from lab.activemq.destinations import destination_of
from lab.activemq.protocols import Over, protocol
from lab.declare.destination_fields import OneDestination
from lab.declare.fields import Size, Whole, YesNo
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step
from lab.declare.terms import MQTT, NOT_MQTT, MessageTerms


class Message(Step, OneDestination, MessageTerms):
    """A step that sends messages."""

    changes = Part.NOTHING  # it says how many it sent, and expectations depend on that
    broker: BrokerName
    over: Over
    qos: Annotated[Whole, MQTT] = Field(default=1, ge=0, le=2)
    persistent: Annotated[YesNo, NOT_MQTT] = True  # over MQTT, QoS decides
    retained: Annotated[YesNo, MQTT] = False
    body: str | None = None  # {n} counts from 1; made by the lab when left out
    size: Size | None = None  # bytes, of a body that the lab makes
    user: UserName | None = None
    at_least: Whole | None = None  # how many a broker must accept for expectations to depend on them; all when left out

    @property
    def login(self) -> Login:
        """Return the login that the step tries."""
        return Login(self.broker, self.over, self.user, destination=destination_of(self))

    @property
    def sends_to(self) -> tuple[str, ...]:
        """Return the destination of the messages."""
        return (destination_of(self) or "",)

    def sending(self) -> str:
        """Return the destination, the broker and the terms of the messages, in words."""
        mqtt = protocol(self.over) == "mqtt"
        how = f"QoS {self.qos}" if mqtt else "persistent" if self.persistent else "non-persistent"
        words = f"to {destination_of(self)} at {self.broker} over {self.over}, {how}"
        words += ", retained" if self.retained else ""
        words += f", group {self.group}" if self.group is not None else ""
        words += f", priority {self.priority}" if self.priority is not None else ""
        words += f", over after {units.format_duration(self.expiry)}" if self.expiry is not None else ""
        words += f", with {', '.join(self.headers)}" if self.headers else ""
        words += f", the body of {self.file.path}" if self.file is not None else ""
        words += f", {units.format_size(self.size)} each" if self.size is not None else ""
        return words + (f", at least {self.at_least}" if self.at_least is not None else "")
