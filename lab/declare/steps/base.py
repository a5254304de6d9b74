"""The base classes of steps: a verb, its fields, an optional time, and the facts that other packages need."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import Enum, Flag, StrEnum, auto
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, PrivateAttr, SecretStr

from lab.base import units
from lab.declare.fields import Declared, Duration, Name, RoundName, YesNo
from lab.declare.references import BrokerName, LinkEnd, LinkName
from lab.link.impairment import Impairment, LinkState

if TYPE_CHECKING:
    from lab.amazonmq.account.account import Account
    from lab.network.vpc import Network
from lab.base.units import format_duration
from lab.declare.fields import ROUND

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


_LONGEST = 150  # characters of two regions and an arrow
_END = r"[A-Za-z0-9][A-Za-z0-9._-]*?"
_ARROW = re.compile(rf"({_END})\s*(<?[-=]*>|<[-=]+|[→⇒↔←])\s*({_END})")


class OnLink(Step):
    """A step that changes a link."""

    changes = Part.LINKS
    brings: ClassVar[LinkState | None] = None  # the state of the link after it; None if it stays the same
    link: LinkName
    """The name of the link: its two regions, joined by a dash."""
    leaving: LinkEnd | None = None
    """The region that the packets of the changed direction leave (default: both directions)."""

    @classmethod
    def shape_error(cls, fields: Any) -> tuple[str, str] | None:
        """Return the error and the remedy for a link with an arrow that is written without its key."""
        right = arrow_remedy(fields) if isinstance(fields, str) else ""
        return (f"{cls.verb} has a link, and a link is named with a dash", right) if right else None

    @property
    def new_impairment(self) -> Impairment | None:
        """Return the impairment of the link after the step; None if it stays the same."""
        return None

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.verb} link {self.link}" + (f" leaving {self.leaving}" if self.leaving is not None else "")


def arrow_remedy(text: str) -> str:
    """Return the remedy for a link that is written with an arrow between its regions; "" for another text."""
    if len(text) > _LONGEST or (parts := _ARROW.fullmatch(text.strip())) is None:
        return ""
    here, arrow, there = parts.groups()
    both = f"write {{link: {here}-{there}}}"
    if arrow[0] == "↔" or ("<" in arrow and ">" in arrow):
        return both
    begin = there if ">" not in arrow and arrow[0] in "<←" else here
    return f"{both} for both directions, or {{link: {here}-{there}, leaving: {begin}}} for this direction"


STARTS_WITHIN = timedelta(seconds=120)
STOPS_WITHIN = timedelta(seconds=20)
Instance = Literal["1", "2", "active", "standby"]


class State(StrEnum):
    """The states of a broker's instance while the steps are done."""

    UP = "running"
    DOWN = "down"
    PAUSED = "paused"
    ABSENT = "not created yet"
    DELETED = "deleted"


# The steps that bring an instance out of a state, into one that other steps need.
_WAYS_OUT: Mapping[State, tuple[str, ...]] = {
    State.UP: ("stop", "kill"),
    State.DOWN: ("start",),
    State.PAUSED: ("resume",),
    State.ABSENT: ("create-broker",),
    State.DELETED: (),
}


class OnBroker(Step):
    """A step on one broker."""

    needs: ClassVar[tuple[State, ...]]  # the states in which the instance may be before
    brings: ClassVar[State | None] = None  # the state after it; None if it stays the same
    target: ClassVar[str] = "a broker"  # in an error
    restarts: ClassVar[bool] = False  # whether the instance ends on the way there
    fault = Fault.BROKER
    changes = Part.BROKERS
    broker: BrokerName
    """The broker that the step acts on."""

    @classmethod
    def shape_error(cls, fields: Any) -> tuple[str, str] | None:
        """Return the error and the remedy for a time that is written in place of the broker."""
        try:
            units.parse_duration(fields if isinstance(fields, str) else "")
        except ValueError:
            return None
        needed = ", ".join(
            f"{field.alias or name}: …" for name, field in cls.model_fields.items() if field.is_required()
        )
        what = f"{cls.verb} acts on {cls.target}, and {fields} is a time"
        return what, f"write - wait: {fields} to wait, or - {cls.verb}: {{{needed}}}"

    def ways_out(self, state: State) -> tuple[str, ...]:
        """Return the steps of which one must be done before this one, if the instance is in such a state."""
        return ("pause",) if state is State.UP and State.PAUSED in self.needs else _WAYS_OUT[state]

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.verb.removesuffix('-broker')} broker {self.broker}"


class OnInstance(OnBroker):
    """A step on one instance of a broker; for a pair, the default is the active instance."""

    target: ClassVar[str] = "the process of a broker"
    instance: Instance | None = None
    """The instance of an active/standby pair (default: the active one)."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        if self.instance is None:
            return super().words()
        named = f"instance {self.instance}" if self.instance in ("1", "2") else f"the {self.instance} instance"
        return f"{self.verb} {named} of broker {self.broker}"


class OnNetwork(Step):
    """A step that changes which VPCs and brokers may talk to each other."""

    fault = Fault.NETWORK
    changes = Part.NETWORK
    refused_at: ClassVar[str] = "peering"  # the field that a refusal is shown at

    @abstractmethod
    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step; raise InputError if EC2 refuses it. `at` is the lab's age."""


class OnAccount(Step):
    """A step that changes the account of Amazon MQ, as a dry run of it shows."""

    configures: ClassVar[bool] = False  # whether a configuration is saved or applied

    @abstractmethod
    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step; raise InputError if Amazon MQ refuses it.

        `machine` is the machine's time, by which the service's clock goes.
        """

    def opens_windows(self, brokers: Collection[str]) -> Collection[str]:
        """Return the brokers whose maintenance window may open at any time after the step."""
        return ()


class OfService(OnAccount):
    """A step that asks Amazon MQ for a change of its records."""

    changes = Part.RECORDS


class OnRecord(OfService):
    """A step that changes Amazon MQ's record of a broker."""

    broker: Name
    """The broker that the step acts on."""


class OfUser(OnRecord):
    """A step that changes a user, from the broker's next reboot on."""

    user: str
    """The name of the user."""

    @property
    def new_password(self) -> SecretStr | None:
        """Return the password that the user has from then on; None if it stays the same."""
        return None


class EntryFields(Declared):
    """The keys of a step's entry other than its verb."""

    at: Duration | None = None
    """The time at which the step starts, counted from the start of the replay."""
    named: RoundName = Field(default="", alias="as")
    """The step's own name, for use in expectations."""
    fails: YesNo = False
    """Whether the step is supposed to fail."""
