"""The steps that say when: at once, again and again, in turns, in the background, until something is so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from lab.declare.fields import Duration, MessageRate, Name, Whole
from lab.declare.step import Addressed, Message, OnLink, Step


class Traffic(Message):
    """Messages are sent in the background, at a rate, while the steps after it are done."""

    verb: ClassVar[str] = "traffic"
    name: Name
    rate: MessageRate
    spread: Literal["even", "exponential"] = "even"  # of the time between two messages
    duration: Duration | None = None  # until told, or the end of the steps, when left out


class EndTraffic(Step):
    """Traffic sends no more, and the receipts of what it sent are awaited."""

    verb: ClassVar[str] = "end-traffic"
    name: Name


class Wait(Step, Addressed):
    """Time passes, or something is waited for."""

    verb: ClassVar[str] = "wait"
    duration: Duration | None = None  # stands alone in a file: wait: 5s
    until: Literal["bridge-up", "demand", "queue-empty", "received"] | None = None
    within: Duration = timedelta(seconds=10)
    connector: str | None = None  # bridge-up
    broker: Name | None = None  # bridge-up (whose connector), demand, queue-empty
    client: Name | None = None  # received
    count: Whole | None = Field(default=None, ge=1)  # received

    @model_validator(mode="before")
    @classmethod
    def _scalar(cls, value: Any) -> Any:
        return {"duration": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fields_of_its_condition(self) -> Self:
        if self.until is None:
            if self.duration is None:
                raise ValueError(f"a wait has a duration alone, as in wait: 5s, or until: {', '.join(_NEEDED)}")
            return self
        if self.duration is not None:
            raise ValueError("a wait with until has no duration: within says how long at most")
        needed, also = _NEEDED[self.until], _ALSO.get(self.until, ())
        if missing := [name for name in needed if getattr(self, name) is None]:
            raise ValueError(f"until: {self.until} needs {' and '.join(missing)}")
        if self.until == "demand" and (self.topic is None) == (self.queue is None):
            raise ValueError("name one topic or one queue")
        unused = self.model_fields_set - {"until", "within", *needed, *also}
        if unused:
            raise ValueError(
                f"until: {self.until} has no {' and no '.join(sorted(unused))}: "
                f"it has {', '.join([*needed, *also, 'within'])}"
            )
        return self

    def written(self) -> Any:
        """Return the duration alone, or the condition."""
        written = super().written()
        return written["duration"] if self.until is None else written


_NEEDED: Mapping[str, tuple[str, ...]] = {
    "bridge-up": ("connector",),
    "demand": ("broker",),
    "queue-empty": ("broker", "queue"),
    "received": ("client", "count"),
}
_ALSO: Mapping[str, tuple[str, ...]] = {"bridge-up": ("broker",), "demand": ("topic", "queue")}


class Flap(Step, OnLink):
    """A link is cut and healed in turns."""

    verb: ClassVar[str] = "flap"
    times: Whole = Field(ge=1, le=10_000)
    down: Duration  # cut for so long
    up: Duration  # healed for so long, before the next cut


class Holding(Step):
    """A step that is made of steps."""

    inside: ClassVar[tuple[str, ...]]  # the path to the inner steps from what stands after the verb
    steps: tuple[Step, ...] = Field(min_length=1)

    @classmethod
    def listed(cls, fields: Any) -> Any:
        """Return the list of inner entries among what stands after the verb, whatever is there."""
        for key in cls.inside:
            fields = fields.get(key) if isinstance(fields, dict) else None
        return fields

    @classmethod
    def holding(cls, fields: Any, steps: tuple[Any, ...]) -> Any:
        """Return what stands after the verb with its inner entries read."""
        return {**fields, "steps": steps} if cls.inside else {"steps": steps}


class Together(Holding):
    """Steps begin at once; done when all are."""

    verb: ClassVar[str] = "together"
    inside: ClassVar[tuple[str, ...]] = ()

    def written(self) -> Any:
        """Return the list of its steps."""
        return [step.entry() for step in self.steps]


class Repeat(Holding):
    """Steps are done one after the other, several times over."""

    verb: ClassVar[str] = "repeat"
    inside: ClassVar[tuple[str, ...]] = ("steps",)
    times: Whole = Field(ge=1, le=10_000)

    def written(self) -> Any:
        """Return its number and the list of its steps."""
        return {"times": self.times, "steps": [step.entry() for step in self.steps]}
