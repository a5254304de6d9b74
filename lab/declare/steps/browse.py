"""The step `browse`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from lab.activemq.protocols import Over
from lab.declare.fields import Duration, Name
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step


class Browse(Step):
    """A client looks at the messages of a queue, and takes none."""

    verb: ClassVar[str] = "browse"
    changes = Part.NOTHING
    client: Name
    broker: BrokerName
    queue: str = Field(min_length=1)
    over: Over
    user: UserName | None = None  # the broker's only user when left out
    within: Duration = timedelta(seconds=10)  # the broker's word that it has shown all

    @property
    def topic(self) -> None:
        """Return None: a topic keeps nothing to look at."""
        return

    @property
    def login(self) -> Login:
        """Return the login that the step tries."""
        return Login(self.broker, self.over, self.user, self.client)

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.client} browses queue://{self.queue} at {self.broker} over {self.over}"
