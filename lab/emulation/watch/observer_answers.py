"""The answers of the observer in a real broker, as text → its events. Pure.

An answer is a line about the buffer, then a line for each event, as docker/broker/observer writes them. Clients
choose parts of these texts, so an answer of another form is an error by name, and never a silent gap.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from lab.dataclass import dataclass
from lab.errors import BrokerError
from lab.runtime.observer_events import Event


class UnreadableError(BrokerError):
    """An observer's answer has another form."""


class Head(Struct, frozen=True, kw_only=True):
    """The first line of an answer: the buffer's state."""

    started: str  # another one after the broker's process has started again, whose events count from 1
    first: int  # the number of the first event that follows
    left: int  # events in the buffer, those that follow among them
    dropped: int  # all that the full buffer has dropped since the start
    now: int  # the broker's clock, ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The buffer's state and the events that were taken from it."""

    head: Head
    events: tuple[Event, ...]


def parse(broker: str, text: object) -> Answer:
    """Return an observer's answer; raise UnreadableError if it has another form."""
    try:
        first, *rest = str(text).split("\n")
        head = msgspec.json.decode(first, type=Head)
        return Answer(head=head, events=tuple(msgspec.json.decode(line, type=Event) for line in rest))
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnreadableError(f"broker {broker}'s observer answered in another form: {error}") from error
