"""A simulated lab brought back to a condition, and purged of its messages and of who kept them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import labs
from lab.errors import LabTimeout
from lab.history import Counted, LinkChanged, RouteChanged, SendOutcome, read
from lab.living.lab import Live
from lab.runtime.messages import Destination, Incoming, Session, Terms

CONNECTOR = "connector_tokyo_to_singapore"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Live]:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as opened:
        yield opened


class Events:
    """A client's callbacks, which keep what came."""

    def __init__(self) -> None:
        self.came: list[bytes] = []

    def received(self, message: Incoming) -> None:
        self.came.append(message.body)

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None: ...

    def lost(self, why: str) -> None: ...

    def broke(self, error: Exception) -> None: ...


def counted(lab: Live, name: str) -> dict[tuple[str, str], int]:
    """Return a counter that is not zero, by broker and by what is counted."""
    seen = [each for each in lab.snapshot("now") if isinstance(each, Counted)]
    return {(each.broker, each.name): each.counters[name] for each in seen if each.counters.get(name)}


def test_links_and_network_are_brought_back_and_the_history_has_it(lab: Live) -> None:
    before = lab.condition()
    assert [each.connector for each in before.bridges] == [CONNECTOR]
    lab.impair(delay="300ms")
    lab.cut(leaving="tokyo")
    lab.delete_route("tokyo", "10.2.0.0/16")
    lab.lab.management.change_connector("tokyo", CONNECTOR, "stop")
    assert lab.wait(lambda: not lab.bridged(CONNECTOR), 120) is None
    lab.restore(before)
    assert lab.condition() == before
    seen = list(read(lab.folder / "history.jsonl").observations)
    assert [each.state for each in seen if isinstance(each, LinkChanged)][-1] == "open"
    assert [each.state for each in seen if isinstance(each, RouteChanged)][-1] == "active"


def test_what_is_as_it_was_is_left_alone(lab: Live) -> None:
    before = lab.condition()
    written = (lab.folder / "history.jsonl").read_bytes()
    lab.restore(before)
    assert (lab.folder / "history.jsonl").read_bytes() == written


def test_a_bridge_that_does_not_come_back_is_named(lab: Live) -> None:
    before = lab.condition()
    lab.lab.instances.kill("singapore")
    with pytest.raises(LabTimeout, match=f"did not work again within 5 s: {CONNECTOR}"):
        lab.restore(before, within=5)


def test_purged_queues_are_empty_and_stay(lab: Live) -> None:
    for broker in ("tokyo", "singapore"):
        with lab.connect(broker, over="stomp") as client:
            for number in range(3):
                client.publish(str(number), queue=f"left.{broker}")
    assert counted(lab, "queued") == {("tokyo", "queue://left.tokyo"): 3, ("singapore", "queue://left.singapore"): 3}
    lab.purge()
    assert counted(lab, "queued") == {}
    assert counted(lab, "dequeued")[("tokyo", "queue://left.tokyo")] == 3
    with lab.connect("tokyo", over="stomp") as client:
        client.subscribe(queue="left.tokyo")
        client.publish("next", queue="left.tokyo")
        assert client.receive(within=5).body == b"next"
        with pytest.raises(LabTimeout):
            client.receive(within=5)


def test_what_a_consumer_has_and_has_not_acknowledged_is_purged_too(lab: Live) -> None:
    events = Events()
    taker = lab.lab.connect(client="taker", broker="tokyo", over="stomp", user="testuser", events=events)
    taker.subscribe(Terms(destination=Destination(kind="queue", name="jobs"), ack="client-individual"))
    with lab.connect("tokyo", over="stomp") as client:
        client.publish("job", queue="jobs")
    lab.wait(lambda: events.came == [b"job"], 5)
    lab.purge()
    taker.close()
    assert counted(lab, "queued") == {}
    with lab.connect("tokyo", over="stomp") as client, pytest.raises(LabTimeout):
        client.subscribe(queue="jobs")
        client.receive(within=5)


def test_retained_messages_go_with_topics_that_nobody_listens_to(lab: Live) -> None:
    with lab.connect("tokyo") as client:
        client.publish("1.08", topic="prices.eur", retained=True)
        client.publish("1.21", topic="prices.usd", retained=True)
        client.subscribe(topic="prices.usd")
        assert client.receive(within=5).body == b"1.21"
        lab.purge()
        with lab.connect("tokyo") as later:
            later.subscribe(topic="prices.usd")
            assert later.receive(within=5).body == b"1.21", "somebody listens to it"
            later.subscribe(topic="prices.eur")
            with pytest.raises(LabTimeout):
                later.receive(within=5)


def test_durable_subscriptions_end_whose_client_is_away(lab: Live) -> None:
    topic = Destination(kind="topic", name="prices.eur")
    session = Session(client_id="phone", clean=False)

    def phone(events: Events) -> None:
        client = lab.lab.connect(
            client="phone", broker="tokyo", over="mqtt", user="testuser", events=events, session=session
        )
        client.subscribe(Terms(destination=topic))
        lab.lab.clock.sleep(1)
        client.close()

    events = Events()
    phone(events)
    lab.wait(lambda: counted(lab, "inactive-durables") == {("tokyo", "tokyo"): 1}, 5)
    with lab.connect("tokyo") as client:
        client.publish("1.08", topic="prices.eur")
    lab.purge()
    assert counted(lab, "inactive-durables") == {}
    phone(events)
    assert events.came == []
