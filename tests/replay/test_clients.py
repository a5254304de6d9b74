"""Clients that listen go and come back as told, and take what they are told to; all of it is in the history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lab.history import ClientChanged, Ended, Received, SendOutcome, Settled, StepEnded, Subscribed, Trouble
from lab.replay.listeners import Listeners
from lab.runtime.client import ClientEvents
from lab.runtime.messages import Destination, Look, Outgoing, Terms
from tests.replay.test_trouble import Played
from tests.spoilt_lab import KeptClient, SpoiltLab

DURABLE = "  - subscribe: {client: tk, broker: tokyo, over: stomp, topic: a, durable: yes, client-id: tk%s}\n"
QUEUE = "  - subscribe: {client: tk, broker: tokyo, over: stomp, queue: q, ack: %s}\n"
TOLD = "  - publish: {broker: tokyo, over: stomp, topic: a, count: 3}\n"
SENT = "  - publish: {broker: tokyo, over: stomp, queue: q, count: %d}\n"


class Losing(KeptClient):
    """Loses its connection when it acknowledges."""

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        self.lose()
        return super().acknowledge(tokens)


class LosingLab(SpoiltLab):
    """Returns such clients."""

    kind: type[KeptClient] = Losing

    def kept(self, client: str, broker: str, events: ClientEvents) -> KeptClient:
        return self.kind(self, client, broker, events)


def states(played: Played) -> list[str]:
    return [seen.state for seen in played.seen(ClientChanged)]


def listener(lab: SpoiltLab) -> KeptClient:
    return next(client for client in reversed(lab.clients) if client.name == "tk")


def test_a_lost_client_tries_as_often_as_told_and_then_gives_up(tmp_path: Path) -> None:
    played = Played(
        tmp_path,
        DURABLE % ", reconnect: {after: 2s, tries: 3}"
        + "  - kill: {broker: tokyo}\n  - wait: 10s\n  - start: {broker: tokyo}\n"
        + DURABLE % ", reconnect: {after: 2s, tries: 3}"
        + TOLD,
    )
    played.play()
    assert states(played) == ["lost", "refused", "refused", "refused", "gave-up", "returned"]
    lost, *tries = [seen.t for seen in played.seen(ClientChanged)[:4]]
    assert [t - lost for t in tries] == pytest.approx([2, 4, 6], abs=0.1)
    assert len(played.seen(Received)) == 3, "a later subscribe connects it anew"


def test_a_lost_client_is_never_brought_back_without_being_told(tmp_path: Path) -> None:
    played = Played(tmp_path, DURABLE % "" + "  - reboot: {broker: tokyo}\n  - wait: 5s\n" + TOLD)
    played.play()
    assert states(played) == ["lost"]
    assert not played.seen(Received)
    assert [seen.who for seen in played.seen(Trouble)] == ["tk"]


def test_a_client_that_goes_while_it_tries_to_come_back_stays_away(tmp_path: Path) -> None:
    played = Played(
        tmp_path,
        DURABLE % ", reconnect: 1s" + "  - kill: {broker: tokyo}\n  - wait: 1500ms\n  - disconnect: {client: tk}\n"
        "  - start: {broker: tokyo}\n  - wait: 10s\n",
    )
    played.play()
    assert states(played) == ["lost", "refused", "disconnected"]
    gone = next(step for step in played.seen(StepEnded) if step.step == 4)
    assert (gone.ok, gone.note) == (True, "it had already lost its connection: the connection was lost")


def test_a_client_lost_after_the_last_message_comes_back_for_it(tmp_path: Path) -> None:
    def lose_it(client: KeptClient, message: Outgoing) -> None:
        if message.id == "2-3":
            listener(client.lab).lose()

    played = Played(tmp_path, DURABLE % ", reconnect: 1s" + TOLD, lambda lab: setattr(lab, "on_publish", lose_it))
    played.play()
    assert states(played) == ["lost", "returned"]
    assert {seen.id for seen in played.seen(Received)} == {"2-1", "2-2", "2-3"}
    assert played.seen(Ended)[-1].complete


class Shaky(KeptClient):
    """Loses its connection as soon as it has subscribed, for as long as its lab says."""

    def subscribe(self, terms: Terms) -> None:
        super().subscribe(terms)
        assert isinstance(self.lab, ShakyLab)
        if self.name == "tk" and self.lab.shaky:
            self.lab.shaky -= 1
            self.lose()


class ShakyLab(LosingLab):
    """Has such clients the first three times."""

    kind = Shaky
    shaky = 3


def test_a_connection_lost_at_once_is_seen_each_time(tmp_path: Path) -> None:
    steps = DURABLE % ", reconnect: 1s" + "  - wait: 10s\n" + TOLD
    played = Played(tmp_path, steps, kind=ShakyLab)
    played.play()
    assert states(played) == ["lost", "returned", "lost", "returned", "lost", "returned"]
    assert len(played.seen(Received)) == 3


class Unlucky:
    """The lock of a listener, whose new connection is lost at the moment that it was found to be well."""

    def __init__(self, client: KeptClient) -> None:
        self.client, self.lost = client, False

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        back = listener(self.client.lab)
        if back is not self.client and not self.lost:
            self.lost = True
            back.lose()


def test_a_connection_lost_as_soon_as_it_is_back_is_replaced_too(tmp_path: Path) -> None:
    def lose_it(client: KeptClient, message: Outgoing) -> None:
        if message.id == "2-3":
            first = listener(client.lab)
            its = first.events._stage.recall(Listeners).by_name["tk"]  # type: ignore[attr-defined]
            its.lock = Unlucky(first)
            first.lose()

    played = Played(tmp_path, DURABLE % ", reconnect: 1s" + TOLD, lambda lab: setattr(lab, "on_publish", lose_it))
    played.play()
    assert states(played) == ["lost", "returned", "lost", "returned"]


def test_what_is_kept_comes_when_the_client_is_back_and_is_waited_for(tmp_path: Path) -> None:
    played = Played(tmp_path, DURABLE % "" + "  - disconnect: {client: tk}\n" + TOLD + DURABLE % "")
    played.play()
    assert states(played) == ["disconnected", "returned"]
    assert [seen.durable for seen in played.seen(Subscribed)] == [True, True]
    assert [seen.id for seen in played.seen(Received)] == ["3-1", "3-2", "3-3"]
    assert played.seen(Ended)[-1].t < 2, "and for no longer"


def test_in_client_mode_one_acknowledgement_settles_all_before_it(tmp_path: Path) -> None:
    steps = QUEUE % "client" + SENT % 4 + "  - consume: {client: tk, count: 2, ack: no}\n  - consume: {client: tk}\n"
    played = Played(tmp_path, steps)
    played.play()
    assert [seen.id for seen in played.seen(Settled)] == ["2-1", "2-2", "2-3"]
    assert [seen.pending for seen in played.seen(Received)] == [True] * 4


@pytest.mark.parametrize("ack", ["client", "client-individual"])
def test_what_a_lost_connection_had_is_taken_over_the_next_one_alone(tmp_path: Path, ack: str) -> None:
    """Two of three were taken when the broker was killed: it sends all three again, and hears of each once."""
    take = "  - consume: {client: tk, count: %d%s}\n"
    steps = (
        QUEUE % f"{ack}, reconnect: 1s" + SENT % 3 + "  - wait: 1s\n" + take % (2, ", ack: no")
        + "  - kill: {broker: tokyo}\n  - wait: 1ms\n" + take % (1, "")
        + "  - start: {broker: tokyo}\n  - wait: 2s\n" + take % (3, "")
    )  # fmt: skip
    played = Played(tmp_path, steps)
    played.play()
    *_, away, _, _, back = played.seen(StepEnded)
    assert (away.ok, away.note) == (False, "0 of 1 taken: the connection was lost")
    assert back.ok
    assert [(each.id, each.outcome) for each in played.seen(Settled)] == [(f"2-{n}", SendOutcome.OK) for n in (1, 2, 3)]


def test_what_is_not_there_in_time_is_said(tmp_path: Path) -> None:
    steps = QUEUE % "client-individual" + SENT % 2 + "  - consume: {client: tk, count: 5, within: 3s}\n"
    played = Played(tmp_path, steps)
    played.play()
    ended = played.seen(StepEnded)[-1]
    assert (ended.ok, ended.note) == (False, "2 of 5 taken: no more came within 3s")
    assert len(played.seen(Settled)) == 2


def test_a_connection_lost_during_a_consume_leaves_its_acknowledgements_unknown(tmp_path: Path) -> None:
    steps = QUEUE % "client-individual" + SENT % 2 + "  - wait: 1s\n  - consume: {client: tk, count: 5}\n"
    played = Played(tmp_path, steps, kind=LosingLab)
    played.play()
    assert [seen.outcome for seen in played.seen(Settled)] == [SendOutcome.UNKNOWN] * 2
    assert played.seen(StepEnded)[-1].note == (
        "2 of 5 taken: the connection was lost; the broker did not confirm 2 of 2 acknowledgements"
    )


def test_a_consume_of_a_queue_comes_and_goes_by_itself(tmp_path: Path) -> None:
    take = "  - consume: {client: one, queue: q, broker: tokyo, over: stomp, count: 2%s}\n"
    steps = SENT % 3 + take % ", ack: no, within: 1s" + take % ", user: stranger" + take % ""
    played = Played(tmp_path, QUEUE % "auto" + "  - unsubscribe: {client: tk}\n" + steps)
    played.play()
    assert [seen.destination for seen in played.seen(Subscribed)] == ["queue://q"] * 3
    assert "User name [stranger] or password is invalid" in played.seen(Trouble)[0].what
    assert played.lab.closed.count("one") == 2


class Shallow(KeptClient):
    """Is shown a queue whose broker never says that this was all."""

    def browse(self, queue: Destination, within: float) -> Look:
        return Look(super().browse(queue, within).messages, ended=False)


def test_a_look_that_is_not_whole_is_said(tmp_path: Path) -> None:
    class ShallowLab(LosingLab):
        kind = Shallow

    look = "  - browse: {client: eye, broker: tokyo, over: stomp, queue: q, within: 2s}\n"
    played = Played(tmp_path, SENT % 3 + look, kind=ShallowLab)
    played.play()
    ended = played.seen(StepEnded)[-1]
    assert (ended.ok, ended.note) == (False, "3 seen, and the broker did not confirm within 2s that this was all")
