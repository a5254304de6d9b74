"""The terms of a subscription against a real broker: what it keeps, what it gives again, what it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from lab.activemq.selectors import matches
from lab.clients import connect
from lab.history import SendOutcome
from lab.runtime.client import Client, Endpoint
from lab.runtime.messages import ORDINARY, Destination, Session, Terms
from tests.activemq.selectors import CASES
from tests.clients.hearing import Heard, message

pytestmark = [pytest.mark.docker, pytest.mark.release]
Opened = Callable[..., tuple[Client, Heard]]
OK = SendOutcome.OK


@pytest.fixture
def opened(endpoint: Callable[[str], Endpoint]) -> Iterator[Opened]:
    clients = []

    def open_one(protocol: str, name: str, session: Session = ORDINARY) -> tuple[Client, Heard]:
        heard = Heard()
        client = connect(protocol, replace(endpoint(protocol), client_id=name), heard, session)
        clients.append(client)
        return client, heard

    yield open_one
    for client in clients:
        client.close()


def topic() -> Destination:
    return Destination(kind="topic", name=f"terms.{uuid4()}")


def queue() -> Destination:
    return Destination(kind="queue", name=f"terms.{uuid4()}")


def ids(heard: Heard) -> list[str]:
    """Return the numbers of the messages received over a protocol that has headers."""
    return [each.headers["mqlab_id"].rpartition("-")[2] for each in heard.messages]


def send(opened: Opened, over: str, to: Destination, *numbers: int, **changed: object) -> None:
    saying, said = opened(over, f"says-{uuid4()}")
    for number in numbers:
        saying.publish(message(number, to)._replace(**changed))  # type: ignore[arg-type]
    said.until(lambda: len(said.outcomes) == len(numbers))
    assert {outcome for outcome, _ in said.outcomes.values()} == {OK}
    saying.close()


@pytest.mark.parametrize("protocol", ["mqtt", "stomp", "amqp"])
def test_what_is_sent_while_a_durable_subscriber_is_away_comes_when_it_is_back(opened: Opened, protocol: str) -> None:
    to, name = topic(), f"durable-{uuid4()}"
    terms = Terms(destination=to, durable=True)
    client, _ = opened(protocol, name, Session(clean=False))
    client.subscribe(terms)
    client.close()
    send(opened, "stomp", to, 1, 2, 3)
    back, heard = opened(protocol, name, Session(clean=False, kept=(terms,)))
    back.subscribe(terms)
    heard.until(lambda: len(heard.messages) == 3)
    assert not heard.errors, "what comes before the client has subscribed again has its place"

    back.unsubscribe(to)
    back.close()
    send(opened, "stomp", to, 4)
    later, late = opened(protocol, name, Session(clean=False))
    later.subscribe(terms)
    send(opened, "stomp", to, 5)
    late.until(lambda: bool(late.messages))
    assert len(late.messages) == 1, "unsubscribing ended the durable subscription too"


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_what_was_not_acknowledged_comes_again_and_says_so(opened: Opened, over: str) -> None:
    to = queue()
    send(opened, over, to, 1, 2, 3)
    first, heard = opened(over, f"first-{uuid4()}")
    first.subscribe(Terms(destination=to, ack="client-individual"))
    heard.until(lambda: len(heard.messages) == 3)
    tokens = [each.token for each in heard.messages]
    assert all(tokens) and not any(each.redelivered for each in heard.messages)
    assert first.acknowledge([tokens[1] or ""]) == [OK]
    assert first.acknowledge(["nobody's"]) == [SendOutcome.FAILED]
    first.close()
    second, again = opened(over, f"second-{uuid4()}")
    second.subscribe(Terms(destination=to))
    again.until(lambda: len(again.messages) == 2)
    assert sorted(ids(again)) == ["1", "3"]
    assert all(each.redelivered and each.token is None for each in again.messages)


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_in_client_mode_an_acknowledgement_covers_all_before_it(opened: Opened, over: str) -> None:
    to = queue()
    send(opened, over, to, 1, 2, 3)
    first, heard = opened(over, f"first-{uuid4()}")
    first.subscribe(Terms(destination=to, ack="client"))
    heard.until(lambda: len(heard.messages) == 3)
    assert first.acknowledge([heard.messages[1].token or ""]) == [OK]
    first.close()
    second, again = opened(over, f"second-{uuid4()}")
    second.subscribe(Terms(destination=to))
    again.until(lambda: bool(again.messages))
    assert ids(again) == ["3"]


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_no_more_come_than_the_prefetch_before_they_are_acknowledged(opened: Opened, over: str) -> None:
    to = queue()
    send(opened, over, to, 1, 2, 3, 4)
    first, heard = opened(over, f"first-{uuid4()}")
    first.subscribe(Terms(destination=to, ack="client-individual", prefetch=2))
    heard.until(lambda: len(heard.messages) == 2)
    second, rest = opened(over, f"second-{uuid4()}")
    second.subscribe(Terms(destination=to))
    rest.until(lambda: len(rest.messages) == 2)
    assert len(heard.messages) == 2
    assert first.acknowledge([each.token or "" for each in heard.messages]) == [OK, OK]


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_of_a_topic_a_client_that_is_behind_gets_all(opened: Opened, over: str) -> None:
    """A broker keeps 1000 messages beyond the prefetch, and drops what comes after them."""
    to = topic()
    client, heard = opened(over, f"hears-{uuid4()}")
    client.subscribe(Terms(destination=to, ack="client-individual"))
    send(opened, "amqp", to, *range(1, 3001))
    heard.until(lambda: len(heard.messages) == 3000)


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_a_selector_lets_through_what_matches(opened: Opened, over: str) -> None:
    to = topic()
    client, heard = opened(over, f"hears-{uuid4()}")
    large = "size > 9" if over == "stomp" else "size IN ('10', '11')"  # to AMQP clients a text is no number
    client.subscribe(Terms(destination=to, selector=f"colour = 'red' AND {large}"))
    for number, (colour, size) in enumerate([("red", "10"), ("blue", "10"), ("red", "9"), ("red", "11")], start=1):
        base = message(number, to)
        send(
            opened,
            over,
            to,
            number,
            headers={**base.headers, "mqlab_id": f"r/1-{number}", "colour": colour, "size": size},
        )
    heard.until(lambda: len(heard.messages) == 2)
    assert ids(heard) == ["1", "4"]


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_a_broker_selects_as_the_lab_says_that_it_does(opened: Opened, over: str) -> None:
    """One topic for each; a message that every selector lets through comes last and says that no more will come."""
    saying, said = opened(over, f"says-{uuid4()}")
    hearing, heard = opened(over, f"hears-{uuid4()}")
    own: dict[Destination, int] = {}
    last = str(uuid4())  # a broker remembers a selector by its words, and how it was read for whoever came first
    for number, (selector, _, _) in enumerate(CASES, start=1):
        to = topic()
        own[to] = number
        hearing.subscribe(Terms(destination=to, selector=f"({selector}) OR last = '{last}'"))
    for to, number in own.items():
        for part, headers in enumerate([CASES[number - 1][1], {"last": last}]):
            base = message(2 * number + part, to)
            saying.publish(base._replace(headers={**headers, "mqlab_id": f"r/{number}-{part}"}))
    heard.until(lambda: sum(ids_ == "1" for ids_ in ids(heard)) == len(CASES))
    let_through = {each.headers["mqlab_id"].rpartition("-")[0] for each in heard.messages if "last" not in each.headers}
    told = {
        f"r/{number}"
        for number, (selector, headers, _) in enumerate(CASES, start=1)
        if matches(selector, headers, read_as_numbers=over == "stomp")
    }
    assert let_through == told, [CASES[int(each[2:]) - 1] for each in sorted(let_through ^ told)]
    assert not said.errors


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_what_has_expired_does_not_come(opened: Opened, over: str) -> None:
    to = queue()
    send(opened, over, to, 1, expiry=-1.0)
    send(opened, over, to, 2, expiry=600.0, priority=7)
    client, heard = opened(over, f"hears-{uuid4()}")
    client.subscribe(Terms(destination=to, selector="JMSPriority = 7"))
    heard.until(lambda: bool(heard.messages))
    assert ids(heard) == ["2"]


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_a_group_goes_to_one_consumer(opened: Opened, over: str) -> None:
    to = queue()
    first, one = opened(over, f"first-{uuid4()}")
    second, other = opened(over, f"second-{uuid4()}")
    first.subscribe(Terms(destination=to))
    second.subscribe(Terms(destination=to))
    send(opened, over, to, *range(1, 9))
    one.until(lambda: len(one.messages) + len(other.messages) == 8)
    assert one.messages and other.messages, "without a group they share"
    before = len(one.messages), len(other.messages)
    send(opened, over, to, *range(9, 17), group="g")
    one.until(lambda: len(one.messages) + len(other.messages) == 16)
    assert before[0] in (len(one.messages), len(one.messages) - 8)
