"""What every expectation is: one claim, with fields; and what others must know of a kind, as facts on its class.

A kind is a file of its claim's name here, and beside it `lab.check.expectations` (what is wrong with one) and
`lab.judge.claims` (how it is judged) have a file of the same name.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from lab.declare.fields import Declared, Receivers
from lab.declare.references import Reference, Thing
from lab.declare.steps import STEPS
from lab.declare.steps.base import Fault
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.service import OfService
from lab.declare.steps.subscribe import Subscribe
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.declare.steps.wait import Wait

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .+/>-]*")

_FAULTS = tuple(step.verb for fault in Fault for step in STEPS if step.fault is fault)
_SERVICE = tuple(step.verb for step in STEPS if issubclass(step, OfService))
# The verbs that a claim can count from; of several such steps, the last one is meant.
if TYPE_CHECKING:
    After = str
    AfterDemand = str
    AfterService = str
else:
    After = Literal[_FAULTS]
    AfterDemand = Literal[(*_FAULTS, Subscribe.verb, Unsubscribe.verb)]
    AfterService = Annotated[
        Literal[(*_SERVICE, Reboot.verb, Wait.verb)], Reference(Thing.STEP, needs="broker", instead="remove it")
    ]


class Term(NamedTuple):
    """The time from the last step of a verb in which a claim may come true."""

    after: str
    within: timedelta

    @classmethod
    def of(cls, after: str | None, within: timedelta | None) -> Term | None:
        """Return the term of a claim that has both; None of another one."""
        return None if after is None or within is None else cls(after, within)


class Arrivals(NamedTuple):
    """Which messages a claim is about, and how long after its sending each may take."""

    to: Receivers | None  # every subscriber when None
    destination: str | None  # any when None
    within: timedelta
    none: bool  # what is claimed is that nothing arrives


class Attempt(NamedTuple):
    """A connection that a claim wants to be tried."""

    source: str
    target: str
    port: int


class Expectation(Declared):
    """One claim about what the history will show."""

    claim: ClassVar[str]
    of_network: ClassVar[bool] = False  # its history begins with the peerings, routes and rules that there are
    of_service: ClassVar[bool] = False  # its history holds what the service keeps of the brokers
    rests_on_messages: ClassVar[bool] = False  # nothing of it can come any more once no message is owed to anybody
    rests_on_watching: ClassVar[bool] = False  # it rests on what somebody saw who watched the brokers

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Return the names of the snapshots that are looked at."""
        return ()

    @property
    def attempt(self) -> Attempt | None:
        """Return the connection that is to be tried when everything else is over."""
        return None

    @property
    def watched(self) -> tuple[str, str] | None:
        """Return the broker and the destination whose demand is to be watched from the beginning."""
        return None

    @property
    def arrivals(self) -> Arrivals | None:
        """Return the messages that are waited for, each for so long after its sending."""
        return None

    @property
    def term(self) -> Term | None:
        """Return for how long after which step a lab listens on for it, where nothing says earlier that it holds."""
        return None

    def written(self) -> Any:
        """Return what stands after the claim in a file, defaults too."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def words(self) -> str:
        """Return it in one line, as a person writes it, without what has its default."""
        return f"{self.claim}: {_flow(self.model_dump(mode='json', by_alias=True, exclude_defaults=True))}"


def _flow(value: object) -> str:
    """Write a value as YAML does in one line; a list of one is written as that one."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        items = [_flow(item) for item in value]
        return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
