"""An observer's answers as observations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from lab.emulation.watch.observer_answers import parse
from lab.errors import BrokerError
from lab.history import ConnectionSeen, ConsumerSeen, MessageSeen, Observation, ObserverChanged, TransactionEnded
from lab.runtime.observer_events import Acknowledgement, Event, ProcessChanged, Translator

HEAD = {"started": "a", "first": 1, "left": 1, "dropped": 0, "at": 1, "now": 5}
WHOLE = json.dumps(HEAD) + '\n["queue://orders","ID:shop-1:1:1","shop","stomp+ssl","ID:c-1:1","all"]'


def event(name: str, /, **fields: object) -> Event:
    whole: list[object] = [HEAD, [], {"at": 1, "event": name, **fields}]
    text = "\n".join(map(json.dumps, whole))
    (only,) = parse("tokyo", text).events
    return only


def translated(*events: Event) -> list[Observation]:
    translator = Translator()
    return [observation for each in events for observation in translator.observations(structs.replace(each, t=1.0))]


def subscribed(**fields: object) -> Event:
    whole = {"consumer": "c1", "client": "billing", "over": "stomp+ssl", "destination": "queue://orders", **fields}
    return event("subscribed", **whole)


def dispatched(message: str, destination: str = "queue://orders", **fields: Any) -> Event:
    return MessageSeen(
        t=1.0, broker="tokyo", event="dispatched", message=message, destination=destination, consumer="c1", **fields
    )


def acknowledged(kind: str, message: str, destination: str = "queue://orders", **fields: Any) -> Event:
    return Acknowledgement(
        t=1.0, broker="tokyo", kind=kind, message=message, destination=destination, consumer="c1", **fields
    )


def names(observations: list[Observation]) -> Iterator[tuple[str, str, str]]:
    for seen in observations:
        if isinstance(seen, MessageSeen):
            yield seen.event, seen.message, seen.client_id


def test_an_acknowledgement_of_several_messages_is_one_of_each() -> None:
    seen = translated(
        subscribed(),
        *(dispatched(f"m{number}") for number in range(1, 5)),
        acknowledged("all", "m3", count=2, destination="queue://orders"),
    )
    assert [each for each in names(seen) if each[0] == "acknowledged"] == [
        ("acknowledged", "m2", "billing"),
        ("acknowledged", "m3", "billing"),
    ]


def test_an_acknowledgement_of_one_message_is_of_that_alone() -> None:
    one = acknowledged("one", "m2", count=1, destination="queue://orders")
    seen = translated(subscribed(), dispatched("m1"), dispatched("m2"), one)
    assert list(names(seen))[-1] == ("acknowledged", "m2", "billing")
    assert len(list(names(seen))) == 3


def test_the_movement_of_a_window_is_no_acknowledgement() -> None:
    moved = acknowledged("delivered", "m1", count=1)
    assert [each[0] for each in names(translated(subscribed(), dispatched("m1"), moved))] == ["dispatched"]


def test_a_poison_acknowledgement_is_a_rejection() -> None:
    poison = acknowledged("poison", "m1", destination="queue://orders")
    assert [each[0] for each in names(translated(subscribed(), dispatched("m1"), poison))][-1] == "rejected"


def test_an_acknowledgement_in_a_transaction_names_it_until_the_transaction_ends() -> None:
    one = acknowledged("one", "m1", transaction="t1")
    *_, last, ended = translated(subscribed(), dispatched("m1"), one, event("rolled-back", transaction="t1"))
    assert isinstance(last, MessageSeen) and last.transaction == "t1"
    assert ended == TransactionEnded(t=1.0, broker="tokyo", transaction="t1", committed=False)


def test_a_consumer_that_left_is_named_as_it_came() -> None:
    came, left = translated(subscribed(network=True, no_local=True), event("unsubscribed", consumer="c1"))
    assert isinstance(came, ConsumerSeen) and isinstance(left, ConsumerSeen)
    assert (left.state, left.destination, left.client_id, left.network, left.no_local) == (
        "unsubscribed", "queue://orders", "billing", True, True,
    )  # fmt: skip


def test_a_client_id_may_have_any_characters() -> None:
    hostile = 'quote " \\ line\nend \ud83d\ude00'
    (seen,) = translated(subscribed(client=hostile))
    assert isinstance(seen, ConsumerSeen) and seen.client_id == hostile.encode("utf-16", "surrogatepass").decode(
        "utf-16"
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", f"{WHOLE}\n{{", f'{WHOLE}\n{{"at": "soon", "event": "stopped"}}', json.dumps(HEAD),
        f'{WHOLE}\n{{"event": "stopped"}}', f'{WHOLE}\n{{"at": 1, "event": ["stopped"]}}',
        f'{WHOLE}\n{{"at": 1, "event": "exploded"}}',
        f'{WHOLE}\n{{"at": 1, "event": "connected", "connection": 7}}',
        f"{WHOLE}\n[2,0,0,9,1,0,0,0]", f"{WHOLE}\n[2,0,-1,0,1,0,0,0]", f"{WHOLE}\n[9]", None,
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_an_error_that_names_the_broker(text: object) -> None:
    with pytest.raises(BrokerError, match="broker tokyo's observer sent an answer of another form"):
        parse("tokyo", text)


def test_an_events_names_and_moment_follow_from_the_answers_names_and_the_event_before() -> None:
    lines = (
        '[1,0,0,1,7,2,3,3,4,"ab",30,{"correlation":"order-7","lifetime":90}]',
        '{"at":20,"event":"committed","transaction":"t1"}',
        "[2,5,0,1,7,4,1,2]",
        "[3,-1,0,4,-1,4,5,2,1]",
    )
    sent, committed, given, taken = parse("tokyo", "\n".join((WHOLE, *lines))).events
    message, orders = "ID:shop-1:1:1:7", "queue://orders"
    assert sent == MessageSeen(
        t=1e-9, broker="tokyo", event="sent", took=30e-9, message=message, destination=orders, client_id="shop",
        over="stomp+ssl", network=True, persistent=True, bytes=4, digest="ab", correlation="order-7", lifetime=0.09,
    )  # fmt: skip
    assert committed == TransactionEnded(t=20e-9, broker="tokyo", transaction="t1", committed=True)
    assert given == MessageSeen(
        t=25e-9, broker="tokyo", event="dispatched", message=message, destination=orders, consumer="ID:c-1:1",
        retain=True, redelivered=2,
    )  # fmt: skip
    assert taken == Acknowledgement(
        t=24e-9, broker="tokyo", message="ID:c-1:1", destination=orders, consumer="ID:c-1:1", kind="all", count=2,
        automatic=True,
    )  # fmt: skip


def test_an_acknowledgement_says_whether_its_message_was_a_retained_one() -> None:
    retained = dispatched("m1", "topic://p", retain=True)
    one = acknowledged("one", "m1", count=1, destination="topic://p")
    last = translated(subscribed(destination="topic://p"), retained, one)[-1]
    assert isinstance(last, MessageSeen) and last.event == "acknowledged" and last.retain


def test_a_message_that_expired_is_not_among_those_that_are_acknowledged_together() -> None:
    expired = event("expired", message="m2", destination="queue://orders", consumer="c1")
    both = acknowledged("all", "m3", count=2, destination="queue://orders")
    seen = translated(subscribed(), dispatched("m1"), dispatched("m2"), dispatched("m3"), expired, both)
    assert [each[1] for each in names(seen) if each[0] == "acknowledged"] == ["m1", "m3"]


def test_of_a_pattern_only_messages_that_were_observed_are_acknowledged() -> None:
    wide = subscribed(destination="queue://orders.>")
    other = acknowledged("one", "m9", count=1, destination="queue://orders.>")
    one = acknowledged("one", "m1", count=1, destination="queue://orders.>")
    seen = translated(wide, dispatched("m1"), other, one)
    (last,) = [each for each in seen if isinstance(each, MessageSeen) and each.event == "acknowledged"]
    assert (last.message, last.destination) == ("m1", "queue://orders")


def test_a_stomp_clients_selector_is_as_the_client_wrote_it() -> None:
    (seen,) = translated(subscribed(selector="convert_string_expressions:colour = 'red'"))
    assert isinstance(seen, ConsumerSeen) and seen.selector == "colour = 'red'"


def test_every_object_that_the_observer_writes_can_be_read() -> None:
    folder = Path(__file__).parents[3] / "docker" / "broker" / "observer" / "mqlab"
    source = (folder / "ObservingBroker.java").read_text("utf-8")
    ends = re.findall('"([a-z-]+)"', " ".join(re.findall(r"about\((.*), reference", source)))  # of a message
    kinds = set()
    for name, calls in re.findall(r'new Event\((?:"([a-z-]+)"|kind)\)(.*?)\.entry\(\)', source, re.DOTALL):
        texts = dict.fromkeys(re.findall(r'\.with\("(\w+)"', calls), "x")
        flags = dict.fromkeys(re.findall(r'\.flag\("(\w+)"', calls), True)
        kinds |= {type(event(each, **texts, **flags)) for each in ([name] if name else ends)}
    assert kinds == {ConnectionSeen, ConsumerSeen, MessageSeen, TransactionEnded, ProcessChanged}


def test_rare_events_are_observations_with_the_names_of_a_history() -> None:
    assert translated(
        event("connected", connection="c", client="shop", user="ann", address="10.0.0.1", over="mqtt+ssl"),
        event("disconnected", connection="c", client="shop", error="EOF"),
        event("forgotten", client="shop", durable="mine"),
        event("discarded", message="m1", destination="topic://p", cause="Throwable: too slow"),
        event("stopped"),
    ) == [
        ConnectionSeen(
            t=1.0, broker="tokyo", connection="c", state="connected", client_id="shop", user="ann", address="10.0.0.1",
            over="mqtt+ssl",
        ),
        ConnectionSeen(
            t=1.0, broker="tokyo", connection="c", state="disconnected", client_id="shop", error="EOF"
        ),
        ConsumerSeen(t=1.0, broker="tokyo", consumer="", state="forgotten", client_id="shop", durable="mine"),
        MessageSeen(
            t=1.0, broker="tokyo", event="discarded", message="m1", destination="topic://p", why="Throwable: too slow"
        ),
    ]  # fmt: skip


def acknowledged_together(message: str, count: int) -> Event:
    return acknowledged("all", message, count=count, destination="queue://orders")


def test_an_acknowledgement_of_several_counts_each_copy_of_a_message() -> None:
    copies = [dispatched("m1"), dispatched("m2"), dispatched("m1")]
    seen = translated(subscribed(), *copies, acknowledged_together("m1", 3))
    assert [each[1] for each in names(seen) if each[0] == "acknowledged"] == ["m1", "m2", "m1"]
    seen = translated(subscribed(), *copies, acknowledged_together("m1", 1), acknowledged_together("m1", 2))
    assert [each[1] for each in names(seen) if each[0] == "acknowledged"] == ["m1", "m2", "m1"]


def test_a_redelivery_is_no_second_copy() -> None:
    again = dispatched("m1", redelivered=1)
    seen = translated(subscribed(), dispatched("m1"), dispatched("m2"), again, acknowledged_together("m1", 2))
    assert [each[1] for each in names(seen) if each[0] == "acknowledged"] == ["m2", "m1"]


@pytest.mark.release
def test_events_are_lost_if_more_messages_are_acknowledged_at_once_than_the_lab_remembers() -> None:
    events = [subscribed(), *(dispatched(f"m{number}") for number in range(100_003))]
    seen = translated(*events, acknowledged_together("m100002", 100_003))[len(events) :]
    assert len(seen) == 100_001
    lost = seen[-1]
    assert isinstance(lost, ObserverChanged) and (lost.state, lost.lost_events, lost.since) == ("lost", 3, 1.0)
    assert lost.why.startswith("a client left more than 100,000 messages unacknowledged")
