"""Every send gets one outcome, few are in flight, and nobody waits for ever."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from lab.clients import connect
from lab.clients.base import Answers, Browsing, InFlight
from lab.errors import BrokerError, LabTimeout, PlanError
from lab.history import SendOutcome
from lab.runtime.client import Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.messages import Destination, Incoming

OK, FAILED, UNKNOWN = SendOutcome


class Heard:
    def __init__(self) -> None:
        self.told: list[tuple[str, SendOutcome, str]] = []

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        self.told.append((id, outcome, note))

    def received(self, message: Incoming) -> None: ...

    def lost(self, why: str) -> None: ...

    def broke(self, error: Exception) -> None: ...


def test_each_send_gets_its_outcome_once() -> None:
    heard = Heard()
    flights = InFlight(heard, RealClock(), most=10)
    assert flights.enter("1-1")
    assert flights.enter("1-2")
    flights.settle("1-1", OK)
    flights.settle("1-1", FAILED)
    assert flights.end("gone")
    assert not flights.end("gone again")
    flights.settle("1-2", OK)
    assert not flights.enter("1-3")
    assert heard.told == [
        ("1-1", OK, ""),
        ("1-2", UNKNOWN, "no acknowledgement came: gone"),
        ("1-3", FAILED, "not sent: gone"),
    ]


def test_what_a_browser_was_shown_is_not_kept_by_its_client() -> None:
    queue = Destination(kind="queue", name="q")
    browsing = Browsing(queue, RealClock())
    browsing.messages.append(Incoming(queue, b"x", {}, retained=False, redelivered=False))
    browsing.end()
    assert len(browsing.look(1).messages) == 1
    assert browsing.messages == [], "a recording looks every second, and its client stays"


@pytest.mark.parametrize("release", ["receipts", "end"])
def test_a_sender_waits_while_many_are_in_flight(release: str) -> None:
    flights = InFlight(Heard(), RealClock(), most=2)
    flights.enter("1-1")
    flights.await_room()
    flights.enter("1-2")
    waited = threading.Event()

    def wait() -> None:
        flights.await_room()
        waited.set()

    sender = threading.Thread(target=wait)
    sender.start()
    assert not waited.wait(0.05)
    if release == "end":
        flights.end("gone")
    else:
        flights.settle("1-1", OK)
    sender.join(10)
    assert waited.is_set()


def test_a_sender_gives_up_where_no_acknowledgement_comes() -> None:
    flights = InFlight(Heard(), RealClock(), most=1, patience=0.01)
    flights.enter("1-1")
    with pytest.raises(LabTimeout, match=r"no acknowledgement came for 0\.01 s, with 1 messages in flight"):
        flights.await_room()


def test_answers_are_yes_or_no_or_too_late() -> None:
    answers = Answers(RealClock())
    answers.give("a")
    answers.wait("a", "subscribe")
    answers.give("b", "refused")
    with pytest.raises(BrokerError, match="subscribe: refused"):
        answers.wait("b", "subscribe")
    with pytest.raises(LabTimeout, match=r"did not answer for 0\.01 s"):
        answers.wait("c", "subscribe", 0.01)
    answers.gone("the connection was lost")
    with pytest.raises(BrokerError, match="the connection was lost"):
        answers.wait("d", "subscribe")


def test_no_client_speaks_every_protocol() -> None:
    endpoint = Endpoint(
        host="h", port=1, ca_file=Path("ca"), user="u", password=SecretStr("correct-horse"), client_id="c"
    )
    with pytest.raises(PlanError, match="no client speaks 'smtp'"):
        connect("smtp", endpoint, Heard())
    assert "correct-horse" not in f"{endpoint!r} {endpoint}"
