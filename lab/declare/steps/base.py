"""What all steps of a scenario share: a verb, its fields, perhaps a moment."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, Flag, auto
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import Field, PrivateAttr

from lab.declare.fields import Declared
from lab.units import format_duration


class Fault(Enum):
    """What a step changes of the ways that messages take; expectations count from such a step.

    In the order in which their steps are suggested.
    """

    LINK = "what a link does with packets"
    QUALITY = "how well a link carries packets"
    FLAPPING = "what a link does with packets, over and over"
    BROKER = "whether a broker, or a part of it, runs"
    NETWORK = "who may talk to whom"
    CONFIGURATION = "what a broker is configured to do"
    EXISTENCE = "whether there is a broker"


class Bridges(Flag):
    """What a step may do to bridges; what it cannot bring about is listened for until its time is over."""

    NOTHING = 0
    RAISED = auto()
    DROPPED = auto()


class Login(NamedTuple):
    """A login at a broker that a step tries, and what for."""

    broker: str
    over: str
    user: str | None
    client: str = ""  # none is named by a step that sends
    destination: str | None = None
    listens: bool = False  # to the destination


class Step(Declared):
    """One verb of a scenario.

    What others must know of a kind is said here once, and of each kind by its class.
    """

    verb: ClassVar[str]
    fault: ClassVar[Fault | None] = None
    bridges: ClassVar[Bridges] = Bridges.NOTHING
    goes_on: ClassVar[bool] = False  # beside the steps after it, which begin when it has begun
    uses_client: ClassVar[bool] = False  # its client is one connection, which other steps may use too
    awaits: ClassVar[bool] = False  # where it does not end well, something that was waited for did not come
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

    @property
    def login(self) -> Login | None:
        """Return the login that it tries; None of a step that needs none, or has one already."""
        return None

    @property
    def least(self) -> timedelta:
        """Return the time that it takes at least."""
        return timedelta(0)

    @classmethod
    def misshapen(cls, fields: Any) -> tuple[str, str] | None:
        """Return what is wrong with what stands after the verb, and the remedy; None where the model is to tell."""
        return None

    @classmethod
    def file_schema(cls, its: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of what stands after the verb, made of the model's own."""
        return its

    def words(self) -> str:
        """Return it in one line, for people; no password is ever in it."""
        return self.verb

    def written(self) -> Any:
        """Return what stands after the verb in a file, defaults too."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def entry(self) -> dict[str, Any]:
        """Return the whole entry as it stands in a list of steps."""
        at = {} if self._at is None else {"at": format_duration(self._at)}
        return {**at, self.verb: self.written()}


class Compound(Step):
    """A step that is made of steps."""

    inside: ClassVar[tuple[str, ...]]  # the path to the inner steps from what stands after the verb
    at_once: ClassVar[bool] = False  # its steps all begin when it does; else one begins when the one before it is done
    steps: tuple[Step, ...] = Field(min_length=1)

    @property
    def rounds(self) -> int:
        """Return how many times over its steps are done."""
        return 1

    @classmethod
    def file_schema(cls, its: dict[str, Any]) -> dict[str, Any]:
        """Return the schema with inner steps as they are written: each an entry."""
        entry = {"$ref": "#/$defs/Step"}
        if not cls.inside:
            return {"description": cls.__doc__, "type": "array", "minItems": 1, "items": entry}
        its["properties"]["steps"]["items"] = entry
        return its

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
