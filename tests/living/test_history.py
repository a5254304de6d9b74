"""What goes into a standing lab's history: verbs by their door, what clients sent and received, marks; no secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from lab.activemq.matching import HEADER, digest
from lab.base.interrupts import Terminated
from lab.declare.steps.service import CreateUser, Reboot
from lab.errors import BrokerError, InputError
from lab.history import (
    Acknowledged,
    Approached,
    ClientChanged,
    Demand,
    Header,
    LogLine,
    Marked,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    StepEnded,
    StepStarted,
    Subscribed,
    Unsubscribed,
    Watched,
    read,
)
from lab.history.shared_file import begin
from lab.living.client_record import ClientRecord, without_id
from lab.living.history import COMMAND, PYTHON, LivingHistory, file_of
from lab.living.monitor_memory import MonitorMemory
from lab.operating import Done
from lab.plan.control import Control
from lab.runtime.messages import Destination, Incoming, Terms
from lab.runtime.state_file import StateFile
from tests.living.live_lab import RUN, LiveLab

PRICES = Destination(kind="topic", name="prices")
HEADER_LINE = Header(
    run="r", scenario="s", seed=1, runtime="memory", started="", declared={"steps": []}, mqlab="0", standing=True
)


def noted(folder: Path) -> StateFile:
    return LiveLab().note.with_fields(folder=str(folder))


@pytest.fixture
def history(tmp_path: Path) -> Iterator[LivingHistory]:
    note = noted(tmp_path)
    begin(file_of(note), HEADER_LINE).close()
    made = LivingHistory(note, iter(range(1000)).__next__, PYTHON)
    yield made
    made.close()


def seen(history: LivingHistory) -> list[Observation]:
    return list(read(history.file.path).observations)


def test_a_verb_is_a_step_with_its_door_and_what_it_told(history: LivingHistory) -> None:
    for failed in ("", "it was killed"):
        with history.step(Reboot(broker="tokyo")) as ended:
            ended.append(Done(control=Control(), failed=failed, note="it took a while"))
    its = {"verb": "reboot", "asked": "reboot broker tokyo", "fields": {"broker": "tokyo", "within": "2m"}}
    assert seen(history) == [
        StepStarted(t=0, step=1, by="python", **its),
        StepEnded(t=1, step=1, note="it took a while"),
        StepStarted(t=2, step=2, by="python", **its),
        StepEnded(t=3, step=2, ok=False, note="it was killed; it took a while"),
    ]


def test_a_verb_that_fails_or_is_interrupted_is_not_done_as_asked(history: LivingHistory) -> None:
    with pytest.raises(BrokerError), history.step(Reboot(broker="tokyo")):
        raise BrokerError("it did not start", "see its log")
    with pytest.raises(KeyboardInterrupt), history.step(Reboot(broker="tokyo")):
        raise KeyboardInterrupt
    with pytest.raises(Terminated), history.step(Reboot(broker="tokyo")):
        raise Terminated(15)
    ends = [(each.ok, each.note) for each in seen(history) if isinstance(each, StepEnded)]
    assert ends == [(False, "it did not start"), (False, "KeyboardInterrupt"), (False, "SIGTERM")]
    assert history.file.interrupted() == ()


def test_a_verb_whose_command_was_killed_is_ended_by_who_comes_next(history: LivingHistory) -> None:
    history.file.step(lambda step: StepStarted(t=0.0, step=step, verb="reboot", asked="reboot", by=COMMAND))
    history.end_interrupted()
    history.end_interrupted()
    assert [each.kind for each in seen(history)] == ["step", "step-ended"]
    assert seen(history)[-1] == StepEnded(t=0, step=1, ok=False, note="its process was killed, or lost the lab")


def test_no_password_of_a_user_is_in_it(history: LivingHistory) -> None:
    user = CreateUser(broker="tokyo", user="audit", password=SecretStr("over-the-ocean-1858"))
    with pytest.raises(BrokerError), history.step(user):
        raise BrokerError("over-the-ocean-1858 is not to be kept")
    assert "1858" not in history.file.path.read_text()


def test_a_mark_is_a_moment(history: LivingHistory) -> None:
    assert history.mark("before") == 0
    assert seen(history) == [Marked(t=0, text="before", by="python")]
    with pytest.raises(InputError, match="a mark needs a text"):
        history.mark(" ")
    assert history.mark("of a moment ago", 0.5) == 0.5


def test_a_lab_of_before_has_no_history_and_says_so(tmp_path: Path) -> None:
    history = LivingHistory(noted(tmp_path), lambda: 0.0, PYTHON)
    with history.step(Reboot(broker="tokyo")):
        history.record(Watched(t=0.0))
    with pytest.raises(InputError, match=r"the history of lab .* has ended"):
        history.mark("before")
    assert list(tmp_path.iterdir()) == []


def incoming(body: bytes, headers: dict[str, str]) -> Incoming:
    return Incoming(destination=PRICES, body=body, headers=headers, retained=False, redelivered=False)


def test_what_a_client_sends_and_hears_is_written_down(history: LivingHistory) -> None:
    ear = ClientRecord(history, "ear", "singapore", "stomp")
    mouth = ClientRecord(history, "mouth", "tokyo", "stomp")
    ear.subscribed(Terms(destination=PRICES, selector="a = 1"))
    terms = {"qos": 1, "persistent": True, "retained": False}
    id, headers = mouth.sending(PRICES, headers={"a": "1"}, **terms)  # type: ignore[arg-type]  # noqa: A001
    mouth.sent(id, b"1.08")
    mouth.acknowledged(id, SendOutcome.OK, "")
    ear.received(incoming(b"1.08", dict(headers)))
    again, _ = mouth.sending(PRICES, headers={"a": "1"}, **terms)  # type: ignore[arg-type]
    other, _ = mouth.sending(PRICES, headers={}, **terms)  # type: ignore[arg-type]
    ear.listening()
    mouth.listening()
    ear.closed()
    ear.listening()
    assert (id, again, other) == ("2-1", "2-2", "3-1")
    moments = iter(range(100))
    assert [(type(each), each.t) for each in seen(history)] == [
        (kind, next(moments))
        for kind in (
            Subscribed, Publishing, Sent, Acknowledged, Received, Publishing, ClientChanged, Unsubscribed,
        )
    ]  # fmt: skip
    assert seen(history)[2] == Sent(t=2, id="2-1", digest=digest(b"1.08"), size=4)
    assert seen(history)[4] == Received(t=4, client="ear", destination="topic://prices", id="2-1")
    assert headers[HEADER] == f"{RUN}/2-1"


def test_a_program_gets_a_message_as_its_sender_wrote_it() -> None:
    assert without_id(incoming(b"1.08", {"a": "1", HEADER: f"{RUN}/2-1"})).headers == {"a": "1"}


def test_a_message_without_headers_is_known_by_its_body(history: LivingHistory) -> None:
    ear = ClientRecord(history, "ear", "singapore", "mqtt")
    ear.received(incoming(b"1.08", {}))
    assert seen(history) == [Received(t=0, client="ear", destination="topic://prices", digest=digest(b"1.08"))]


def test_a_client_that_is_refused_or_lost_is_written_down(history: LivingHistory) -> None:
    ear = ClientRecord(history, "ear", "singapore", "mqtt")
    ear.failed("connect", BrokerError("not authorised", how="not-authorised"), 0.0)
    ear.subscribed(Terms(destination=PRICES))
    ear.lost("the broker closed the connection")
    ear.listening()
    ear.closed()
    first, _, last = seen(history)
    assert isinstance(first, Approached) and (first.what, first.outcome) == ("connect", "not-authorised")
    assert isinstance(last, ClientChanged) and last.state == "lost"


def test_a_monitor_that_comes_later_tells_no_log_line_twice_and_all_demand_anew(history: LivingHistory) -> None:
    line = LogLine(t=3.0, broker="tokyo", level="WARN", text="slow")
    demand = Demand(t=3.0, broker="tokyo", destination="topic://prices", present=True)
    ear = ClientRecord(history, "ear", "singapore", "mqtt")
    ear.subscribed(Terms(destination=PRICES))
    ear.subscribed(Terms(destination=Destination(kind="topic", name="all.>")))
    history.record(Watched(t=2.0), line, demand)
    past = MonitorMemory(history.file.path)
    past.read()
    past.begin(10.0)
    assert (past.watched, past.destinations) == (2.0, (PRICES,))
    assert [past.is_news(each) for each in (demand, demand)] == [True, False]
    assert not past.is_news(LogLine(t=3.1, broker="tokyo", level="WARN", text="slow"))
    assert past.is_news(LogLine(t=3.1, broker="tokyo", level="WARN", text="slower"))
    assert past.is_news(LogLine(t=11.0, broker="tokyo", level="WARN", text="slow"))
    past.close()
