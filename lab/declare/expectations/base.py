"""The base class of expectations: its fields, and the facts about each kind that other packages need.

A kind is a class in the file of its family here. `lab.check.expectations` (its mistakes) and `lab.judge.expectations`
(its judge) have files of the same families.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from lab.declare.fields import Declared, Name, Receivers
from lab.declare.references import Reference, Thing, references
from lab.declare.steps import STEPS
from lab.declare.steps.base import Fault, OfService, Part, Step

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .+/>%-]*")


def is_fault(kind: type[Step]) -> bool:
    """Return whether steps of a kind change a part of a message's way."""
    return kind.fault is not None


def may_change_demand(kind: type[Step]) -> bool:
    """Return whether demand may come or go after steps of a kind."""
    return is_fault(kind) or kind.verb in ("subscribe", "unsubscribe")


def is_of_service(kind: type[Step]) -> bool:
    """Return whether steps of a kind may change Amazon MQ's records."""
    return issubclass(kind, OfService) or kind.verb in ("reboot", "wait")


class StepName(NamedTuple):
    """The schema of a field that names a step: by a verb of some kinds, or by the step's own name."""

    kinds: Callable[[type[Step]], bool]

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        order = (*Fault, None)  # those of no fault come last
        its = sorted(filter(self.kinds, STEPS.values()), key=lambda kind: order.index(kind.fault))
        return {"anyOf": [{"enum": [kind.verb for kind in its]}, handler(schema)]}


# The steps that an expectation can count from: by verb, of which the last one is meant, or by a name of their own.
After = Annotated[Name, StepName(is_fault)]
AfterDemand = Annotated[Name, StepName(may_change_demand)]
AfterService = Annotated[
    Name, StepName(is_of_service), Reference(Thing.STEP, kinds=is_of_service, needs="broker", instead="remove it")
]


class Basis(StrEnum):
    """The basis of a simulated verdict: the part of the models that it depends on, the surest first."""

    RULE = "rule"  # whether something can happen at all
    TIMER = "timer"  # when ActiveMQ and TCP give up, try again, or let something expire
    WINDOW = "window arithmetic"  # delay, rate, windows and prefetches
    CALIBRATED = "calibrated"  # times that depend on the host
    CHANCE = "chance"  # another seed, or real brokers at another time, may decide otherwise


class Term(NamedTuple):
    """The time after a step in which an expectation may be met; the step is given by its name, or by its verb."""

    after: str
    within: timedelta

    @classmethod
    def of(cls, after: str | None, within: timedelta | None) -> Term | None:
        """Return the term of an expectation that has both fields, else None."""
        return None if after is None or within is None else cls(after, within)


def check_together(within: timedelta | None, after: str | None) -> None:
    """Raise ValueError unless an expectation has both fields of a term, or neither."""
    if (within is None) != (after is None):
        raise ValueError("within and after go together")


class Arrivals(NamedTuple):
    """The messages that an expectation covers, and the maximum time from the sending to the delivery of each."""

    to: Receivers | None  # every subscriber when None
    destination: str | None  # any when None
    within: timedelta = timedelta(0)
    none: bool = False  # whether the expectation is that nothing arrives
    of_a_step: bool = False  # whether the time is that of all messages of a step together
    at: str | None = None  # the broker of the receivers; any when None
    senders: tuple[str, ...] = ()  # the clients that send the messages; any when empty

    def are_for(self, client: str, broker: str) -> bool:
        """Return whether a client at a broker is one of the receivers."""
        return (self.to is None or client in self.to.names) and self.at in (None, broker)

    def are_from(self, client: str) -> bool:
        """Return whether a client is one of the senders."""
        return not self.senders or client in self.senders


class Attempt(NamedTuple):
    """A connection that a replay tries for an expectation."""

    source: str
    target: str
    port: int


class LogLines(NamedTuple):
    """The lines of a broker's log that an expectation covers."""

    broker: str
    matches: str  # a pattern's name, or a regular expression
    counted: bool  # whether one that is missing would make the expectation true


class Expectation(Declared):
    """One expectation of a scenario, which a history passes or fails."""

    kind: ClassVar[str]
    of_network: ClassVar[bool] = False  # its history begins with the state of peerings, routes and rules
    of_service: ClassVar[bool] = False  # its history holds the service's records of the brokers
    depends_on_messages: ClassVar[bool] = False  # it is decided once no message is expected any more
    depends_on_sending: ClassVar[bool] = False  # it is unknown if a step sent or took less than the scenario needs
    depends_on_watching: ClassVar[bool] = False  # it needs the brokers to be watched
    basis_without_term: ClassVar[Basis] = Basis.RULE  # of a simulated verdict, if it has no time after a step
    depends_on: ClassVar[Part] = Part.ALL  # it is unknown if a step did not change one of these as the scenario has it

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Return the names of the snapshots in the expectation's fields."""
        return self._named(Thing.SNAPSHOT)

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the names of the steps in the expectation's fields: verbs, or the steps' own names."""
        return self._named(Thing.STEP)

    def _named(self, thing: Thing) -> tuple[str, ...]:
        named = [getattr(self, field) for field, reference in references(type(self)) if reference.to is thing]
        return tuple(name for value in named for name in ((value,) if isinstance(value, str) else value or ()))

    @property
    def of_speed(self) -> bool:
        """Return whether a lower rate makes the expectation easier to meet, because messages and steps are faster."""
        return False

    @property
    def basis(self) -> Basis:
        """Return the basis of a simulated verdict, as far as the expectation alone determines it."""
        return self.basis_without_term if self.term is None else Basis.TIMER

    @property
    def attempt(self) -> Attempt | None:
        """Return the connection to try at the end, or None."""
        return None

    @property
    def watched(self) -> tuple[str, str] | None:
        """Return the broker and the destination whose demand is watched from the start, or None."""
        return None

    @property
    def arrivals(self) -> Arrivals | None:
        """Return the messages to wait for, each for a time after its sending, or None."""
        return None

    @property
    def of_absence(self) -> bool:
        """Return whether the expectation is that an event does not happen, even because it cannot happen."""
        return False

    @property
    def log_lines(self) -> LogLines | None:
        """Return the lines of a log that the expectation covers, or None."""
        return None

    @property
    def of_process(self) -> tuple[str, ...]:
        """Return the fields that depend on a broker's process, such as its memory."""
        return ()

    @property
    def listens_on(self) -> timedelta:
        """Return the time for which a lab listens after the last expected message, in case a message arrives twice."""
        return timedelta(0)

    @property
    def term(self) -> Term | None:
        """Return the time after a step for which a lab listens, or until the expectation is met; or None."""
        return None

    def written(self) -> Any:
        """Return the expectation's value as a scenario file has it, with defaults."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def words(self) -> str:
        """Return the expectation in one line, as in a scenario file, without defaults."""
        return f"{self.kind}: {_flow(self.model_dump(mode='json', by_alias=True, exclude_defaults=True))}"


def _flow(raw: object) -> str:
    """Return a value as YAML in one line; a list of one item is written as that item."""
    if isinstance(raw, dict):
        return f"{{{', '.join(f'{key}: {_flow(each)}' for key, each in raw.items())}}}"
    if isinstance(raw, list):
        items = [_flow(item) for item in raw]
        return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
    text = str(raw)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
