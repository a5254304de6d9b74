"""timeStampingBrokerPlugin: how long messages live there, as real brokers showed and its source says."""

from __future__ import annotations

import pytest

from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.stamping import Stamping, stampings
from tests.simulation.broker.bench import MS, SECOND, Bench, configuration

ENTRY = '<policyEntry queue="&gt;" expireMessagesPeriod="100"/>'
POLICY = f"<destinationPolicy><policyMap><policyEntries>{ENTRY}</policyEntries></policyMap></destinationPolicy>"


def bench(attributes: str) -> Bench:
    plugins = f"<plugins><timeStampingBrokerPlugin {attributes}/></plugins>"
    return Bench(configuration(POLICY + plugins))


def lived(its: Bench, queue: str) -> float:
    """Return for how many seconds, in tenths, a message waited in a queue, 30 if it waits yet."""
    for tenths in range(300):
        if its.counters(queue).get("expired"):
            return tenths / 10
        its.wait(100 * MS)
    return 30


@pytest.mark.parametrize(
    ("attributes", "asked", "lives"),
    [
        ("", None, 30),
        ("", 2, 2),
        ('zeroExpirationOverride="3000"', None, 3),
        ('zeroExpirationOverride="3000"', 2, 2),
        ('ttlCeiling="4000"', None, 30),
        ('ttlCeiling="4000"', 2, 2),
        ('ttlCeiling="4000"', 20, 4),
        ('ttlCeiling="4000" zeroExpirationOverride="9000"', None, 4),
        ('ttlCeiling="4000" futureOnly="true"', 20, 20),
        ('ttlCeiling="4000" zeroExpirationOverride="9000" futureOnly="true"', None, 4),
    ],
)
def test_a_client_s_message_lives_as_long_as_the_plugin_lets_it(attributes: str, asked: int | None, lives: int) -> None:
    its = bench(attributes)
    its.send("queue://a", "x", expires=None if asked is None else its.kernel.now + asked * SECOND)
    assert lived(its, "queue://a") == pytest.approx(lives, abs=0.21)
    [stamping] = stampings(
        read(configuration(f"<plugins><timeStampingBrokerPlugin {attributes}/></plugins>").encode(), "a.xml").broker
    )
    assert (stamping.lives(None if asked is None else asked * 1000) or 30_000) == lives * 1000


@pytest.mark.parametrize(("attributes", "lives"), [("", 30), ('processNetworkMessages="true"', 3)])
def test_a_bridge_s_message_is_stamped_where_the_plugin_is_to(attributes: str, lives: int) -> None:
    its = bench(f'zeroExpirationOverride="3000" {attributes}')
    its.send("queue://a", "x", path=("osaka",), timestamp=its.kernel.now)
    assert lived(its, "queue://a") == pytest.approx(lives, abs=0.21)


def test_a_stamp_anew_lets_a_bridge_s_message_live_as_long_as_it_was_to_live_at_first() -> None:
    its = bench('processNetworkMessages="true"')
    now = its.kernel.now
    its.send("queue://a", "x", path=("osaka",), timestamp=now - 3 * SECOND, expires=now + SECOND)
    assert lived(its, "queue://a") == pytest.approx(4, abs=0.21)


def test_a_dead_letter_is_not_stamped() -> None:
    its = bench('zeroExpirationOverride="1000"')
    its.send("queue://a", "x")
    its.wait(20 * SECOND)
    assert its.counters("queue://ActiveMQ.DLQ") == {"enqueued": 1, "queued": 1}


def test_several_plugins_look_at_a_message_one_after_the_other_the_last_first() -> None:
    text = configuration(
        '<plugins><timeStampingBrokerPlugin ttlCeiling="1000"/>'
        '<timeStampingBrokerPlugin zeroExpirationOverride="9000"/></plugins>'
    )
    assert stampings(read(text.encode(), "a.xml").broker) == (Stamping(override=9000), Stamping(ceiling=1000))
    its = Bench(text.replace("<plugins>", f"{POLICY}<plugins>"))
    its.send("queue://a", "x")
    assert lived(its, "queue://a") == pytest.approx(1, abs=0.21)


def test_what_the_service_would_remove_is_not_read() -> None:
    text = configuration('<plugins><timeStampingBrokerPlugin ttlCeiling="soon" zeroExpirationOverride="1h"/></plugins>')
    assert stampings(read(text.encode(), "a.xml").broker) == (Stamping(),)
