"""Handshakes between brokers whose processes are frozen or killed meanwhile, and what bounds them."""

from __future__ import annotations

from pathlib import Path

from lab.link.impairment import LinkState
from lab.runtime.status import DOWN, PAUSED, UP
from lab.simulation.kernel import SECOND
from tests.simulation.labs import MS
from tests.simulation.test_connectors import STATIC, world
from tests.simulation.test_tcp import Two
from tests.simulation.world import World

BRIEF = STATIC.replace(":61617", ":61617?connectionTimeout=500")
LAST_FLIGHT = 0.23  # s after the attempt: 210 ms of round trips, and the last flight waits for 40 more


def frozen(after: float = LAST_FLIGHT) -> Two:
    """Return a client that is frozen so many s after its attempt began; usually while its last flight waits."""
    two = Two()
    two.impair()
    two.connect(within=10 * SECOND if after < LAST_FLIGHT else SECOND)
    two.kernel.sleep(round(after * SECOND))
    two.fabric.power("tokyo", PAUSED)
    return two


def test_a_process_that_is_frozen_in_the_last_of_a_handshake_has_its_connection_once_it_goes_on() -> None:
    """However late that is: the attempt's limit ended with the handshake."""
    two = frozen()
    two.kernel.sleep(1000 * MS - two.kernel.now)
    assert two.client.told == []
    assert two.server.told == [(285, "opened")], "the last flight was with the kernel"
    two.server.its.send("hello", 53)
    two.kernel.sleep(500 * MS)
    two.fabric.power("tokyo", UP)
    two.kernel.sleep(100 * MS)
    assert two.client.told == [(1500, "opened"), (1500, "hello")]


def test_a_process_that_is_frozen_before_tcp_has_its_answer_says_hello_once_it_goes_on() -> None:
    two = frozen(0.03)
    two.kernel.sleep(1000 * MS - two.kernel.now)
    two.fabric.power("tokyo", UP)
    two.kernel.sleep(300 * MS)
    assert two.client.told == [(1180, "opened")]


def test_a_process_that_dies_in_the_last_of_a_handshake_has_no_connection() -> None:
    two = frozen()
    two.kernel.sleep(25 * MS)
    two.fabric.power("tokyo", DOWN)
    two.kernel.sleep(100 * MS)
    two.fabric.power("tokyo", UP)
    two.kernel.sleep(60 * SECOND)
    assert two.client.told == []


def freeze(its: World, broker: str) -> None:
    its.fabric.power(its.instances[broker], PAUSED)
    its.brokers[broker].pause()


def thaw(its: World, broker: str) -> None:
    its.fabric.power(its.instances[broker], UP)
    its.brokers[broker].resume()


def tries(its: World, words: str = "Establishing") -> list[float]:
    """Return when Tokyo's broker said so."""
    return [float(line.split()[0]) for line in its.said("tokyo", words)]


def said(its: World, words: str = "Establishing", times: int = 1) -> float:
    """Wait until Tokyo's broker has said so for the so many-th time, and return when it did, in seconds."""
    while len(tries(its, words)) < times:
        its.run(0.001)
        assert its.clock.now() < 120
    return tries(its, words)[times - 1]


def test_a_broker_that_is_frozen_in_the_last_of_a_handshake_opens_its_bridge_once_it_goes_on() -> None:
    its = World("failover")  # which says so
    said(its)
    its.run(LAST_FLIGHT)
    freeze(its, "tokyo")
    before = [*its.logs["tokyo"]]
    its.run(5.0)
    assert its.logs["tokyo"] == before
    thaw(its, "tokyo")
    its.run(0.2)
    assert its.up() and len(tries(its)) == len(tries(its, "Successfully connected")) == 1


def test_a_frozen_broker_says_why_there_is_no_connection_once_it_goes_on() -> None:
    its = World(start=["tokyo"])
    its.fabric.power("singapore", DOWN)
    said(its)
    its.run(0.01)
    freeze(its, "tokyo")
    its.run(5.0)
    assert not tries(its, "Connection refused")
    thaw(its, "tokyo")
    its.run(0.01)
    assert len(tries(its, "Connection refused")) == 1


def test_the_limit_of_a_brokers_attempt_is_of_tcp_alone(tmp_path: Path) -> None:
    """The handshake takes 250 ms, of which TCP has 70: `TcpTransport.connect` bounds no more."""
    its = world(tmp_path, uri=BRIEF.replace("500", "100"))
    its.until(its.up)
    assert len(tries(its)) == 1


def test_a_partition_is_given_up_at_the_limit_and_a_frozen_broker_as_late_as_one_that_says_nothing(
    tmp_path: Path,
) -> None:
    its = world(tmp_path, uri=BRIEF)
    link = its.plan.links[0].name
    its.cut(link, state=LinkState.CUT)
    assert round(said(its, "Connect timed out") - said(its), 2) == 0.5
    its.cut(link, state=LinkState.OPEN)
    freeze(its, "singapore")
    assert round(said(its, "Connect timed out", 2) - said(its, times=2), 2) == 30
    thaw(its, "singapore")
    its.until(its.up)
