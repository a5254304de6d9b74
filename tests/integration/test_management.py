"""A broker's management port lets the lab look, stop and start connectors, purge messages, and do nothing else."""

from __future__ import annotations

import pytest

from lab.amazonmq.files.broker_files import JOLOKIA_USER
from lab.emulation.watch.jolokia import Jolokia
from lab.errors import BrokerError
from tests.integration.labs import Standing
from tests.integration.test_endpoints import console

pytestmark = pytest.mark.docker

BROKER = "org.apache.activemq:type=Broker,brokerName=ashburn"
CONNECTORS = f"{BROKER},connector=clientConnectors,connectorName=*"


@pytest.fixture
def management(shores_lab: Standing) -> Jolokia:
    its = shores_lab.lab.state.brokers["ashburn"]
    return Jolokia("ashburn", "127.0.0.1", its.first.management_port, JOLOKIA_USER, its.management_password)


@pytest.mark.parametrize(
    ("mbean", "operation", "words"),
    [
        (BROKER, "stop", ()),
        (BROKER, "terminateJVM", (1,)),
        (BROKER, "addQueue", ("planted",)),
        (BROKER, "removeQueue", ("planted",)),
        (BROKER, "createDurableSubscriber", ("planted", "planted", "planted", None)),
        (BROKER, "addConnector", ("vm://planted?brokerConfig=xbean:http://127.0.0.1:1/planted.xml",)),
        (BROKER, "addNetworkConnector", ("static:(vm://planted?brokerConfig=xbean:http://127.0.0.1:1/planted.xml)",)),
        (
            BROKER,
            "addNetworkConnector",
            ("masterslave:vm://planted?brokerConfig=xbean:http://127.0.0.1:1/p.xml,vm://b",),
        ),
        ("jdk.management.jfr:type=FlightRecorder", "newRecording", ()),
        ("java.util.logging:type=Logging", "setLoggerLevel", ("a", "INFO")),
        ("java.lang:type=Memory", "gc", ()),
        ("jolokia:type=Config", "resetDebugInfo", ()),
    ],
)
def test_what_the_lab_does_not_need_is_refused(
    management: Jolokia, mbean: str, operation: str, words: tuple[object, ...]
) -> None:
    with pytest.raises(BrokerError, match=r"not allowed|forbidden"):
        management.execute(mbean, operation, *words)


def test_no_user_of_a_broker_manages_it(shores_lab: Standing) -> None:
    its = shores_lab.lab.state.brokers["ashburn"]
    user = Jolokia(
        "ashburn", "127.0.0.1", its.first.management_port, "tester", shores_lab.password("ashburn", "tester")
    )
    with pytest.raises(BrokerError, match=r"HTTP 401"):
        user.read((BROKER, ("BrokerVersion",)))


@pytest.mark.parametrize("path", ["/api/jolokia/version", "/api/message/planted?type=queue", "/api/"])
def test_the_console_serves_no_api(shores_lab: Standing, path: str) -> None:
    with console(shores_lab, "dublin", "tester") as browser:
        assert browser.get("/admin/index.jsp").status_code == 200
        assert browser.get(path).status_code == 404
        assert browser.post(path, data={"body": "planted"}).status_code in (404, 405)


def test_who_has_no_console_access_is_not_let_in(shores_lab: Standing) -> None:
    with console(shores_lab, "dublin", "guest") as browser:
        assert browser.get("/admin/index.jsp").status_code == 401


def test_no_client_connector_can_be_stopped(management: Jolokia) -> None:
    (found,) = management.read((CONNECTORS, ("StatisticsEnabled",)))
    assert found
    for mbean in found:
        with pytest.raises(BrokerError, match=r"not allowed|forbidden"):
            management.execute(mbean, "stop")
