"""A broker's management refuses, or does not know what it is asked: an agent on this machine that knows one MBean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lab.emulation.brokers.power import Power
from lab.emulation.state import BrokerState, InstanceState, LabState
from lab.emulation.watch import mbeans
from lab.emulation.watch.jolokia import Jolokia
from lab.emulation.watch.management import Management
from lab.errors import BrokerError
from lab.runtime.lab import Silent
from lab.runtime.status import PAUSED, STOPPING, UP
from tests.polled_clock import PolledClock

CONNECTOR = mbeans.connector("tokyo", "to_singapore")
GOING = "org.apache.activemq:type=Broker,brokerName=tokyo,destinationType=Queue,destinationName=going"


class Agent(BaseHTTPRequestHandler):
    """Jolokia as it answers of a broker that has one connector, and a queue that goes after it was listed."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        written = json.dumps([self._answer(each) for each in asked]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, format: str, *args: object) -> None: ...

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["type"] == "read" and asked["mbean"] == mbeans.destinations("tokyo")[0]:
            return {"status": 200, "value": {GOING: {"Name": "going", "QueueSize": 1}}, "request": asked}
        if asked["type"] == "exec" and asked["mbean"] == CONNECTOR:
            if asked["operation"] in ("start", "stop"):
                return {"status": 200, "value": "done"}
            return {"status": 403, "error": "not allowed"}
        error = f"javax.management.InstanceNotFoundException : {asked['mbean']}"
        return {"status": 404, "error": error, "error_type": "javax.management.InstanceNotFoundException"}


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Agent) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            serving.join()


@pytest.fixture
def client(port: int) -> Iterator[Jolokia]:
    made = Jolokia("tokyo", "127.0.0.1", port, "mqlab", "-")
    yield made
    made.close()


@pytest.fixture
def management(port: int) -> Iterator[Management]:
    with managed(port, UP) as made:
        yield made


@contextmanager
def managed(port: int, power_state: str) -> Iterator[Management]:
    its = instance(port)
    brokers = {"tokyo": BrokerState(instances=(its,), management_password="-")}
    state = LabState(ca_file="", router="", networks={}, brokers=brokers)
    power = cast(Power, SimpleNamespace(state=lambda its: power_state, may_answer=lambda its: power_state == UP))
    made = Management(state, power, PolledClock(), lambda: ())
    yield made
    made.close()


def instance(port: int) -> InstanceState:
    return InstanceState(
        broker="tokyo", name="tokyo", number=1, container="tokyo", address="", ports={}, management_port=port
    )


def test_the_last_events_of_an_observer_are_read_while_its_broker_stops(port: int) -> None:
    with managed(port, STOPPING) as management:
        assert management.observed(instance(port), "", 0) is None, "it was asked, and has no observer"
    with (
        managed(port, PAUSED) as management,
        pytest.raises(Silent, match="tokyo is paused: its observer does not answer"),
    ):
        management.observed(instance(port), "", 0)


def test_an_operation_is_done_or_refused(client: Jolokia) -> None:
    assert client.execute(CONNECTOR, "stop") == "done"
    with pytest.raises(BrokerError, match=r"broker tokyo refused reset on .*to_singapore: not allowed"):
        client.execute(CONNECTOR, "reset")


def test_an_mbean_that_the_broker_does_not_have_refuses(client: Jolokia) -> None:
    with pytest.raises(BrokerError, match=r"refused stop on .*nobody: .*InstanceNotFound"):
        client.execute(mbeans.connector("tokyo", "nobody"), "stop")


def test_only_what_may_have_gone_meanwhile_is_no_refusal(client: Jolokia) -> None:
    done: list[mbeans.Operation] = [(GOING, "purge", ()), (CONNECTOR, "stop", ())]
    assert client.execute_all(done, gone=True) == [None, "done"]
    with pytest.raises(BrokerError, match="refused purge"):
        client.execute_all(done)
    with pytest.raises(BrokerError, match="not allowed"):
        client.execute_all([(CONNECTOR, "reset", ())], gone=True)


def test_a_connector_that_the_broker_does_not_have_is_not_stopped(management: Management) -> None:
    assert management.change_connector("tokyo", "to_singapore", "stop").state == "stopped"
    with pytest.raises(BrokerError, match="nobody"):
        management.change_connector("tokyo", "nobody", "stop")


def test_a_queue_that_goes_before_it_is_purged_hinders_nobody(management: Management) -> None:
    management.purge(["tokyo"])
