"""The base classes of steps: a verb, its fields, an optional time, and the facts that other packages need."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum, Flag, auto
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import Field, PrivateAttr

from lab.base.units import format_duration
from lab.declare.fields import ROUND, Declared

BESIDE_THE_VERB = ("at", "as", "fails")  # the keys of an entry that are of every step


class Fault(Enum):
    """The part of a message's way that a step changes; expectations count their time from such a step.

    The members are in the order in which their steps are suggested.
    """

    LINK = "what a link does with packets"
    QUALITY = "how well a link carries packets"
    FLAPPING = "what a link does with packets, over and over"
    BROKER = "whether a broker, or a part of it, runs"
    NETWORK = "who may talk to whom"
    CONFIGURATION = "what a broker is configured to do"
    EXISTENCE = "whether there is a broker"


OF_ROUTES = (Fault.NETWORK, Fault.CONFIGURATION, Fault.EXISTENCE)  # what the routes between brokers rest on


class Part(Flag):
    """The parts of a lab that steps change, and that expectations depend on."""

    NOTHING = 0
    CLIENTS = auto()  # which client listens where
    LINKS = auto()
    BROKERS = auto()  # whether and how they run, and their connectors
    NETWORK = auto()  # peerings, routes, security groups
    RECORDS = auto()  # what the service has noted of brokers, users and configurations
    ALL = CLIENTS | LINKS | BROKERS | NETWORK | RECORDS


class Bridges(Flag):
    """The effects that a step may have on bridges; an expectation of another effect takes its full time."""

    NOTHING = 0
    RAISED = auto()
    DROPPED = auto()


class Login(NamedTuple):
    """A login at a broker that a step tries, and its purpose."""

    broker: str
    over: str
    user: str | None
    client: str = ""  # empty for a step that sends, which names no client
    destination: str | None = None
    listens: bool = False  # whether the client subscribes to the destination


class Step(Declared):
    """One verb of a scenario; a subclass for each kind states the facts that other packages need."""

    verb: ClassVar[str]
    fault: ClassVar[Fault | None] = None
    bridges: ClassVar[Bridges] = Bridges.NOTHING
    in_background: ClassVar[bool] = False  # the steps after it begin as soon as it has begun
    uses_client: ClassVar[bool] = False  # its client is a connection that other steps may use too
    changes: ClassVar[Part] = Part.ALL  # what is not as the scenario has it, if the step does not do what is asked
    awaits: ClassVar[bool] = False  # if it fails, what it waited for did not come, and what follows came too early
    in_vain: ClassVar[str] = "A step was not done as asked"  # the beginning of the note on one that was not
    names: ClassVar[tuple[str, ...]] = ()  # fields with a name that an expectation uses, and that each round may count
    # All are written beside the verb, since a wait has no fields to put them among.
    _at: timedelta | None = PrivateAttr(default=None)
    _named: str = PrivateAttr(default="")
    _fails: bool = PrivateAttr(default=False)

    @property
    def at(self) -> timedelta | None:
        """Return when the step begins, counted from the replay's beginning; None if it follows the step before it."""
        return self._at

    @property
    def named(self) -> str:
        """Return the step's own name, written as `as` next to its verb; "" without a name."""
        return self._named

    @property
    def fails(self) -> bool:
        """Return whether the scenario has the step fail, written as `fails: yes` beside its verb."""
        return self._fails

    def with_entry(self, *, at: timedelta | None = None, named: str = "", fails: bool = False) -> Self:
        """Return a copy with the keys next to the verb: `at`, from the start of the replay, `as` and `fails`."""
        copy = self.model_copy()
        copy._at, copy._named, copy._fails = at, named, fails
        return copy

    def in_round(self, number: str) -> Self:
        """Return a copy as it is done in a round of a repeat, such as "2" or "2.1": its names have that number."""
        copy = self.model_copy(update={field: getattr(self, field).replace(ROUND, number) for field in self.names})
        copy._named = self._named.replace(ROUND, number)
        return copy

    @property
    def login(self) -> Login | None:
        """Return the login that the step tries; None if it needs none, or uses a connection that is there."""
        return None

    @property
    def sends_to(self) -> tuple[str, ...]:
        """Return the destinations, as ActiveMQ names them, that the step sends messages to."""
        return ()

    @property
    def action(self) -> str:
        """Return the action in words, as it follows "there is nothing to"."""
        return self.verb.removesuffix("-broker")

    @property
    def numbers(self) -> int:
        """Return how many numbers the step takes, with which ids of messages begin."""
        return 1

    @property
    def shortest(self) -> timedelta:
        """Return the shortest time that the step can take."""
        return timedelta(0)

    @classmethod
    def shape_error(cls, fields: Any) -> tuple[str, str] | None:
        """Return an error in the form of the fields, and its remedy; None to leave errors to the model."""
        return None

    @classmethod
    def file_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of the fields as a file has them, made from `schema`, the model's."""
        return schema

    def words(self) -> str:
        """Return the step in one line, for people; without passwords."""
        return self.verb

    def written(self) -> Any:
        """Return the fields as a file has them, defaults included."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def entry(self) -> dict[str, Any]:
        """Return the step as an entry of a list of steps: its verb and fields, and the keys next to the verb."""
        at = {} if self._at is None else {"at": format_duration(self._at)}
        named = {"as": self._named} if self._named else {}
        fails = {"fails": "yes"} if self._fails else {}
        return {**at, **named, **fails, self.verb: self.written()}


def check_least(at_least: int | None, count: int) -> None:
    """Raise ValueError if `at_least` is more than the number of messages."""
    if at_least is not None and at_least > count:
        raise ValueError(f"at-least is at most the number of messages: write {count} or less")


class Compound(Step):
    """A step that is made of steps."""

    inside: ClassVar[tuple[str, ...]]  # the path to the inner steps in the fields
    changes = Part.NOTHING  # its steps do
    at_once: ClassVar[bool] = False  # whether its steps all begin when it does, or one after the other
    steps: tuple[Step, ...] = Field(min_length=1)
    """The steps to run."""

    @property
    def rounds(self) -> int:
        """Return how many times the inner steps are done."""
        return 1

    @classmethod
    def file_schema(cls, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema with inner steps as a file has them: each an entry."""
        entry = {"$ref": "#/$defs/Step"}
        if not cls.inside:
            return {"description": schema["description"], "type": "array", "minItems": 1, "items": entry}
        schema["properties"]["steps"]["items"] = entry
        return schema

    @classmethod
    def inner_entries(cls, fields: Any) -> Any:
        """Return the inner entries in the fields of a file; any value is possible, since none is checked yet."""
        for key in cls.inside:
            fields = fields.get(key) if isinstance(fields, dict) else None
        return fields

    @classmethod
    def with_inner(cls, fields: Any, steps: tuple[Any, ...]) -> Any:
        """Return the fields with steps in the place of the inner entries."""
        return {**fields, "steps": steps} if cls.inside else {"steps": steps}
