"""The expectation `topics-page`: whether a broker's web console lists a topic."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from lab.declare.expectations.base import Expectation
from lab.declare.fields import YesNo
from lab.declare.references import BrokerName, SnapshotName
from lab.declare.steps.flow import END


class TopicsPage(Expectation):
    """The web console of a broker lists a topic, or does not list it."""

    kind: ClassVar[str] = "topics-page"
    depends_on_sending: ClassVar[bool] = True
    broker: BrokerName
    """The broker whose web console is checked."""
    topic: str = Field(min_length=1)
    """The name of the topic."""
    listed: YesNo
    """Whether the topic must be listed."""
    at: SnapshotName = END
    """The snapshot that is checked."""

    @property
    def of_absence(self) -> bool:
        """Return whether it is not to be listed."""
        return not self.listed
