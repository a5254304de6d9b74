"""Claims about what a person would read in a broker's web console: its Network page, and its list of topics."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from lab.declare.counter_claims import END
from lab.declare.expectation import Expectation
from lab.declare.fields import Name, Whole, YesNo


class NetworkPage(Expectation):
    """At the end, a broker's Network page has a row for another broker, with these columns."""

    claim: ClassVar[str] = "network-page"
    broker: Name
    remote: Name
    created_by_duplex: YesNo | None = None
    # The initiator's row names the port it went to, the responder's the one that the initiator came from.
    remote_port: Whole | Literal["ephemeral"] | None = None


class TopicsPage(Expectation):
    """A broker lists a topic, or does not; one is listed as soon as anybody, a bridge too, asks for it."""

    claim: ClassVar[str] = "topics-page"
    broker: Name
    topic: str = Field(min_length=1)
    listed: YesNo
    at: Name = END  # the snapshot that is looked at


CONSOLE_CLAIMS: tuple[type[Expectation], ...] = (NetworkPage, TopicsPage)
