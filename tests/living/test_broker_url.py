"""A broker's URL names an encrypted endpoint and no login, which the environment has."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.living.broker_url import source
from lab.runtime.clock import RealClock

LOGIN = {"MQLAB_USER": "recorder", "MQLAB_PASSWORD": "over-the-ocean-1858"}


@pytest.mark.parametrize(
    ("url", "over", "name", "speaks"),
    [
        ("mqtt+ssl://a.example", None, "a.example:8883", "mqtt"),
        ("MQTTS://a.example:1/", None, "a.example:1", "mqtt"),
        ("stomp+ssl://a.example", "stomp", "a.example:61614", "stomp"),
        ("amqps://a.example", None, "a.example:5671", "amqp"),
        ("wss://a.example", "stomp-wss", "a.example:61619", "stomp-wss"),
        ("amqp+ssl://[::1]:99", None, "::1:99", "amqp"),
    ],
)
def test_a_url_tells_protocol_and_port(url: str, over: str | None, name: str, speaks: str) -> None:
    found = source(url, LOGIN, RealClock(), over=over)
    assert (found.name, found.over) == (name, speaks)
    assert "ocean" not in repr(found)


@pytest.mark.parametrize(
    ("url", "over", "says"),
    [
        ("mqtt+ssl://recorder:s3cret@a.example", None, "a login in a URL (mqtt+ssl://…@…) can be read by every user"),
        ("mqtt+ssl://s3cret@a.example", None, "a login in a URL"),
        ("mqtt://a.example", None, "mqtt:// is not encrypted"),
        ("http://a.example", None, "http:// is not an endpoint"),
        ("ssl://a.example:61617", None, "ssl:// is OpenWire, and clients of the lab do not speak OpenWire"),
        ("wss://a.example", None, "wss:// is used by several protocols"),
        ("amqps://a.example", "mqtt", "--over mqtt: amqps:// is AMQP 1.0"),
        ("amqps://", None, "amqps:// is not the URL of a broker"),
        ("amqps://a:99999", None, "amqps://a:99999 is not a URL: Port out of range"),
        ("amqps://a/queue", None, "amqps://a/queue is not the URL of a broker"),
        ("amqps://[", None, "amqps://[ is not a URL"),
        ("amqps://a..b", None, "amqps://a..b is not a URL"),
        (f"amqps://{'a' * 64}.b", None, f"amqps://{'a' * 64}.b is not a URL"),
        ("amqps://a:0", None, "amqps://a:0 is not the URL of a broker"),
        ("amqps://a?user=u&pass=s3cret", None, "amqps://a is not the URL of a broker"),
        ("amqps://a/#s3cret", None, "amqps://a/ is not the URL of a broker"),
    ],
)
def test_another_url_is_refused_and_no_password_repeated(url: str, over: str | None, says: str) -> None:
    with pytest.raises(InputError) as refused:
        source(url, LOGIN, RealClock(), over=over)
    assert refused.value.problems[0].what.startswith(says)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("left", [{}, {"MQLAB_USER": "a"}, {"MQLAB_USER": "a", "MQLAB_PASSWORD": ""}])
def test_without_a_login_it_is_refused(left: dict[str, str]) -> None:
    with pytest.raises(InputError, match="MQLAB_PASSWORD not set in the environment"):
        source("mqtts://a.example", left, RealClock())
