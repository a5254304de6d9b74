"""Tests whose own clients are judged by the events of the brokers' observers."""

from __future__ import annotations

import pytest

from .conftest import Session

TEST = """
import pytest
from lab import delivered

CLIENTS = {{"shop": "mqlab-*-shop", "billing": {{"client-id": "mqlab-*-billing", "broker": "singapore"}}}}
MARK

def test_an_order_is_billed(FIXTURE):
    mqlab = LAB
    mqlab.observe("orders")
    billing = mqlab.connect("singapore", over="stomp", name="billing")
    billing.subscribe(queue="orders", ack="client-individual")
    mqlab.wait(lambda: mqlab.demand("tokyo", queue="orders"), within=60)
    mqlab.expect(delivered(senders="shop", to="billing", queue="orders", within="5s"), clients=CLIENTS)
    mqlab.expect(delivered(queue="orders", at="singapore", within="5s"), clients=CLIENTS)
    {before}
    mqlab.connect("tokyo", over="stomp", name="shop").publish("order 1", queue="orders")
    {after}
"""
TAKE = "billing.acknowledge(billing.receive(within=5))"
MARKED = (
    TEST.replace("MARK", '@pytest.mark.mqlab(observe=["orders"])').replace("FIXTURE", "mqlab").replace("LAB", "mqlab")
)
MADE = (
    TEST.replace("MARK", "")
    .replace("FIXTURE", "mqlab_make")
    .replace("LAB", 'mqlab_make("tokyo-singapore", observe="orders")')
)


@pytest.mark.parametrize("text", [MARKED, MADE], ids=["marked", "made"])
def test_a_test_passes_if_its_clients_acknowledge_each_message(
    pytester: pytest.Pytester, session: Session, text: str
) -> None:
    pytester.makepyfile(text.format(before="", after=TAKE))
    session().assert_outcomes(passed=1)


def test_a_test_fails_with_the_reason_of_a_verdict(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(MARKED.format(before="mqlab.cut()", after=""))
    ended = session()
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(
        [
            "failed: delivered: {queue: orders, to: billing, from: shop, promise: exactly-once, within: 5s}: "
            "*1 of 1 did not reach billing*",
            "failed: delivered: {queue: orders, at: singapore, promise: exactly-once, within: 5s}: *",
        ]
    )


def test_a_test_of_silent_applications_ends_before_a_late_message_could_come(
    pytester: pytest.Pytester, session: Session
) -> None:
    patient = MARKED.replace('within="5s"', 'within="600s", quiet="1s"')
    pytester.makepyfile(
        patient.format(before="", after=TAKE)
        + """
@pytest.fixture(autouse=True)
def ends_early(mqlab):
    begun = mqlab.lab.clock.now()
    yield
    assert mqlab.lab.clock.now() - begun < 60
"""
    )
    session().assert_outcomes(passed=1)


def test_one_expectation_with_other_clients_is_refused_and_not_forgotten(
    pytester: pytest.Pytester, session: Session
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from lab import delivered

        @pytest.mark.mqlab(observe=["orders"])
        def test_two(mqlab):
            for pattern in ("a-*", "b-*"):
                mqlab.expect(delivered(to="billing", queue="orders"), clients={"billing": pattern})
        """
    )
    ended = session()
    ended.stdout.fnmatch_lines(["*InputError: the test expects delivered: * already, with other clients*"])


def test_a_lab_without_observers_is_refused_by_name(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        from lab import delivered

        def test_observed_later(mqlab):
            mqlab.observe("orders")

        def test_application(mqlab):
            mqlab.expect(delivered(to="billing"), clients={"billing": "billing-*"})

        def test_broker(mqlab):
            mqlab.expect(delivered(at="sinapore"))

        def test_key(mqlab):
            delivered(to="billing", promise="twice")
        """
    )
    ended = session()
    ended.assert_outcomes(failed=4)
    ended.stdout.fnmatch_lines(
        [
            "*InputError: the brokers of this lab do not observe orders, and an open lab cannot begin to observe",
            "*open it with an observer: labs.up(SCENARIO, observe=*orders*), or @pytest.mark.mqlab(observe=*orders*)",
            "*InputError: no broker of this lab is observed, so the lab has no data on billing",
            "*mark the test: @pytest.mark.mqlab(observe=*orders.>*), with the destinations of its messages",
            '*InputError: no broker named "sinapore"',
            "*InputError: delivered, promise: *",
        ]
    )
