"""The expectation `topics-page`: whether a broker's web console lists a topic."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from lab.declare.expectations.base import Expectation
from lab.declare.fields import YesNo
from lab.declare.references import BrokerName, SnapshotName
from lab.declare.steps.snapshot import END


class TopicsPage(Expectation):
    """A broker lists a topic, or does not; one is listed as soon as a client or a bridge subscribes or sends to it."""

    kind: ClassVar[str] = "topics-page"
    rests_on_sending: ClassVar[bool] = True
    broker: BrokerName
    topic: str = Field(min_length=1)
    listed: YesNo
    at: SnapshotName = END  # the snapshot that is judged

    @property
    def of_absence(self) -> bool:
        """Return whether it is not to be listed."""
        return not self.listed
