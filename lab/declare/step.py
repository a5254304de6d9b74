"""What all steps of a scenario share: a verb, its fields, perhaps a moment; and what some of them name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator

from lab.activemq.protocols import Over
from lab.declare.fields import Declared, Name, Size, Whole, YesNo
from lab.declare.terms import MessageTerms
from lab.units import format_duration


class Step(Declared):
    """One verb of a scenario."""

    verb: ClassVar[str]
    _at: timedelta | None = PrivateAttr(default=None)  # written beside the verb: a wait has no keys to put it among

    @property
    def at(self) -> timedelta | None:
        """Return the moment it is to begin, since the replay began; None of one that follows the step before it."""
        return self._at

    def beginning(self, at: timedelta | None) -> Self:
        """Return a copy that begins at a moment."""
        copy = self.model_copy()
        copy._at = at
        return copy

    def written(self) -> Any:
        """Return what stands after the verb in a file, defaults too."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def entry(self) -> dict[str, Any]:
        """Return the whole entry as it stands in a list of steps."""
        at = {} if self._at is None else {"at": format_duration(self._at)}
        return {**at, self.verb: self.written()}


class Addressed(Declared):
    """Something that names a topic or a queue."""

    topic: str | None = Field(default=None, min_length=1)
    queue: str | None = Field(default=None, min_length=1)


class OneDestination(Addressed):
    """Something that names exactly one topic or one queue."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.topic is None) == (self.queue is None):
            raise ValueError("name one topic or one queue")
        return self


class Message(Step, OneDestination, MessageTerms):
    """What every step that sends says of its messages."""

    broker: Name
    over: Over
    qos: Whole = Field(default=1, ge=0, le=2)  # MQTT only
    persistent: YesNo = True  # not over MQTT, where QoS decides
    retained: YesNo = False  # MQTT only
    body: str | None = None  # {n} counts from 1; made by the lab when left out
    size: Size | None = None  # of a body that the lab makes
    user: str | None = None


class OnLink(Declared):
    """Something that is done to a link."""

    link: Name
    leaving: Name | None = None  # one direction only: the region it leaves; both when left out
