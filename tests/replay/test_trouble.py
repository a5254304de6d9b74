"""What a broker does to a client is recorded; a bug, an interruption or a lost lab ends the replay, all closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from lab.errors import HostError
from lab.history import (
    Acknowledged,
    BridgeSeen,
    BrokerChanged,
    Ended,
    MemoryRecorder,
    Observation,
    Received,
    SendOutcome,
    Sent,
    StepEnded,
    StepStarted,
    Subscribed,
    Trouble,
)
from lab.operating.instances import FAILS_OVER_WITHIN
from lab.replay import replay
from lab.replay.settling import READING_INTERVAL
from lab.runtime.client import ClientEvents
from lab.runtime.messages import Incoming, Outgoing
from tests.replay.cases import opened
from tests.spoilt_lab import DEADLY_XML, RUN, KeptClient, SpoiltLab

RIGHTS = f"scenario: rights\ntopology: {Path(__file__).parent}/rights.yaml\nsteps:\n"
T = TypeVar("T", bound=Observation)
HEAD = f"scenario: trouble\ntopology: {Path(__file__).parents[2]}/scenarios/topologies/tokyo-singapore.yaml\nsteps:\n"
HEARD = "  - subscribe: {client: tk, broker: tokyo, over: stomp, topic: a}\n"
TOLD = "  - publish: {broker: tokyo, over: stomp, topic: a, count: 3}\n"


class Played:
    """A scenario's text, replayed in a simulated lab that may be spoilt first."""

    def __init__(
        self,
        folder: Path,
        steps: str,
        spoil: Callable[[SpoiltLab], None] = lambda lab: None,
        head: str = HEAD,
        kind: type[SpoiltLab] = SpoiltLab,
    ) -> None:
        path = folder / "scenario.yaml"
        path.write_text(head + steps)
        self.recorder = MemoryRecorder()
        self.scenario, self.plan, self.lab = opened(path, kind)
        spoil(self.lab)

    def play(self) -> None:
        replay(self.scenario, self.plan, self.lab, self.recorder, run=RUN)

    def seen(self, kind: type[T]) -> list[T]:
        return [each for each in self.recorder.observations if isinstance(each, kind)]


class Hearing:
    """One client's callbacks, in front of its own."""

    def __init__(self, lab: SpoiltLab, its: ClientEvents) -> None:
        self.lab, self.its = lab, its
        self.lost, self.broke = its.lost, its.broke

    @classmethod
    def of(cls, name: str) -> Callable[[SpoiltLab], None]:
        """Return what puts them in front of a client's."""

        def spoil(lab: SpoiltLab) -> None:
            lab.hears = lambda client, events: cls(lab, events) if client == name else events

        return spoil

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        self.its.acknowledged(id, outcome, note)

    def received(self, message: Incoming) -> None:
        self.its.received(message)


def test_refused_client_is_trouble_and_the_replay_goes_on(tmp_path: Path) -> None:
    played = Played(tmp_path, HEARD.replace("topic: a", "topic: forbidden") + TOLD, head=RIGHTS)
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [False, True]
    assert "User testuser is not authorized to read from: topic://forbidden" in played.seen(Trouble)[0].what
    assert played.seen(Ended)[-1].complete


def test_refused_login_of_a_publisher_is_trouble(tmp_path: Path) -> None:
    played = Played(tmp_path, TOLD.replace("count: 3", "count: 3, user: stranger"))
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [False]
    assert "User name [stranger] or password is invalid" in played.seen(Trouble)[0].what
    assert not played.seen(Sent)


def test_connection_lost_half_way_leaves_the_rest_unsent_and_the_flying_unknown(tmp_path: Path) -> None:
    def lose_at_second(client: KeptClient, message: Outgoing) -> None:
        if message.id == "1-2":
            client.lose()

    played = Played(tmp_path, TOLD, lambda lab: setattr(lab, "on_publish", lose_at_second))
    played.play()
    assert [ack.outcome for ack in played.seen(Acknowledged)] == [SendOutcome.UNKNOWN, SendOutcome.UNKNOWN]
    (step,) = played.seen(StepEnded)
    assert step.note == "2 unknown, 1 not sent; no acknowledgement came: the connection was lost"
    assert len(played.seen(Sent)) == 2


def frozen_once_it_is_sent_to(lab: SpoiltLab) -> None:
    def freeze(client: KeptClient, message: Outgoing) -> None:
        if message.id == "1-1":
            lab.pause(client.broker)

    lab.on_publish = freeze


def test_receipts_that_never_come_make_sends_unknown_after_patience(tmp_path: Path) -> None:
    played = Played(tmp_path, TOLD, frozen_once_it_is_sent_to)
    played.play()
    assert [ack.outcome for ack in played.seen(Acknowledged)] == [SendOutcome.UNKNOWN] * 3
    assert played.seen(StepEnded)[0].t == pytest.approx(30, abs=0.1)


def test_outcomes_that_trickle_are_waited_for(tmp_path: Path) -> None:
    class Slow(Hearing):
        def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
            self.lab.after(25 * int(id.split("-")[1]), lambda: self.its.acknowledged(id, outcome, note))

    played = Played(tmp_path, TOLD, Slow.of("step-1"))
    played.play()
    assert played.seen(StepEnded)[0].ok
    assert played.seen(StepEnded)[0].t == pytest.approx(75, abs=0.1)


def test_error_in_a_callback_ends_the_replay_with_that_error_and_everything_closed(tmp_path: Path) -> None:
    def break_at_second(client: KeptClient, message: Outgoing) -> None:
        if message.id == "2-2":
            client.events.broke(ZeroDivisionError("a bug"))

    played = Played(tmp_path, HEARD + TOLD, lambda lab: setattr(lab, "on_publish", break_at_second))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        played.play()
    assert played.lab.closed == ["step-2", "tk"]
    assert played.recorder.observations[-1] == Ended(
        t=played.recorder.observations[-1].t, complete=False, note="ZeroDivisionError: a bug"
    )


def test_interruption_closes_in_reverse_order_and_says_so(tmp_path: Path) -> None:
    def interrupt(client: KeptClient, message: Outgoing) -> None:
        raise KeyboardInterrupt

    second = HEARD.replace("client: tk", "client: sg").replace("broker: tokyo", "broker: singapore")
    played = Played(tmp_path, HEARD + second + TOLD, lambda lab: setattr(lab, "on_publish", interrupt))
    with pytest.raises(KeyboardInterrupt):
        played.play()
    assert played.lab.closed == ["step-3", "sg", "tk"]
    assert played.lab.unwatched == 1
    assert not played.seen(Ended)[-1].complete


def test_lab_that_has_gone_is_raised(tmp_path: Path) -> None:
    class Gone(SpoiltLab):
        def change_link(self, *args: object, **kwargs: object) -> list[object]:  # type: ignore[override]
            raise HostError("the router has gone")

    played = Played(tmp_path, "  - cut: {link: tokyo-singapore}\n", kind=Gone)
    with pytest.raises(HostError):
        played.play()
    assert not played.seen(Ended)[-1].complete


def test_a_full_disk_is_raised_not_hidden(tmp_path: Path) -> None:
    class Full(MemoryRecorder):
        def record(self, *observations: Observation) -> None:
            raise OSError(28, "No space left on device")

    path = tmp_path / "scenario.yaml"
    path.write_text(HEAD + TOLD)
    scenario, plan, lab = opened(path)
    with pytest.raises(OSError, match="No space left"):
        replay(scenario, plan, lab, Full(), run=RUN)


def test_one_client_may_subscribe_twice_over_one_connection(tmp_path: Path) -> None:
    played = Played(tmp_path, HEARD + HEARD.replace("topic: a", "topic: b.*"))
    played.play()
    assert [each.destination for each in played.seen(Subscribed)] == ["topic://a", "topic://b.*"]
    assert played.lab.closed == ["tk"]


def test_messages_lost_on_the_way_are_listened_for_until_their_time_is_over(tmp_path: Path) -> None:
    expect = "expect:\n  - delivered: {to: tk, promise: at-least-once, within: 7s}\n"

    class Deaf(Hearing):
        def received(self, message: Incoming) -> None: ...

    played = Played(tmp_path, HEARD + TOLD + expect, Deaf.of("tk"))
    played.play()
    sent = max(each.t for each in played.seen(Sent))
    assert played.seen(Ended)[-1].t == pytest.approx(sent + 7 + READING_INTERVAL, abs=0.02)
    assert not played.seen(Received)


def test_bridge_is_watched_until_it_is_as_expected_and_stands(tmp_path: Path) -> None:
    expectation = "{connector: connector_tokyo_to_singapore, up: nowhere, within: 90s, after: cut}"
    steps = f"  - cut: {{link: tokyo-singapore}}\nexpect:\n  - bridge: {expectation}\n"

    played = Played(tmp_path, steps)
    played.play()
    gone = max(each.t for each in played.seen(BridgeSeen) if not each.up)
    assert 30 < gone < 75, "of itself, for want of a sign of life"
    assert gone + 1 <= played.seen(Ended)[-1].t < gone + 3


def test_a_watch_that_dies_ends_the_replay_as_cut_short(tmp_path: Path) -> None:
    def spoil(lab: SpoiltLab) -> None:
        lab.after(2, lambda: lab.watch_fails(HostError("the Docker engine does not answer any more")))

    played = Played(tmp_path, "  - wait: 60s\n", spoil)
    with pytest.raises(HostError, match="does not answer any more"):
        played.play()
    (ended,) = played.seen(Ended)
    assert (ended.complete, ended.note) == (False, "HostError: the Docker engine does not answer any more")
    assert ended.t == pytest.approx(2.0, abs=0.01), "nobody goes on without eyes"


def test_a_broker_that_starts_later_than_it_was_waited_for_is_back_all_the_same(tmp_path: Path) -> None:
    steps = (
        "  - kill: {broker: tokyo}\n  - start: {broker: tokyo, within: 1s}\n  - wait: 5s\n"
        "  - publish: {broker: singapore, over: stomp, topic: a}\n" + HEARD
    )
    played = Played(tmp_path, steps)
    played.play()
    states = [(each.broker, each.state) for each in played.seen(BrokerChanged)]
    assert states == [("tokyo", "killed"), ("tokyo", "starting"), ("tokyo", "started")]
    assert [step.ok for step in played.seen(StepEnded)] == [True, False, True, True, True]
    assert "not started within 1 s" in played.seen(Trouble)[0].what
    missed, back = played.seen(Trouble)[0].t, played.seen(BrokerChanged)[-1].t
    assert missed < back <= missed + 3


def test_a_broker_that_is_created_later_than_it_was_waited_for_runs_all_the_same(tmp_path: Path) -> None:
    head = (Path(__file__).parent / "stories" / "later.yaml").read_text().partition("steps:\n")[0] + "steps:\n"
    (tmp_path / "later-tokyo.xml").write_bytes((Path(__file__).parent / "stories" / "later-tokyo.xml").read_bytes())
    steps = "  - create-broker: {broker: singapore, within: 1s}\n  - wait: 5s\n  - reboot: {broker: singapore}\n"
    played = Played(tmp_path, steps, head=head)
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [False, True, True]
    states = [each.state for each in played.seen(BrokerChanged) if each.broker == "singapore"]
    assert states[:4] == ["creating", "starting", "started", "created"]


def rolled_back(broker: str) -> str:
    """Return steps that apply a revision from bad.xml, and roll back."""
    return (
        f"  - update-configuration: {{configuration: {broker}-configuration, file: bad.xml}}\n"
        f"  - update-broker: {{broker: {broker}, configuration: {broker}-configuration, apply: immediately}}\n"
        f"  - update-broker: {{broker: {broker}, roll-back: yes, apply: immediately}}\n"
    )


def test_a_broker_that_dies_of_a_revision_can_be_rolled_back(tmp_path: Path) -> None:
    """For the service it runs, whatever became of it: the roll-back is done, and its reboot brings it back."""
    (tmp_path / "bad.xml").write_text(DEADLY_XML)
    played = Played(tmp_path, rolled_back("tokyo"))
    played.play()
    assert [(step.ok, "ended while starting" in step.note) for step in played.seen(StepEnded)] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert played.seen(BrokerChanged)[-1].state == "started"
    assert played.seen(Ended)[-1].complete


def test_an_instance_of_a_pair_that_dies_of_a_revision_comes_back_with_the_roll_back(tmp_path: Path) -> None:
    """The standby is rebooted first, and ends; the active one is not touched. The next reboot is of both again."""
    (tmp_path / "bad.xml").write_text('<broker xmlns="http://activemq.apache.org/schema/core"/>')

    class Ending(SpoiltLab):
        def start(self, broker: str, instance: int = 1) -> BrokerChanged:
            started, its = super().start(broker, instance), self.instances.instance(broker, instance)
            if started.standby and not self.once:
                self.once = True
                self.after(1.0, lambda: self.die(its))
            return started

        once = False

    played = Played(
        tmp_path, rolled_back("singapore"), head=HEAD.replace("tokyo-singapore", "active-standby"), kind=Ending
    )
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [True, False, True]
    after = max(step.t for step in played.seen(StepEnded) if not step.ok)
    back = [each.state for each in played.seen(BrokerChanged) if each.t >= after and each.instance == 2]
    assert "started" in back, back
    assert all(played.lab.instances.started("singapore", number) for number in (1, 2)), "both run"


def test_a_pair_that_dies_of_a_revision_when_it_is_to_take_over_can_be_rolled_back(tmp_path: Path) -> None:
    """A standby waits for the store's lock before it does what ends it: only then does none of both run any more."""
    (tmp_path / "bad.xml").write_text(DEADLY_XML)
    played = Played(tmp_path, rolled_back("singapore"), head=HEAD.replace("tokyo-singapore", "active-standby"))
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [True, False, True]
    begun, ended = played.seen(StepStarted)[1].t, played.seen(StepEnded)[1].t
    assert ended - begun < FAILS_OVER_WITHIN, "nobody waits for who has ended"
    assert all(played.lab.instances.started("singapore", number) for number in (1, 2)), "both run"
