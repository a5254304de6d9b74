"""No verdict is better than the truth where messages come again: by right, or not, beside the kinds of `test_truth`.

A run is made up of one message and clients that break off and come back; docs/verdicts.md says what comes by right.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered, Duplicates
from lab.history import (
    Acknowledged,
    ClientChanged,
    Ended,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
)

from .test_truth import EXAMPLES, none_is_better_than

LAST, CLIENTS = 12, ("a", "b")
ACKS = {"auto": "auto", "ok": "client-individual", "unknown": "client-individual"}


@dataclass(frozen=True, kw_only=True)
class Event:
    client: str
    what: str  # "receives", "receives again" with the broker's mark, "breaks" and comes back


@dataclass(frozen=True, kw_only=True)
class Truth:
    queue: bool
    over: str
    answered: str  # "auto": nobody asks; else what the broker answered to each acknowledgement
    events: tuple[Event, ...]  # one a second, from 2 s on

    @property
    def destination(self) -> str:
        return "queue://q" if self.queue else "topic://t"

    def observations(self) -> tuple[Observation, ...]:
        seen: list[Observation] = [self._subscribed(client, 0) for client in CLIENTS]
        seen += [
            Publishing(
                t=1, step=2, client="p", broker="tokyo", over="stomp", destination=self.destination, count=1,
                persistent=True, body="generated",
            ),
            Sent(t=1, id="2-1"),
            Acknowledged(t=1.01, id="2-1"),
        ]  # fmt: skip
        for t, event in enumerate(self.events, 2):
            to = {"client": event.client, "destination": self.destination, "id": "2-1"}
            if event.what == "breaks":
                seen.append(ClientChanged(t=t, client=event.client, broker="tokyo", state="lost"))
                seen.append(self._subscribed(event.client, t + 0.1))
                continue
            again, pending = event.what == "receives again", self.answered != "auto"
            seen.append(Received(t=t, redelivered=again, pending=pending, **to))
            if pending:
                seen.append(Settled(t=t + 0.1, outcome=SendOutcome(self.answered), **to))
        return (*seen, Ended(t=60, complete=True))

    def _subscribed(self, client: str, t: float) -> Subscribed:
        return Subscribed(
            t=t, client=client, broker="tokyo", over=self.over, destination=self.destination, step=1,
            durable=not self.queue, ack=ACKS[self.answered],
        )  # fmt: skip

    def duplicates(self, client: str | None) -> int | None:
        """Return how many arrivals were no message's first and came by no right, None without an acknowledgement."""
        those = [event for event in self.events if client in (None, event.client) or self.queue]
        arrivals = broke = excused = unanswered = surplus = 0
        broken_since: dict[str, int] = {}  # by client that has received it: its breaks since
        for event in those:
            if event.what == "breaks":
                broken_since.update(
                    {event.client: broken_since[event.client] + 1} if event.client in broken_since else {}
                )
                continue
            broke = sum(broken_since.values()) if self.answered == "auto" and self.over != "stomp" else 0
            if arrivals and unanswered:
                unanswered -= 1
            elif arrivals and event.what == "receives again" and excused < broke:
                excused += 1
            elif arrivals:
                surplus += 1
            arrivals += 1
            unanswered += self.answered == "unknown" and not unanswered
            broken_since.setdefault(event.client, 0)
        mine = any(event.what != "breaks" and client in (None, event.client) for event in self.events)
        return surplus if mine else None

    def true(self, expectation: Expectation) -> bool | None:
        assert isinstance(expectation, Duplicates | Delivered)
        named = list(CLIENTS) if expectation.to is None else list(expectation.to.names)
        found = [self.duplicates(None)] if self.queue and len(named) > 1 else [self.duplicates(each) for each in named]
        if isinstance(expectation, Duplicates):
            judged_ones = [None if each is None else each <= expectation.at_most for each in found]
        else:
            judged_ones = [each == 0 for each in found]  # whoever received nothing lost it
        return False if False in judged_ones else None if None in judged_ones else True


EXPECTED: tuple[Expectation, ...] = (
    *(Duplicates.model_validate({**to, "at-most": most}) for to in ({}, {"to": "a"}) for most in ("0", "1", "2")),
    *(Delivered.model_validate({**to, "promise": "exactly-once", "within": "30s"}) for to in ({}, {"to": "a"})),
)


@st.composite
def _truths(draw: st.DrawFn, *, queue: bool) -> Truth:
    what = st.sampled_from(["receives", "receives again", "receives again", "breaks"])
    events = st.lists(st.builds(Event, client=st.sampled_from(CLIENTS), what=what), max_size=LAST)
    return Truth(
        queue=queue,
        over=draw(st.sampled_from(["mqtt", "amqp", "stomp"])),
        answered=draw(st.sampled_from(["auto", "auto", "ok", "unknown"])),
        events=tuple(draw(events)),
    )


@pytest.mark.parametrize("queue", [False, True], ids=["a topic", "a shared queue"])
@settings(max_examples=2 * EXAMPLES)
@given(data=st.data())
def test_no_verdict_is_better_than_what_came_by_right(queue: bool, data: st.DataObject) -> None:
    truth = data.draw(_truths(queue=queue))
    none_is_better_than(truth.true, EXPECTED, truth.observations())
