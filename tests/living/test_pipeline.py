"""Messages with acknowledgements in flight: how many, in which order, and what is said of those not accepted."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lab.clients.base import MOST_IN_FLIGHT
from lab.errors import BrokerError, LabTimeout
from lab.history import Acknowledged, Observation, SendOutcome, Sent
from lab.living.client_record import ClientRecord
from lab.living.pipeline import Pipeline
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Outgoing

QUEUE = Destination(kind="queue", name="q")
OK, FAILED, UNKNOWN = SendOutcome.OK, SendOutcome.FAILED, SendOutcome.UNKNOWN


class Broker:
    """A broker that answers when a sender waits, as far as it answers at all."""

    def __init__(self, answer: Callable[[int], SendOutcome | None]) -> None:
        self.answer, self.got, self.events = answer, list[bytes](), list[str]()
        self.turns: list[tuple[Observation, ...]] = []
        self._unanswered: list[Outgoing] = []
        record = SimpleNamespace(
            client="c", broker="b", over="stomp", run="r", now=lambda: 0.0, record=lambda *new: self.turns.append(new)
        )
        clock = SimpleNamespace(now=lambda: 0.0, wait=self._wait)
        self.pipeline = Pipeline(self._make, self._publish, cast(ClientRecord, record), cast(Clock, clock))

    def _make(self, body: bytes) -> Outgoing:
        terms: Any = {"headers": {}, "qos": 1, "persistent": True, "retained": False}
        return Outgoing(id=body.decode(), destination=QUEUE, body=body, **terms)

    def _publish(self, message: Outgoing) -> None:
        self.got.append(message.body)
        self._unanswered.append(message)
        self.events.append("sent")

    def _wait(self, until: Callable[[], bool], seconds: float) -> bool:
        while not until() and self._unanswered:
            message = self._unanswered.pop(0)
            if (outcome := self.answer(int(message.id))) is not None:
                self.events.append("answered")
                self.pipeline.acknowledged(message.id, outcome, "" if outcome is OK else "why")
        return until()


def sent(broker: Broker, count: int, together: int = 1) -> None:
    numbers = range(1, count + 1)
    with broker.pipeline as sending:
        for first in numbers[::together]:
            sending.send([str(number).encode() for number in numbers[first - 1 : first - 1 + together]])
        sending.finish()


@pytest.mark.parametrize("together", [1, 10])
def test_as_many_messages_are_in_flight_as_a_client_may_have_and_no_more(together: int) -> None:
    broker = Broker(lambda number: OK)
    sent(broker, 1000, together)
    assert broker.events.index("answered") == MOST_IN_FLIGHT
    assert broker.got == [str(number).encode() for number in range(1, 1001)]
    assert (broker.pipeline.accepted, broker.pipeline.so_far()) == (1000, "1000 were accepted")


def test_the_history_has_every_message_before_it_is_sent_and_every_outcome() -> None:
    broker = Broker(lambda number: OK)
    sent(broker, 100, 10)
    assert [len(turn) for turn in broker.turns[:10]] == [10] * 10
    seen = [observation for turn in broker.turns for observation in turn]
    kinds = [type(observation) for observation in seen]
    assert (kinds.count(Sent), kinds.count(Acknowledged)) == (100, 100)


def test_after_a_refused_message_no_more_are_sent_and_the_first_is_named() -> None:
    broker = Broker(lambda number: FAILED if number in (7, 300) else OK)
    with pytest.raises(BrokerError) as refused:
        sent(broker, 1000)
    assert len(broker.got) == MOST_IN_FLIGHT
    assert refused.value.what == (
        "message 7: failed, why; of 400 messages 398 were accepted and 2 were not acknowledged, the first is message 7"
    )


def test_of_a_broker_that_is_silent_the_first_message_without_an_answer_is_named() -> None:
    broker = Broker(lambda number: OK if number < 3 else None)
    with pytest.raises(LabTimeout) as silent:
        sent(broker, 5)
    assert silent.value.what == (
        "message 3: no acknowledgement came for 30 s; "
        "of 5 messages 2 were accepted and 3 were not acknowledged, the first is message 3"
    )


def test_what_becomes_known_after_the_block_is_in_the_history() -> None:
    broker = Broker(lambda number: None)
    with pytest.raises(LabTimeout):
        sent(broker, 1)
    assert broker.pipeline.acknowledged("1", UNKNOWN, "the connection was closed")
    (last,) = broker.turns[-1]
    assert isinstance(last, Acknowledged) and last.outcome is UNKNOWN


def test_an_outcome_of_another_message_is_not_taken() -> None:
    assert not Broker(lambda number: OK).pipeline.acknowledged("7", OK)
