"""Small scenarios that hold in the simulation and with real brokers: one lab for all of them, brought back after each.

Each is a function of an open lab, which knows nothing of the runtime.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import delivered, labs
from lab.errors import LabTimeout
from lab.judge import Outcome
from lab.pytest_plugin.lab_of_test import LabOfTest
from lab.pytest_plugin.shared_lab import SharedLab

CONNECTOR = "connector_tokyo_to_singapore"
Small = Callable[[LabOfTest], None]


def forwards(lab: LabOfTest, broker: str, **destination: str) -> None:
    """Wait until a broker knows who wants the messages of a destination: a bridge forwards only then."""
    lab.wait(lambda: lab.demand(broker, **destination), 30)


def messages_cross_both_ways(lab: LabOfTest) -> None:
    for here, there in (("tokyo", "singapore"), ("singapore", "tokyo")):
        with lab.connect(here) as sender, lab.connect(there) as receiver:
            receiver.subscribe(topic="prices.eur")
            forwards(lab, here, topic="prices.eur")
            sender.publish(b"\x00\xff from " + here.encode(), topic="prices.eur")
            assert receiver.receive(within=30).body == b"\x00\xff from " + here.encode()


def mqtt_reaches_stomp_over_the_bridge(lab: LabOfTest) -> None:
    with lab.connect("tokyo") as sender, lab.connect("singapore", over="stomp") as receiver:
        receiver.subscribe(topic="prices.usd")
        forwards(lab, "tokyo", topic="prices.usd")
        sender.publish("1.08", topic="prices.usd")
        assert receiver.receive(within=30).body == b"1.08"


def a_queue_gives_each_message_to_one(lab: LabOfTest) -> None:
    with (
        lab.connect("tokyo", over="stomp") as sender,
        lab.connect("tokyo", over="stomp", name="first") as first,
        lab.connect("tokyo", over="stomp", name="second") as second,
    ):
        for worker in (first, second):
            worker.subscribe(queue="jobs")
        for number in range(4):
            sender.publish(str(number), queue="jobs")
        came = sorted(worker.receive(within=10).body for worker in (first, second) for _ in range(2))
        assert came == [b"0", b"1", b"2", b"3"]


def what_is_sent_over_a_cut_link_comes_after_it(lab: LabOfTest) -> None:
    with lab.connect("tokyo", over="stomp") as sender, lab.connect("singapore", over="stomp") as receiver:
        receiver.subscribe(queue="orders")
        forwards(lab, "tokyo", queue="orders")
        lab.cut()
        sender.publish("waits", queue="orders")
        receiver.stays_silent(within=2)
        lab.heal()
        assert receiver.receive(within=60).body == b"waits"


def a_link_that_gets_longer_is_measured_so(lab: LabOfTest) -> None:
    lab.impair(delay="200ms")
    (link,) = lab.status().links
    assert link.round_trip_ms is not None and 400 <= link.round_trip_ms < 2000


def a_retained_message_is_there_for_who_comes_later(lab: LabOfTest) -> None:
    with lab.connect("tokyo") as sender:
        sender.publish("1.09", topic="prices.chf", retained=True)
    with lab.connect("tokyo") as late:
        late.subscribe(topic="prices.chf")
        message = late.receive(within=10)
        assert (message.body, message.retained) == (b"1.09", True)


def a_selector_lets_through_what_matches(lab: LabOfTest) -> None:
    with lab.connect("tokyo", over="stomp") as sender, lab.connect("tokyo", over="stomp") as receiver:
        receiver.subscribe(queue="offers", selector="pieces > 10")
        for pieces in ("1", "11"):
            sender.publish(pieces, queue="offers", headers={"pieces": pieces})
        assert receiver.receive(within=10).body == b"11"
        receiver.stays_silent(within=1)


def what_was_not_acknowledged_comes_again(lab: LabOfTest) -> None:
    with lab.connect("tokyo", over="stomp") as sender:
        sender.publish("twice", queue="unsettled")
    with lab.connect("tokyo", over="stomp") as leaves:
        leaves.subscribe(queue="unsettled", ack="client-individual")
        assert not leaves.receive(within=10).redelivered
    with lab.connect("tokyo", over="stomp") as returns:
        returns.subscribe(queue="unsettled", ack="client-individual")
        message = returns.receive(within=10)
        assert (message.body, message.redelivered) == (b"twice", True)
        returns.acknowledge(message)


def a_browser_sees_what_waits_and_takes_nothing(lab: LabOfTest) -> None:
    with lab.connect("tokyo", over="stomp") as client:
        for number in range(3):
            client.publish(str(number), queue="waiting")
        assert [message.body for message in client.browse("waiting").messages] == [b"0", b"1", b"2"]
        assert lab.queued("tokyo", "waiting") == 3


def a_stopped_connector_forwards_nothing(lab: LabOfTest) -> None:
    lab.stop_connector("tokyo", CONNECTOR)
    assert not lab.bridged(CONNECTOR)
    with lab.connect("singapore") as receiver, lab.connect("tokyo") as sender:
        receiver.subscribe(topic="prices.gbp")
        sender.publish("0.87", topic="prices.gbp")
        receiver.stays_silent(within=2)


def a_message_that_arrived_is_judged_so(lab: LabOfTest) -> None:
    with lab.connect("tokyo", name="shop") as shop, lab.connect("singapore", name="billing") as billing:
        billing.subscribe(topic="invoices")
        forwards(lab, "tokyo", topic="invoices")
        shop.publish("7 GBP", topic="invoices")
        billing.receive(within=30)
        expected = delivered(senders="shop", to="billing", topic="invoices", within="30s", quiet="1s")
        lab.expect(expected)
        assert lab.judge_expected() == ()


def a_message_that_is_cut_off_is_not_judged_passed(lab: LabOfTest) -> None:
    with lab.connect("tokyo", name="shop") as shop, lab.connect("singapore", name="billing") as billing:
        billing.subscribe(topic="invoices")
        forwards(lab, "tokyo", topic="invoices")
        lab.cut()
        shop.publish("8 GBP", topic="invoices")
        with pytest.raises(LabTimeout):
            billing.receive(within=2)
        expected = delivered(senders="shop", to="billing", topic="invoices", within="1s", quiet="1s")
        report = lab.judge(expected)
        assert report.outcome is Outcome.FAILED, report


SMALL: tuple[Small, ...] = (
    messages_cross_both_ways,
    mqtt_reaches_stomp_over_the_bridge,
    a_queue_gives_each_message_to_one,
    what_is_sent_over_a_cut_link_comes_after_it,
    a_link_that_gets_longer_is_measured_so,
    a_retained_message_is_there_for_who_comes_later,
    a_selector_lets_through_what_matches,
    what_was_not_acknowledged_comes_again,
    a_stopped_connector_forwards_nothing,
    a_message_that_arrived_is_judged_so,
    a_message_that_is_cut_off_is_not_judged_passed,
    a_browser_sees_what_waits_and_takes_nothing,
)


def opened(runtime: str, folder: Any) -> Iterator[SharedLab]:
    environment = {**os.environ, "MQLAB_HOME": str(folder / "home")}
    shared = SharedLab(lambda: labs.up("tokyo-singapore", runtime=runtime, runs=folder, environment=environment))
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedLab]:
    yield from opened("simulation", tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="module")
def emulated(engine: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedLab]:
    yield from opened("emulation", tmp_path_factory.mktemp("emulated"))


@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.__name__)
def test_it_holds_in_the_simulation(simulated: SharedLab, small: Small) -> None:
    with simulated.test(small.__name__) as lab:
        small(lab)


@pytest.mark.docker
@pytest.mark.parametrize("small", SMALL, ids=lambda small: small.__name__)
def test_it_holds_with_real_brokers(emulated: SharedLab, small: Small) -> None:
    with emulated.test(small.__name__) as lab:
        small(lab)
    assert emulated.spoilt == "", "the lab is brought back, so that the next scenario needs no other one"
