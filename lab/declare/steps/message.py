"""What every step that sends says of its messages."""

from __future__ import annotations

from pydantic import Field

from lab.activemq.protocols import Over
from lab.declare.addressed import OneDestination
from lab.declare.fields import Size, Whole, YesNo
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Step
from lab.declare.terms import MessageTerms


class Message(Step, OneDestination, MessageTerms):
    """What every step that sends says of its messages."""

    broker: BrokerName
    over: Over
    qos: Whole = Field(default=1, ge=0, le=2)  # MQTT only
    persistent: YesNo = True  # not over MQTT, where QoS decides
    retained: YesNo = False  # MQTT only
    body: str | None = None  # {n} counts from 1; made by the lab when left out
    size: Size | None = None  # of a body that the lab makes
    user: UserName | None = None
