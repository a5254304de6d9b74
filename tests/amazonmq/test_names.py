"""The service's rules for names and passwords."""

from __future__ import annotations

import pytest

from lab.activemq.protocols import ENDPOINTS
from lab.amazonmq import names

ID = "b-1234a5b6-78cd-901e-2f3a-45b6c7d8e9f0"


def test_hosts_and_endpoints_are_spelled_like_amazons() -> None:
    host = names.host_name(ID, "ap-northeast-1")
    assert host == f"{ID}-1.mq.ap-northeast-1.amazonaws.com"
    assert names.host_name(ID, "cn-north-1", instance=2) == f"{ID}-2.mq.cn-north-1.amazonaws.com.cn"
    assert [endpoint.url("h") for endpoint in ENDPOINTS] == [
        "ssl://h:61617",
        "amqp+ssl://h:5671",
        "stomp+ssl://h:61614",
        "mqtt+ssl://h:8883",
        "wss://h:61619",
        "https://h:8162",
    ]


def test_a_derived_id_is_always_the_same_and_no_other_brokers() -> None:
    """Host names stand in configurations that people keep, so this one may never change."""
    assert names.derived_broker_id("ocean", "tokyo") == "b-c238106c-7a19-5501-be43-f6eea2eacc93"
    assert names.derived_broker_id("ocean", "tokyo") != names.derived_broker_id("ocean", "singapore")
    assert names.check_broker_id(names.derived_broker_id("ocean", "tokyo")) is None


@pytest.mark.parametrize("text", [ID, "b-1234a5b6-78cd-901e-2fgh-3i45j6k178l9"])
def test_ids_as_aws_prints_them_are_taken(text: str) -> None:
    assert names.check_broker_id(text) is None


@pytest.mark.parametrize("text", ["", "tokyo", "b-1234a5b6", ID.upper(), f"{ID}-1", f"{ID}\n"])
def test_other_ids_are_refused(text: str) -> None:
    assert "is not a broker id" in (names.check_broker_id(text) or "")


@pytest.mark.parametrize("text", ["ab", "A.b_c~d-1", "x" * 100])
def test_names_the_service_takes(text: str) -> None:
    assert names.check_user_name(text) is None
    assert names.check_group(text) is None


@pytest.mark.parametrize("text", ["", "a", "x" * 101, "a b", "a,b", "ü-user", "ab\n"])
def test_names_the_service_refuses(text: str) -> None:
    assert "is not a user name" in (names.check_user_name(text) or "")
    assert "is not a group name" in (names.check_group(text) or "")


def test_the_consoles_own_user_is_taken() -> None:
    assert "console" in (names.check_user_name(names.CONSOLE_USER) or "")
    assert names.check_group(names.CONSOLE_USER) is None
