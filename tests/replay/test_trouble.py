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
from lab.operating.reboot import FAILS_OVER_WITHIN
from lab.replay import replay
from lab.replay.settling import QUIET
from lab.runtime.messages import Outgoing
from tests.replay.cases import RUN, opened
from tests.replay.fake_lab import FakeClient, FakeLab

T = TypeVar("T", bound=Observation)
HEAD = f"scenario: trouble\ntopology: {Path(__file__).parents[2]}/scenarios/topologies/tokyo-singapore.yaml\nsteps:\n"
HEARD = "  - subscribe: {client: tk, broker: tokyo, over: stomp, topic: a}\n"
TOLD = "  - publish: {broker: tokyo, over: stomp, topic: a, count: 3}\n"


class Played:
    """A scenario's text, replayed in a Lab that may be spoilt first."""

    def __init__(
        self, folder: Path, steps: str, spoil: Callable[[FakeLab], None] = lambda lab: None, head: str = HEAD
    ) -> None:
        path = folder / "scenario.yaml"
        path.write_text(head + steps)
        self.recorder = MemoryRecorder()
        self.scenario, self.plan, self.lab = opened(path)
        spoil(self.lab)

    def play(self) -> None:
        replay(self.scenario, self.plan, self.lab, self.recorder, run=RUN)

    def seen(self, kind: type[T]) -> list[T]:
        return [each for each in self.recorder.observations if isinstance(each, kind)]


def test_refused_client_is_trouble_and_the_replay_goes_on(tmp_path: Path) -> None:
    played = Played(tmp_path, HEARD.replace("topic: a", "topic: forbidden") + TOLD)
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [False, True]
    assert played.seen(Trouble)[0].what == "subscribe to topic://forbidden: refused"
    assert played.seen(Ended)[-1].complete


def test_refused_login_of_a_publisher_is_trouble(tmp_path: Path) -> None:
    played = Played(tmp_path, TOLD.replace("count: 3", "count: 3, user: stranger"))
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [False]
    assert "not authorised" in played.seen(Trouble)[0].what
    assert not played.seen(Sent)


def test_connection_lost_half_way_leaves_the_rest_unsent_and_the_flying_unknown(tmp_path: Path) -> None:
    def lose_at_second(client: FakeClient, message: Outgoing) -> bool:
        if message.id == "1-2":
            client.lose()
        return True

    played = Played(tmp_path, TOLD, lambda lab: setattr(lab, "on_publish", lose_at_second))
    played.play()
    assert [ack.outcome for ack in played.seen(Acknowledged)] == [SendOutcome.UNKNOWN, SendOutcome.UNKNOWN]
    (step,) = played.seen(StepEnded)
    assert step.note == "2 unknown, 1 not sent; no receipt came: the connection was lost"
    assert len(played.seen(Sent)) == 2


def test_receipts_that_never_come_make_sends_unknown_after_patience(tmp_path: Path) -> None:
    played = Played(tmp_path, TOLD, lambda lab: setattr(lab, "on_publish", lambda client, message: True))
    played.play()
    assert [ack.outcome for ack in played.seen(Acknowledged)] == [SendOutcome.UNKNOWN] * 3
    assert played.seen(StepEnded)[0].t == pytest.approx(30)


def test_outcomes_that_trickle_are_waited_for(tmp_path: Path) -> None:
    def slowly(client: FakeClient, message: Outgoing) -> bool:
        number = int(message.id.split("-")[1])
        client.lab.clock.at(client.lab.clock.now() + 25 * number, lambda: client.settle(message.id))
        return True

    played = Played(tmp_path, TOLD, lambda lab: setattr(lab, "on_publish", slowly))
    played.play()
    assert played.seen(StepEnded)[0].ok
    assert played.seen(StepEnded)[0].t == pytest.approx(75)


def test_error_in_a_callback_ends_the_replay_with_that_error_and_everything_closed(tmp_path: Path) -> None:
    def break_at_second(client: FakeClient, message: Outgoing) -> bool:
        if message.id == "2-2":
            client.events.broke(ZeroDivisionError("a bug"))
        return False

    played = Played(tmp_path, HEARD + TOLD, lambda lab: setattr(lab, "on_publish", break_at_second))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        played.play()
    assert played.lab.closed == ["step-2", "tk"]
    assert played.recorder.observations[-1] == Ended(
        t=played.recorder.observations[-1].t, complete=False, note="ZeroDivisionError: a bug"
    )


def test_interruption_closes_in_reverse_order_and_says_so(tmp_path: Path) -> None:
    def interrupt(client: FakeClient, message: Outgoing) -> bool:
        raise KeyboardInterrupt

    second = HEARD.replace("client: tk", "client: sg").replace("broker: tokyo", "broker: singapore")
    played = Played(tmp_path, HEARD + second + TOLD, lambda lab: setattr(lab, "on_publish", interrupt))
    with pytest.raises(KeyboardInterrupt):
        played.play()
    assert played.lab.closed == ["step-3", "sg", "tk"]
    assert played.lab.unwatched == 1
    assert not played.seen(Ended)[-1].complete


def test_lab_that_has_gone_is_raised(tmp_path: Path) -> None:
    class Gone(FakeLab):
        def change_link(self, *args: object, **kwargs: object) -> list[object]:  # type: ignore[override]
            raise HostError("the router has gone")

    played = Played(tmp_path, "  - cut: {link: tokyo-singapore}\n", lambda lab: setattr(lab, "__class__", Gone))
    with pytest.raises(HostError):
        played.play()
    assert not played.seen(Ended)[-1].complete


def test_a_full_disk_is_raised_not_hidden(tmp_path: Path) -> None:
    class Full(MemoryRecorder):
        def record(self, observation: Observation) -> None:
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

    def lose(client: FakeClient, message: Outgoing) -> bool:
        client.lab.clock.at(client.lab.clock.now() + 0.001, lambda: client.settle(message.id))
        return True

    played = Played(tmp_path, HEARD + TOLD + expect, lambda lab: setattr(lab, "on_publish", lose))
    played.play()
    assert played.seen(Ended)[-1].t == pytest.approx(7 + QUIET, abs=0.01)
    assert not played.seen(Received)


def test_bridge_is_watched_until_it_is_as_claimed_and_stands(tmp_path: Path) -> None:
    claim = "{connector: connector_tokyo_to_singapore, up: nowhere, within: 90s, after: cut}"
    steps = f"  - cut: {{link: tokyo-singapore}}\nexpect:\n  - bridge: {claim}\n"

    class Dying(FakeLab):
        def watch(self, recorder: object, demand: object = (), **more: object) -> None:
            super().watch(recorder)  # type: ignore[arg-type]
            for end in self.bridges():
                gone = BridgeSeen(
                    t=end.t + 60, connector=end.connector, broker=end.broker, remote=end.remote,
                    remote_address=end.remote_address, created_by_duplex=end.created_by_duplex, up=False,
                )  # fmt: skip
                self.clock.at(gone.t, lambda gone=gone: recorder.record(gone))  # type: ignore[attr-defined, misc]
            self.clock.at(self.clock.now() + 62, lambda: None)

    played = Played(tmp_path, steps, lambda lab: setattr(lab, "__class__", Dying))
    played.play()
    assert 61 <= played.seen(Ended)[-1].t < 63


def test_a_watch_that_dies_ends_the_replay_as_cut_short(tmp_path: Path) -> None:
    def spoil(lab: FakeLab) -> None:
        lab.clock.at(
            lab.clock.now() + 2, lambda: lab.watch_fails(HostError("the Docker engine does not answer any more"))
        )

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


def test_a_broker_that_dies_of_a_revision_can_be_rolled_back(tmp_path: Path) -> None:
    """For the service it runs, whatever became of it: the roll-back is done, and its reboot brings it back."""
    (tmp_path / "bad.xml").write_text('<broker xmlns="http://activemq.apache.org/schema/core"/>')
    steps = (
        "  - update-configuration: {configuration: tokyo-configuration, file: bad.xml}\n"
        "  - update-broker: {broker: tokyo, configuration: tokyo-configuration, apply: immediately}\n"
        "  - update-broker: {broker: tokyo, roll-back: yes, apply: immediately}\n"
    )

    def spoil(lab: FakeLab) -> None:
        lab.broken_revisions = 1

    played = Played(tmp_path, steps, spoil)
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
    steps = (
        "  - update-configuration: {configuration: singapore-configuration, file: bad.xml}\n"
        "  - update-broker: {broker: singapore, configuration: singapore-configuration, apply: immediately}\n"
        "  - update-broker: {broker: singapore, roll-back: yes, apply: immediately}\n"
    )

    def spoil(lab: FakeLab) -> None:
        lab.broken_revisions = 1

    played = Played(tmp_path, steps, spoil, HEAD.replace("tokyo-singapore", "active-standby"))
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [True, False, True]
    after = max(step.t for step in played.seen(StepEnded) if not step.ok)
    back = [each.state for each in played.seen(BrokerChanged) if each.t >= after and each.instance == 2]
    assert "started" in back, back
    assert played.lab.out == set(), "both run"


def test_a_pair_that_dies_of_a_revision_when_it_is_to_take_over_can_be_rolled_back(tmp_path: Path) -> None:
    """A standby waits for the store's lock before it does what ends it: only then does none of both run any more."""
    plugin = "<plugins><redeliveryPlugin/></plugins>"
    (tmp_path / "bad.xml").write_text(f'<broker xmlns="http://activemq.apache.org/schema/core">{plugin}</broker>')
    steps = (
        "  - update-configuration: {configuration: singapore-configuration, file: bad.xml}\n"
        "  - update-broker: {broker: singapore, configuration: singapore-configuration, apply: immediately}\n"
        "  - update-broker: {broker: singapore, roll-back: yes, apply: immediately}\n"
    )
    played = Played(tmp_path, steps, head=HEAD.replace("tokyo-singapore", "active-standby"))
    played.play()
    assert [step.ok for step in played.seen(StepEnded)] == [True, False, True]
    begun, ended = played.seen(StepStarted)[1].t, played.seen(StepEnded)[1].t
    assert ended - begun < FAILS_OVER_WITHIN, "nobody waits for who has ended"
    assert (played.lab.out, played.lab.died, played.lab.down) == (set(), set(), {}), "both run"
