"""When the measured round trip is as configured, on machines that are idle, busy, or not to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pytest
from docker.errors import NotFound
from msgspec import structs

from lab.emulation.state import BrokerState, InstanceState, LabState
from lab.emulation.watch.readiness import (
    PROBES,
    REACHED_WITHIN,
    cause,
    for_bridge,
    for_instance,
    for_link,
)
from lab.errors import BrokerError, HostError, LabTimeout
from lab.link.impairment import Impairment, LinkState
from lab.network.link import Direction
from lab.plan.values import DECLARED, BridgePlan, LinkPlan
from lab.runtime.patience import BROKER_PATIENCE
from tests.polled_clock import PolledClock


class Told:
    """A router that has measured what it is told; the last answer stays."""

    def __init__(self, *answers: tuple[float, float] | None, first: tuple[float, float] | None = None) -> None:
        self._answers, self._first = list(answers), first

    def first_probes(self, link: str) -> dict[str, Any] | None:
        return None if self._first is None else Told(self._first).probe(link, PROBES)

    def probe(self, link: str, count: int) -> dict[str, Any]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            return {"count": PROBES, "lost": PROBES, "rtt_us": {"min": None, "p50": None}}
        fastest, middle = answer
        return {"count": PROBES, "lost": 0, "rtt_us": {"min": fastest * 1000, "p50": middle * 1000}}


def link(impairment: Impairment, state: LinkState = LinkState.OPEN) -> LinkPlan:
    ways: Sequence[tuple[str, str]] = [("a", "b"), ("b", "a")]
    first, second = (
        Direction(leaving=leaving, reaching=reaching, impairment=impairment, state=state) for leaving, reaching in ways
    )
    return LinkPlan(name="a-b", directions=(first, second), source=DECLARED)


def check(router: Told, plan: LinkPlan, patience: float = 0.0) -> str:
    return for_link(router, plan, PolledClock(), patience)  # type: ignore[arg-type]


OCEAN = Impairment(delay=timedelta(milliseconds=35))


def test_as_asked() -> None:
    assert check(Told((70.0, 70.9)), link(OCEAN)) == "round trip 70.9 ms measured, 70.0 ms configured"


def test_late_at_first_while_brokers_start() -> None:
    assert (
        check(Told((71, 84), None, (70.1, 70.2)), link(OCEAN), 10) == "round trip 70.2 ms measured, 70.0 ms configured"
    )


def test_the_probes_of_the_routers_start_are_enough_if_they_are_as_asked() -> None:
    assert "70.3 ms measured" in check(Told(first=(70.0, 70.3)), link(OCEAN))


def test_probes_of_the_start_that_were_late_are_sent_again() -> None:
    assert "70.2 ms measured" in check(Told((70.1, 70.2), first=(71.0, 84.0)), link(OCEAN), 10)


@pytest.mark.parametrize("measured", [(35.0, 35.1), (0.1, 0.2), (80.0, 84.0), (140.0, 141.0)])
def test_not_as_asked(measured: tuple[float, float]) -> None:
    with pytest.raises(HostError, match=rf"measured round trip is {measured[1]:.1f} ms, the configured one 70\.0 ms"):
        check(Told(measured), link(OCEAN))


def test_nothing_comes_back() -> None:
    with pytest.raises(HostError, match="none of 20 probes came back"):
        check(Told(None), link(OCEAN))


def test_where_a_look_takes_long_half_of_the_time_is_without_looks() -> None:
    clock = PolledClock()
    asked: list[float] = []

    class Slow(Told):
        def probe(self, link: str, count: int) -> dict[str, Any]:
            asked.append(clock.now())
            clock.sleep(2.0)
            return super().probe(link, count)

    with pytest.raises(HostError, match="none of 20 probes came back"):
        for_link(Slow(None), link(OCEAN), clock)  # type: ignore[arg-type]
    assert {round(later - one) for one, later in pairwise(asked)} == {4}


def test_a_slow_line_makes_probes_wait_for_each_other() -> None:
    slow = Impairment(delay=timedelta(milliseconds=35), rate=56_000)
    assert "measured" in check(Told((81.4, 110.0)), link(slow))


@pytest.mark.parametrize(
    "closed", [link(OCEAN, LinkState.CUT), link(OCEAN, LinkState.REJECT), link(Impairment(loss=1.0))]
)
def test_what_lets_nothing_through_is_not_measured(closed: LinkPlan) -> None:
    assert "not measured" in check(Told(None), closed)


class Broker:
    """A broker's container as the engine has it, and its management, which nothing from here reaches."""

    status = "running"
    reached_at = "127.0.0.1"
    attrs = MappingProxyType({"State": {"ExitCode": 1}})

    def __init__(self, log: str) -> None:
        self._log = log
        self.containers = self
        self.asked = 0  # how often the engine was

    def get(self, container: str) -> Broker:
        self.asked += 1
        return self

    def logs(self, tail: int) -> bytes:
        return self._log.encode()

    def get_archive(self, path: str) -> Any:
        raise NotFound(f"{path}: this one has no vault")

    def is_ready(self, of: InstanceState) -> bool:
        return False


def await_broker(log: str, clock: PolledClock, broker: Any = None) -> None:
    its = InstanceState(
        broker="tokyo", name="tokyo", number=1, container="c", address="10.213.0.10", ports={}, management_port=21000
    )
    broker: Any = Broker(log) if broker is None else broker
    for_instance(broker, broker, its, "/runs/r", clock)


def test_a_broker_that_has_started_and_is_not_reached_is_told_as_that_and_soon() -> None:
    clock = PolledClock()
    begun = clock.now()
    with pytest.raises(HostError, match="broker tokyo has started, but this machine cannot reach it") as caught:
        await_broker("INFO | Apache ActiveMQ 5.18.3 (tokyo, ID:tokyo-1-1) started\n", clock)
    assert "127.0.0.1:21000" in caught.value.what and "userland proxy" in caught.value.remedy
    assert clock.now() - begun < REACHED_WITHIN + 5


def test_a_broker_whose_log_does_not_say_that_it_has_started_has_not() -> None:
    clock = PolledClock()
    begun = clock.now()
    with pytest.raises(LabTimeout, match="broker tokyo did not start within 120 s"):
        await_broker("INFO | Apache ActiveMQ 5.18.3 (tokyo, ID:tokyo-1-1) is starting\n", clock)
    assert clock.now() - begun >= BROKER_PATIENCE


def test_the_engine_is_not_asked_at_every_look_while_brokers_need_every_core() -> None:
    clock, broker = PolledClock(), Broker("INFO | starting\n")
    begun = clock.now()
    with pytest.raises(LabTimeout):
        await_broker("", clock, broker)
    looks_and_logs = (clock.now() - begun) * (2 + 0.5)
    assert looks_and_logs / 2 < broker.asked < looks_and_logs + 5


def test_a_broker_that_has_ended_is_seen_at_once() -> None:
    clock, broker = PolledClock(), Broker("ERROR | out of memory\n")
    broker.status = "exited"
    begun = clock.now()
    with pytest.raises(BrokerError, match="broker tokyo stopped while starting"):
        await_broker("", clock, broker)
    assert broker.asked == 3 and clock.now() - begun < 0.1  # its state and, twice, its log, before any pause


def test_a_broker_that_has_another_way_out_than_the_router_has_not_started_and_says_which() -> None:
    for log, ways in (
        ("0101D50A", "10.213.1.1"),
        ("FE01D50A 0101D50A", "10.213.1.254 and 10.213.1.1"),
        ("", "nowhere"),
    ):
        words = f" {log}" if log else ""
        broker = Broker(
            f"INFO an earlier start\nmqlab: not started: the router is FE01D50A, and the ways out are:{words}\n"
        )
        broker.status, broker.attrs = "exited", MappingProxyType({"State": {"ExitCode": 78}})
        with pytest.raises(HostError, match=f"the default route {ways} instead of the router's 10.213.1.254"):
            await_broker("", PolledClock(), broker)


NOT_STARTED = "mqlab: not started: the router is FE01D50A, and the ways out are: 0101D50A\n"


@pytest.mark.parametrize(("log", "code"), [(NOT_STARTED, 1), (f"{NOT_STARTED}ERROR Port 61617 in use\n", 78)])
def test_what_a_broker_logs_is_not_its_entry_points_word(log: str, code: int) -> None:
    broker = Broker(log)
    broker.status, broker.attrs = "exited", MappingProxyType({"State": {"ExitCode": code}})
    with pytest.raises(BrokerError, match="broker tokyo stopped while starting"):
        await_broker("", PolledClock(), broker)


AT = "2026-11-24T20:43:19.439Z WARN  [ActiveMQ NIO Worker 5]"
WHY = "due to User name [u] or password is invalid."


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            f"{AT} TransportConnection | Failed to add Connection id=ID:h-1-2:1, clientId=c, clientIP=tcp://h:1 {WHY}",
            False,
        ),
        (f"{AT} Service | Security Error occurred on connection to: tcp://10.0.0.1:5, {WHY}", False),
        (f"a trace: {WHY}", False),
        (
            f"{AT} TransportConnection | Failed to add Connection id=a->b-1-2:1, clientId=c, clientIP=tcp://h:1 {WHY}",
            True,
        ),
        (f"{AT} DemandForwardingBridgeSupport | Network connection between vm://a and tcp:///h shutdown {WHY}", True),
    ],
)
def test_a_client_that_is_refused_is_no_cause_of_a_bridges_fate(line: str, why: bool) -> None:
    its = InstanceState(broker="a", name="a", number=1, container="c", address="", ports={}, management_port=0)
    ends = {
        name: BrokerState(instances=(structs.replace(its, broker=name, name=name),), management_password="")
        for name in "ab"
    }
    state = LabState(ca_file="", router="", networks={}, brokers=ends)
    bridge = BridgePlan(connector="c", initiator="a", responder="b", duplex=False, user="u")
    broker: Any = Broker(f"{line}\n")
    found = cause(broker, state, bridge)
    assert found == ("a broker refused the connector's user or password (log of a)" if why else "")


class Connecting(Broker):
    """A bridge that comes up at a moment, which the initiator's log may report; its management counts the queries."""

    def __init__(self, clock: PolledClock, up: float, *, logged: bool) -> None:
        super().__init__("")
        self._clock, self._up, self._logged = clock, up, logged
        self.queries: list[float] = []

    def logs(self, tail: int) -> bytes:
        said = self._logged and self._clock.now() >= self._up
        return b"Network connection between vm://a#0 and ssl://b:61617 has been established" if said else b""

    def bridge_is_up(self, bridge: BridgePlan) -> bool:
        self.queries.append(self._clock.now())
        return self._clock.now() >= self._up


@pytest.mark.parametrize(("logged", "late"), [(True, 0.03), (False, 0.55)])
def test_a_bridge_is_asked_for_when_the_log_reports_it_and_else_now_and_then(logged: bool, late: float) -> None:
    clock = PolledClock()
    its = InstanceState(
        broker="a", name="a", number=1, container="c", address="10.213.0.10", ports={}, management_port=21000
    )
    ends = {
        name: BrokerState(instances=(structs.replace(its, broker=name, name=name),), management_password="")
        for name in "ab"
    }
    state = LabState(ca_file="", router="", networks={}, brokers=ends)
    bridge = BridgePlan(connector="c", initiator="a", responder="b", duplex=False, user="u")
    broker: Any = Connecting(clock, 0.7, logged=logged)
    assert for_bridge(broker, state, broker, bridge, clock) == ""
    assert 0.7 <= clock.now() < 0.7 + late
    assert len(broker.queries) == 3
