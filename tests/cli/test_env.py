"""`mqlab env`: what clients of a running lab need, as people, shells, .env files and programs read it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from lab.cli.env import dotenv_line, of_user, properties, shell_line, table, variables
from lab.errors import InputError

AT = {"mqtt": "mqtt+ssl://localhost:1883", "console": "https://localhost:8162/admin/"}
PASSWORDS = ("plain", "it's $HOME", 'a"b`c`\\', "'\"$x\\", "#a b=c")


def lab(**brokers: dict[str, Any]) -> dict[str, Any]:
    return {
        "run": "r",
        "scenario": "s",
        "ca_file": "/a folder/ca.pem",
        "trust_store": "/a folder/t.p12",
        "brokers": brokers,
    }


ONE = lab(tokyo={"endpoints": AT, "users": {"alice": "first-of-all-1", "bob": "second-of-all"}})
PAIR = [{"name": f"tokyo-{n}", "endpoints": {"mqtt": f"mqtt+ssl://localhost:{n}"}} for n in (1, 2)]


def test_every_endpoint_and_user_has_a_variable() -> None:
    assert variables(ONE) == {
        "MQLAB_RUN": "r",
        "MQLAB_CA_FILE": "/a folder/ca.pem",
        "MQLAB_TRUST_STORE": "/a folder/t.p12",
        "MQLAB_TRUST_STORE_PASSWORD": "changeit",
        "MQLAB_TOKYO_MQTT_URL": "mqtt+ssl://localhost:1883",
        "MQLAB_TOKYO_MQTT_HOST": "localhost",
        "MQLAB_TOKYO_MQTT_PORT": "1883",
        "MQLAB_TOKYO_CONSOLE_URL": "https://localhost:8162/admin/",
        "MQLAB_TOKYO_CONSOLE_HOST": "localhost",
        "MQLAB_TOKYO_CONSOLE_PORT": "8162",
        "MQLAB_TOKYO_USER": "alice",
        "MQLAB_TOKYO_PASSWORD": "first-of-all-1",
        "MQLAB_TOKYO_USER_2": "bob",
        "MQLAB_TOKYO_PASSWORD_2": "second-of-all",
    }


def test_one_user_is_printed_of_each_broker_that_has_it() -> None:
    its = lab(
        tokyo={"endpoints": AT, "users": {"alice": "first-of-all-1", "bob": "second-of-all"}},
        singapore={"endpoints": AT, "users": {"alice": "first-of-all-1"}},
    )
    logins = {name: secret for name, secret in variables(of_user(its, "bob")).items() if "USER" in name}
    assert logins == {"MQLAB_TOKYO_USER": "bob"}


def test_a_user_that_no_broker_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"(?s)bobb.*did you mean bob.*alice, bob"):
        of_user(ONE, "bobb")


def test_both_instances_of_a_pair_have_endpoints() -> None:
    names = variables(lab(tokyo={**PAIR[0], "users": {"alice": "x"}, "instances": PAIR}))
    assert [names["MQLAB_TOKYO_1_MQTT_PORT"], names["MQLAB_TOKYO_2_MQTT_PORT"]] == ["1", "2"]
    assert names["MQLAB_TOKYO_PASSWORD"] == "x"


def test_no_variable_hides_another() -> None:
    its = {"endpoints": AT, "users": {}}
    with pytest.raises(InputError, match="MQLAB_A_B_MQTT_URL"):
        variables(lab(**{"a-b": its, "a.b": its}))


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_shell_reads_what_was_written(password: str) -> None:
    script = shell_line("MQLAB_X", password) + 'printf %s "$MQLAB_X"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == password


@pytest.mark.parametrize(
    ("password", "line"),
    [
        ("plain-1", "X=plain-1\n"),
        ('a"b$c', "X='a\"b$c'\n"),
        ("it's $5", 'X="it\'s \\$5"\n'),
        ("'\\\"`", 'X="\'\\\\\\"\\`"\n'),
    ],
)
def test_a_line_of_a_file_is_quoted_where_it_must_be(password: str, line: str) -> None:
    assert dotenv_line("X", password) == line


def test_spring_has_a_profile_for_each_broker_and_both_instances_of_a_pair() -> None:
    pair = [{"endpoints": {"openwire": f"ssl://localhost:{port}"}} for port in (1, 2)]
    brokers = {
        "tokyo": {"endpoints": {"openwire": "ssl://localhost:3"}, "users": {"alice": "it's\\5=é", "bob": "x"}},
        "paris": {**pair[0], "instances": pair, "users": {}},
    }
    assert list(properties(lab(**brokers))) == [
        "# java needs to trust this lab:",
        "#   -Djavax.net.ssl.trustStore=/a folder/t.p12",
        "#   -Djavax.net.ssl.trustStorePassword=changeit",
        "",
        "#---",
        "spring.config.activate.on-profile=tokyo",
        "spring.activemq.broker-url=failover:(ssl://localhost:3)",
        "spring.activemq.user=alice",
        "spring.activemq.password=it's\\\\5=\\u00e9",
        "#---",
        "spring.config.activate.on-profile=paris",
        "spring.activemq.broker-url=failover:(ssl://localhost:1,ssl://localhost:2)",
    ]


def test_a_password_that_spring_would_replace_is_refused_and_not_told() -> None:
    its = {"endpoints": {"openwire": "ssl://localhost:3"}, "users": {"alice": "over-${HOME}-1858"}}
    with pytest.raises(InputError, match=r"password of alice at tokyo contains \$\{") as refused:
        list(properties(lab(tokyo=its)))
    assert "1858" not in str(refused.value)


def test_people_read_a_table() -> None:
    assert list(table(ONE)) == [
        "tokyo",
        "  mqtt     mqtt+ssl://localhost:1883",
        "  console  https://localhost:8162/admin/",
        "  user alice  password first-of-all-1",
        "  user bob    password second-of-all",
        "",
        "CA file  /a folder/ca.pem",
    ]
