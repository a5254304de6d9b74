"""A lab that stands, for programs: verbs take words and turns, and what is wrong is refused in the lab's own errors."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.declare.steps.links import Impair
from lab.declare.steps.messages import Publish
from lab.declare.steps.service import CreateConfiguration, CreateUser, MoveClock
from lab.emulation.lab import EmulatedLab
from lab.errors import InputError, LabTimeout
from lab.history import BrokerChanged, Header, SendOutcome
from lab.history.shared_file import begin
from lab.living.client_record import ClientRecord
from lab.living.conversation import Conversation, destination
from lab.living.history import file_of
from lab.living.lab import Live
from lab.runtime import state_file as state_files
from lab.runtime.client import ClientEvents
from lab.runtime.clock import RealClock
from lab.runtime.lab import Silent
from lab.runtime.messages import Incoming, Outgoing
from lab.runtime.progress import Logged
from tests.command import Commands
from tests.living.live_lab import LiveLab
from tests.living.notes import noted


def test_verbs_take_words() -> None:
    lab = LiveLab()
    live = lab.live
    live.authorize_ingress("default-tokyo", cidr="10.2.0.0/16", port=61617)
    assert "tcp 61617 10.2.0.0/16" in [str(each) for each in live.network.group("default-tokyo").inbound]
    live.revoke_ingress("default-tokyo", cidr="10.2.0.0/16", port="61617")
    live.update_broker("tokyo", window="sunday 03:00 Asia/Tokyo")
    assert str(live.account.broker("tokyo").window) == "sunday 03:00 Asia/Tokyo"
    live.create_user("tokyo", "audit", "over-the-ocean-1858")
    password = lab.password("tokyo", "audit")
    assert "1858" not in str(password) and password.get_secret_value() == "over-the-ocean-1858"
    table = live.network.route_tables[0].name
    live.delete_route(table, str(live.network.route_table(table).routes[0].destination))
    assert live.network.route_table(table).routes == ()


def test_a_link_that_is_changed_is_returned_with_the_moment() -> None:
    lab = LiveLab()
    one, other = lab.live.cut(leaving="tokyo")
    assert (one.leaving, one.state, other.state) == ("tokyo", "cut", "open")
    assert one.changed is not None and one.to_dict()["t"] == one.changed
    assert other.changed is None and "t" not in other.to_dict()
    assert [each.changed for each in lab.live.links()] == [None, None]


@pytest.mark.parametrize(
    "word", ["singapore-configuration", "tokyo-singapore", "exactly-once", "ledger-of-tokyo", "all-auditors"]
)
def test_a_password_that_is_a_word_of_the_lab_is_refused_without_being_quoted(word: str, tmp_path: Path) -> None:
    lab = LiveLab()
    lab.note = lab.note.with_fields(folder=str(tmp_path))
    declared = load(shipped("scenarios") / "tokyo-singapore.yaml", environment={}).declared()
    header = Header(
        run="r", scenario="s", seed=1, runtime="memory", started="", declared={**declared, "steps": []}, mqlab="0"
    )
    begin(file_of(lab.note), header).close()
    live = lab.live
    with pytest.raises(InputError, match="this password is also a name or a word of the lab") as refused:
        live.create_user("tokyo", "ledger-of-tokyo", word, groups=("all-auditors",))
    assert word not in str(refused.value)
    live.create_user("tokyo", "ledger-of-tokyo", "over-the-ocean-1858", groups=("all-auditors",))
    with pytest.raises(InputError, match="this password is also a name or a word of the lab"):
        live.update_user("tokyo", "testuser", password=word)


def test_a_password_that_a_text_repeats_is_refused_where_it_stands_again() -> None:
    live = LiveLab().live
    text = '<broker xmlns="http://activemq.apache.org/schema/core">\n<!-- {0} -->{1}</broker>'
    connectors = '<networkConnectors><networkConnector name="c" password="of-a-connector-7"/></networkConnectors>'
    with pytest.raises(InputError) as refused:
        live.update_configuration("tokyo-configuration", text.format("of-a-&#99;onnector-7", connectors), file="x.xml")
    assert str(refused.value).startswith(
        "x.xml:2:1: the text here has a password from an element that the service removes"
    )
    assert "onnector-7" not in str(refused.value)
    live.update_configuration("tokyo-configuration", text.format("it is named once", connectors))


def test_a_verb_is_done_as_a_value_too_by_a_name_or_an_id() -> None:
    lab = LiveLab()
    live = lab.live
    its = live.account.broker("tokyo").broker_id
    done = live.do(CreateUser(broker=its, user="audit", password="over-the-ocean-1858"))
    assert done.note == "it waits for a reboot"
    assert lab.password("tokyo", "audit").get_secret_value() == "over-the-ocean-1858"
    live.update_broker("tokyo", window="sunday 03:00 Asia/Tokyo", revision=1)
    assert str(live.account.broker("tokyo").window) == "sunday 03:00 Asia/Tokyo"
    opens = live.account.broker("tokyo").window.opens_after(live.now)
    live.do(MoveClock(to=opens + timedelta(minutes=1)))
    assert lab.rebooted == ["tokyo"], "the window has opened"
    live.do(Impair(link="tokyo-singapore", delay="80ms"))


def test_the_clock_is_set_forward_and_a_window_that_it_passes_has_opened() -> None:
    lab = LiveLab()
    live = lab.live
    live.update_broker("tokyo", window="sunday 03:00 Asia/Tokyo")
    live.create_user("tokyo", "audit", "over-the-ocean-1858")
    opens = live.account.broker("tokyo").window.opens_after(live.now)
    told = live.move_clock(before="tokyo", by="1h")
    assert told.note == f"the service's clock is at {opens - timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC"
    assert abs(live.now - (opens - timedelta(hours=1))) < timedelta(minutes=1)
    assert lab.rebooted == []
    live.move_clock(before="tokyo", by=timedelta(days=3))  # it opens sooner than that
    assert abs(live.now - (opens - timedelta(hours=1))) < timedelta(minutes=1)
    assert live.move_clock(to=f"{opens + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}").note
    assert lab.rebooted == ["tokyo"], "and not singapore, where nothing waits"
    assert live.account.broker("tokyo").user("audit").current is not None


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        (lambda live: live.move_clock(), "the clock needs one moment"),
        (lambda live: live.move_clock(to="now", before="tokyo"), "the clock needs one moment"),
        (lambda live: live.move_clock(to="tomorrow"), "to: 'tomorrow' is not a moment"),
        (lambda live: live.move_clock(to=datetime(2126, 11, 29)), "to: a moment without a time zone"),
        (lambda live: live.move_clock(to="2019-07-01 00:00:00"), "cannot go back"),
        (lambda live: live.move_clock(before="rome"), "NotFoundException"),
        (lambda live: live.move_clock(before="tokyo", by="5"), "by: '5' has no unit"),
        (lambda live: live.impair(), "the impairment has no figure\n  write a figure, for example delay 80ms"),
        (lambda live: live.impair(delay="80"), "delay: '80' has no unit"),
        (lambda live: live.impair(delay="80ms", distribution="flat"), "distribution: unknown distribution"),
        (lambda live: live.cut("atlantic"), 'no link named "atlantic"'),
        (lambda live: live.do(Impair(link="atlantic", delay="1s")), 'no link named "atlantic"'),
        (lambda live: live.cut(leaving="rome"), 'no region named "rome"'),
        (lambda live: live.authorize_ingress("default-tokyo"), "the rule needs one source\n  write cidr 10.1.0.10/32"),
        (lambda live: live.authorize_ingress("default-tokyo", cidr="10.1.0.0/33"), "cidr: '10.1.0.0/33' is not"),
        (lambda live: live.authorize_ingress("g", cidr="10.1.0.0/16", protocol="sctp"), "protocol: unknown protocol"),
        (lambda live: live.create_route("tokyo", "10.2.0.9/16", "p"), "destination: '10.2.0.9/16' is not"),
        (lambda live: live.update_broker("tokyo", window="someday 03:00"), "'someday' is not a day of the week"),
        (lambda live: live.create_user("rome", "audit", "over-the-ocean-1858"), "NotFoundException"),
        (lambda live: live.create_broker("rome"), "declares no broker rome"),
        (lambda live: live.connect("rome"), "NotFoundException"),
        (lambda live: live.connect("tokyo", over="mqqt"), 'no protocol named "mqqt"\n  did you mean mqtt?'),
        (lambda live: live.endpoint("tokyo", over="openwire"), 'no protocol named "openwire"'),
        (lambda live: live.connect("tokyo", user="nobody"), "NotFoundException"),
        (lambda live: live.bridged("to_rome"), 'no connector named "to_rome"'),
        (lambda live: live.demand("tokyo"), "name a topic or a queue"),
        (
            lambda live: live.do(Publish(broker="tokyo", over="mqtt", topic="prices")),
            "publish is a step of a scenario's replay, not a verb of an open lab",
        ),
    ],
)
def test_what_cannot_be_is_refused(verb: Any, what: str) -> None:
    with pytest.raises(InputError) as refused:
        verb(LiveLab().live)
    assert str(refused.value).startswith(what) or what in str(refused.value)


def test_a_user_who_is_pending_cannot_log_in_yet() -> None:
    live = LiveLab().live
    live.create_user("tokyo", "audit", "over-the-ocean-1858")
    with pytest.raises(
        InputError, match=r"tokyo does not know audit before its reboot\n  use a user that the broker knows: testuser"
    ):
        live.connect("tokyo", user="audit")


def test_a_reboot_that_did_not_go_as_asked_is_told() -> None:
    class Stubborn(LiveLab):
        def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
            return super().stop(broker, within=within, instance=instance).with_fields(state="killed")

    class Warned(Logged):
        def warn(self, what: str) -> None:
            warned.append(what)

    warned: list[str] = []
    what = "it had not ended within 20 s, and was killed"
    assert Live(Stubborn(), Warned()).reboot("tokyo").failed == what
    assert warned == [f"reboot broker tokyo: {what}"]


def test_what_does_not_come_is_a_timeout() -> None:
    with pytest.raises(LabTimeout, match="not within 3 s: the bridge"):
        LiveLab().live.wait(lambda: False, 3, "the bridge")


class OnDisk(LiveLab):
    """A lab of which several programs know: they take turns."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.note_folder = folder
        self.gone = False
        self.looks = 0

    def refresh(self) -> bool:
        self.looks += 1
        return not self.gone


class Noted(Logged):
    def __init__(self) -> None:
        self.warned = threading.Event()

    def warn(self, what: str) -> None:
        assert "another command has lab" in what
        self.warned.set()


def test_verbs_wait_for_whoever_has_the_lab(tmp_path: Path) -> None:
    lab, told = OnDisk(tmp_path), Noted()
    first = Live(lab)
    second = Live(lab, told)
    made = threading.Event()

    def make() -> None:
        second.create_configuration("mine")
        made.set()

    waiting = threading.Thread(target=make)
    with first.turn():
        waiting.start()
        assert told.warned.wait(60)
        first.create_configuration("ours")
        first.create_configuration("ours-too")
        assert not made.is_set()
    waiting.join(60)
    names = [each.name for each in first.account.configurations][-3:]
    assert names == ["ours", "ours-too", "mine"], "and the lab was found as the other one had left it"
    assert lab.looks >= 3


def test_a_verb_that_fails_gives_the_turn_back(tmp_path: Path) -> None:
    lab = OnDisk(tmp_path)
    one, other = Live(lab), Live(lab, Noted())
    for _ in range(2):
        with suppress(InputError):
            one.reject_peering("nobody")
    other.create_configuration("mine")


def test_a_question_from_another_thread_takes_nothing_back(tmp_path: Path) -> None:
    class Rereading(OnDisk):
        """A lab whose file is only ever read as it was when the lab opened."""

        def refresh(self) -> bool:
            self.looks += 1
            self.note = self.first
            return True

    lab = Rereading(tmp_path)
    lab.first = lab.note  # type: ignore[attr-defined]
    live = Live(lab)
    with live.turn():
        live.create_configuration("one")
        asking = threading.Thread(target=lambda: live.account)
        asking.start()
        asking.join(60)
        live.create_configuration("two")
        assert {"one", "two"} <= {each.name for each in lab.control.account.configurations}


def test_a_broker_that_does_not_answer_has_no_demand() -> None:
    class Mute(LiveLab):
        def demand(self, broker: str, destination: Any, towards: str | None = None) -> bool:
            raise Silent(f"broker {broker} is down: its management does not answer")

    assert Mute().live.demand("tokyo", topic="prices") is False


def test_a_lab_that_has_ended_is_told(tmp_path: Path) -> None:
    lab = OnDisk(tmp_path)
    live = Live(lab)
    lab.gone = True
    for ask in (lambda: live.create_configuration("mine"), lambda: live.account, lambda: live.bridged("c")):
        with pytest.raises(InputError, match="has ended meanwhile"):
            ask()
    assert list(tmp_path.iterdir()) == []


class Echo:
    """A client whose broker sends back what it is sent, or refuses it, or says nothing."""

    def __init__(self, events: ClientEvents) -> None:
        self.events = events
        self.closed = False

    def subscribe(self, terms: Any) -> None: ...

    def publish(self, message: Outgoing) -> None:
        refused = message.destination.name == "forbidden"
        self.events.acknowledged(message.id, SendOutcome.FAILED if refused else SendOutcome.OK, "no right" * refused)
        if not refused:
            self.events.received(Incoming(message.destination, message.body, {}, False, False))

    def close(self) -> None:
        self.closed = True


def test_a_conversation_gives_what_comes_and_tells_what_does_not() -> None:
    record = ClientRecord(LiveLab().live.history, "c", "tokyo", "mqtt")
    with Conversation(record, lambda events: cast(Any, Echo(events)), RealClock()) as talk:
        talk.subscribe(topic="prices.>")
        talk.publish("1.08", topic="prices.eur")
        talk.publish(b"\xff", queue="orders")
        assert [talk.receive(within=1).body for _ in range(2)] == [b"1.08", b"\xff"]
        with pytest.raises(LabTimeout, match=r"no message came within 0\.01 s"):
            talk.receive(within=0.01)
        with pytest.raises(Exception, match="send to topic://forbidden: failed, no right"):
            talk.publish("x", topic="forbidden")
        talk._client.events.lost("the broker went away")  # type: ignore[attr-defined]
        for _ in range(2):
            with pytest.raises(Exception, match="the connection was lost: the broker went away"):
                talk.receive(within=1)
    assert talk._client.closed  # type: ignore[attr-defined]


@pytest.mark.parametrize(("topic", "queue"), [(None, None), ("a", "b")])
def test_a_message_goes_to_one_place(topic: str | None, queue: str | None) -> None:
    with pytest.raises(InputError, match="name a topic or a queue"):
        destination(topic, queue)


def test_what_others_have_left_is_taken_over(tmp_path: Path) -> None:
    on_file = noted(Commands(folder=tmp_path), "20260101-101010-aaaaaa")
    folder = Commands(folder=tmp_path).state
    lab = EmulatedLab(cast(Any, None), on_file, note_folder=folder)
    try:
        mine = CreateConfiguration(configuration="mine")
        account = mine.decide(on_file.control.account, datetime(2026, 1, 2, tzinfo=UTC))
        made = replace(on_file.control, account=account)
        assert state_files.update(on_file.with_fields(control=made), folder)
        assert lab.note.control != made
        assert lab.refresh() and lab.note.control == made
        assert [each.name for each in Live(lab).account.configurations][-1] == "mine"
        state_files.forget(on_file.run, folder)
        assert not lab.refresh()
        with pytest.raises(InputError, match="has ended meanwhile"):
            _ = Live(lab).account
    finally:
        lab.release()


@pytest.mark.parametrize(
    ("within", "right"), [("5 seconds", "5"), ("2m", "120"), (timedelta(seconds=7), "7"), (None, "5")]
)
def test_a_time_that_is_no_number_of_seconds_is_refused(within: Any, right: str) -> None:
    live = LiveLab().live
    with pytest.raises(InputError, match=rf"within takes seconds, as a number, not .*\n  write within={right}$"):
        live.wait(lambda: True, within=within)
    with pytest.raises(InputError, match=f"write downtime={right}$"):
        live.reboot("tokyo", downtime=within or "none")
    with pytest.raises(InputError, match="until takes a function, not True"):
        live.wait(cast(Any, True), within=5)
