"""A broker's management port lets the lab look, stop and start connectors, and do nothing else."""

from __future__ import annotations

import pytest

from lab.amazonmq.files.broker_files import JOLOKIA_USER
from lab.emulation.watch.jolokia import Jolokia
from lab.errors import BrokerError
from tests.integration.labs import Standing

pytestmark = pytest.mark.docker

BROKER = "org.apache.activemq:type=Broker,brokerName=ashburn"
CONNECTORS = f"{BROKER},connector=clientConnectors,connectorName=*"


@pytest.fixture
def management(shores_lab: Standing) -> Jolokia:
    its = shores_lab.lab.state.brokers["ashburn"]
    return Jolokia("ashburn", its.first.management_port, JOLOKIA_USER, its.management_password)


@pytest.mark.parametrize(
    ("mbean", "operation", "words"),
    [
        (BROKER, "stop", ()),
        (BROKER, "terminateJVM", (1,)),
        (BROKER, "addQueue", ("planted",)),
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


def test_no_client_connector_can_be_stopped(management: Jolokia) -> None:
    (found,) = management.read((CONNECTORS, ("StatisticsEnabled",)))
    assert found
    for mbean in found:
        with pytest.raises(BrokerError, match=r"not allowed|forbidden"):
            management.execute(mbean, "stop")
