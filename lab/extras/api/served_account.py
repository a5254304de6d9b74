"""The state behind the API, as handlers see it: one Protocol for records alone and for a running lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from lab.declare.steps.base import Step
from lab.extras.api.records import Records
from lab.plan.control import Control


class ServedAccount(Protocol):
    """An account of AWS that a server serves. Handlers run one at a time, so that reading and changing are one act."""

    @property
    def control(self) -> Control:
        """Return the account of Amazon MQ and the network as they are now."""
        ...

    @property
    def records(self) -> Records:
        """Return the facts that AWS keeps and the lab has no effect for."""
        ...

    @property
    def now(self) -> datetime:
        """Return the service's time."""
        ...

    def change(self, verb: Callable[[Control, Records], tuple[Control, Records]], summary: str = "") -> None:
        """Keep the outcome of a verb; it is saved before this returns. A refusal of the verb changes nothing.

        The history has the call's operation as a step; `summary` is the step in one line.
        """
        ...

    def do(self, step: Step) -> None:
        """Do a verb that scenarios and commands have too, by the same decision; the history has the door `api`."""
        ...

    def fill(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Create a broker that a topology declares, and return the answer; None where records make a broker.

        The request is one of CreateBroker, with a name that is free in its region.
        """
        ...

    def local_ports(self, broker: str) -> Sequence[Mapping[str, int]]:
        """Return the ports of localhost of each instance of a broker, by the endpoints' names.

        None are returned where brokers are described by AWS's names and ports.
        """
        ...

    def answered(self, broker_id: str) -> None:
        """Take note that the state of a broker, which is in progress, is in an answer."""
        ...

    def hide(self, password: str) -> None:
        """Mask a password in everything that is recorded or logged from now on."""
        ...

    def notice(self, text: str) -> None:
        """Write a line for the user to the server's log."""
        ...
