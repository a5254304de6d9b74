"""Names and ports by which clients reach brokers: AWS's, or ports of localhost; a configuration may have either."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.activemq.protocols import ENDPOINTS
from lab.cli.env import hosts
from lab.errors import InputError
from lab.living.lab import Live
from lab.runtime.progress import Logged
from lab.runtime.status import Reached, Whereabouts
from tests.extras.api.clients import TOKYO
from tests.extras.api.lab_clients import ServedLab
from tests.living.live_lab import LiveLab

SCENARIO = "tokyo-singapore"


class ReachedLab(LiveLab):
    """A lab of models with ports of this machine, or so it says: tokyo's from 20001 on, singapore's from 20101 on."""

    own_addresses = True

    def whereabouts(self) -> Whereabouts:
        brokers = {
            broker.name: (
                Reached(
                    number=1,
                    address="",
                    ports={each.name: 20001 + 100 * place + at for at, each in enumerate(ENDPOINTS)},
                    own_address=f"127.61.7.{place + 1}" if self.own_addresses else "",
                ),
            )
            for place, broker in enumerate(self.note.plan.brokers)
        }
        why = "" if self.own_addresses else "the engine is elsewhere"
        return Whereabouts(ca_file="ca.pem", reached_at="localhost", networks={}, brokers=brokers, no_own_addresses=why)


@contextmanager
def reached(*, local: bool = False) -> Iterator[tuple[ReachedLab, ServedLab]]:
    lab = ReachedLab(SCENARIO)
    with Live(lab, Logged()) as live:
        yield lab, ServedLab(live, local=local)


def described(mq: Any, name: str) -> Any:
    known = {each["BrokerName"]: each["BrokerId"] for each in mq.list_brokers()["BrokerSummaries"]}
    return mq.describe_broker(BrokerId=known[name])


def test_a_broker_is_described_by_ports_of_localhost_if_that_is_asked_for() -> None:
    with reached(local=True) as (_, served):
        (instance,) = described(served.client("mq", TOKYO), "tokyo")["BrokerInstances"]
        assert instance["Endpoints"] == [
            "ssl://localhost:20001",
            "amqp+ssl://localhost:20002",
            "stomp+ssl://localhost:20003",
            "mqtt+ssl://localhost:20004",
            "wss://localhost:20005",
        ]
        assert instance["ConsoleURL"] == "https://localhost:20006"
    with reached() as (lab, served):
        (instance,) = described(served.client("mq", TOKYO), "tokyo")["BrokerInstances"]
        assert instance["Endpoints"][0] == f"ssl://{lab.note.plan.broker('tokyo').host_name}:61617"


@pytest.mark.parametrize("place", ["localhost:20101", "127.0.0.1:20101", "127.61.7.2:61617"])
def test_a_configuration_with_an_address_of_this_machine_means_the_broker_behind_it(place: str) -> None:
    xml = f"""<broker xmlns="http://activemq.apache.org/schema/core">
      <networkConnectors>
        <networkConnector duplex="true" name="ocean" uri="static:(ssl://{place})" userName="testuser"/>
      </networkConnectors>
    </broker>"""
    written = b64encode(xml.encode()).decode()
    with reached(local=True) as (lab, served):
        mq = served.client("mq", TOKYO)
        broker = described(mq, "tokyo")["BrokerId"]
        made = mq.create_configuration(EngineType="ACTIVEMQ", EngineVersion="5.18", Name="ocean")
        mq.update_configuration(ConfigurationId=made["Id"], Data=written)
        mq.update_broker(BrokerId=broker, Configuration={"Id": made["Id"], "Revision": 2})
        note = served.account.live.reboot("tokyo").note
        plan = lab.note.plan
        assert [(each.connector, each.responder) for each in plan.bridges] == [("ocean", "singapore")]
        far = plan.broker("singapore").host_name
        assert f"static:(ssl://{far}:61617)" in plan.broker("tokyo").activemq_xml
        kept = mq.describe_configuration_revision(ConfigurationId=made["Id"], ConfigurationRevision="2")
        assert kept["Data"] == written  # what Terraform compares
        assert note == f"{place} means {far} only in this lab: no Amazon MQ broker would reach {place}"


def test_lines_for_the_hosts_file_lead_awss_names_to_the_lab() -> None:
    with reached() as (lab, served):
        names = {broker.name: broker.host_name for broker in lab.note.plan.brokers}
        assert hosts(served.account.live) == {names["tokyo"]: "127.61.7.1", names["singapore"]: "127.61.7.2"}
        lab.own_addresses = False
        with pytest.raises(InputError, match="AWS's names have no addresses on this machine: the engine is elsewhere"):
            hosts(served.account.live)
