"""Commands on a running lab, as far as no engine is asked: which lab is meant, and what is refused before."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path

import pytest

from tests.command import Commands
from tests.living.notes import noted


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


def test_no_lab_is_told_with_the_way_to_one(mqlab: Commands) -> None:
    ended = mqlab.inside("link", "cut", "--json")
    assert ended.code == 2
    assert ended.json["problems"][0]["what"] == "no lab is running"
    assert "mqlab up SCENARIO" in ended.err


def test_which_lab_is_meant_has_to_be_clear(mqlab: Commands) -> None:
    noted(mqlab, "20260101-101010-aaaaaa")
    noted(mqlab, "20260101-101010-bbbbbb")
    ended = mqlab.inside("link", "heal")
    assert ended.code == 2 and "name a run" in ended.err and "aaaaaa" in ended.err and "bbbbbb" in ended.err
    ended = mqlab.inside("link", "heal", "--run", "cccccc")
    assert ended.code == 2 and 'no lab "cccccc" is running' in ended.err


@pytest.mark.parametrize("words", [("env",), ("status",), ("down",), ("mark", "before the cut")])
def test_a_lab_is_named_by_option_too_where_it_is_a_word(mqlab: Commands, words: tuple[str, ...]) -> None:
    noted(mqlab, "20260101-101010-aaaaaa")
    ended = mqlab.inside(*words, "--run", "cccccc")
    assert ended.code == 2 and 'no lab "cccccc" is running' in ended.err
    ended = mqlab.inside(*words, "aaaaaa", "--run", "aaaaaa")
    assert ended.code == 2 and "RUN and --run both name a lab" in ended.err


def test_the_clock_is_shown_with_the_windows(mqlab: Commands) -> None:
    noted(mqlab, "20260101-101010-aaaaaa")
    shown = mqlab.inside("clock")
    assert shown.code == 0 and "the service's clock is at 20" in shown.out
    assert "tokyo: sunday 00:00 UTC opens at 20" in shown.out and "no change is pending" in shown.out
    told = mqlab.inside("clock", "--json").json
    assert [each["broker"] for each in told["windows"]] == ["tokyo", "singapore"]
    assert datetime.fromisoformat(told["now"]) < datetime.fromisoformat(told["windows"][0]["opens"])
    for wrong, what in (
        (("--to", "2126-01-01 00:00:00", "--before", "tokyo"), "--to and --before exclude each other"),
        (("--by", "5s"), "add --before BROKER"),
        (("--to", "tomorrow"), "--to: 'tomorrow' is not a moment"),
        (("--before", "tokyo", "--by", "5"), "--by: '5' has no unit"),
    ):
        ended = mqlab.inside("clock", *wrong)
        assert ended.code == 2 and what in ended.err, ended


@pytest.mark.parametrize(
    "words",
    [("link", "cut"), ("broker", "kill", "tokyo"), ("broker", "start", "tokyo"), ("connector", "stop", "b", "c")],
)
def test_a_lab_of_a_run_is_left_to_its_scenario(mqlab: Commands, words: tuple[str, ...]) -> None:
    noted(mqlab, "20260101-101010-aaaaaa", detached=False, replaying=True)
    ended = mqlab.inside(*words)
    assert ended.code == 2 and "belongs to a mqlab run" in ended.err and "mqlab up" in ended.err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((), "the impairment has no figure"),
        (("--delay", "80"), "--delay: '80' has no unit"),
        (("--delay", "2m"), "--delay: a link holds a packet for a minute at most"),
        (("--loss", "3"), "--loss: '3' has no unit"),
        (("--loss", "101%"), "--loss: "),
        (("--rate", "0mbit"), "--rate: "),
        (("--distribution", "flat"), "--distribution: unknown distribution"),
        (("--queue", "64KiB"), "a queue needs a rate"),
        (("--rate", "1mbit", "--queue-packets", "-1"), "--queue-packets: "),
    ],
)
def test_an_impairment_that_cannot_be_is_refused_before_any_lab_is_asked(
    mqlab: Commands, words: tuple[str, ...], what: str
) -> None:
    ended = mqlab.inside("link", "impair", *words, "--json")
    assert ended.code == 2
    assert ended.json["problems"][0]["what"].startswith(what)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("sg", "authorize", "g"), "the rule needs one source"),
        (("sg", "revoke", "g", "--cidr", "10.0.0.0/8", "--source-group", "g"), "the rule needs one source"),
        (("sg", "authorize", "g", "--cidr", "10.1.0.10"), "--cidr: InvalidParameterValue"),
        (("sg", "authorize", "g", "--cidr", "10.1.0.0/33"), "--cidr: '10.1.0.0/33' is not a CIDR block"),
        (("sg", "authorize", "g", "--cidr", "10.1.0.0/16", "--port", "many"), "--port: 'many' is no port"),
        (("sg", "authorize", "g", "--cidr", "10.1.0.0/16", "--protocol", "sctp"), "--protocol: unknown protocol"),
        (
            ("sg", "authorize", "g", "--cidr", "10.1.0.0/16", "--protocol", "icmp", "--port", "1"),
            "icmp has no ports: remove port",
        ),
        (("broker", "update", "tokyo"), "no change is given"),
        (("broker", "update", "tokyo", "--revision", "1", "--apply", "soon"), "--apply: 'soon' is not a moment"),
        (("broker", "update", "tokyo", "--revision", "1", "--roll-back"), "--roll-back chooses the revision"),
        (("broker", "update", "tokyo", "--maintenance-window", "someday 03:00"), "'someday' is not a day of the week"),
        (("broker", "reboot", "tokyo", "--downtime", "5"), "--downtime: '5' has no unit"),
        (
            ("broker", "update", "tokyo", "--revision", "1", "--downtime", "5s"),
            "--downtime applies only to a reboot, and no broker is rebooted now",
        ),
        (("broker", "kill", "tokyo", "--instance", "3"), "--instance: Input should be '1', '2', 'active' or 'standby'"),
        (("broker", "start", "tokyo", "--within", "5"), "--within: '5' has no unit"),
        (("config", "update", "c", "nowhere.xml"), "nowhere.xml is not there"),
        (("user", "create", "tokyo", "u"), "no password is given, and there is no terminal to ask for one"),
        (("user", "create", "tokyo", "u", "--password-env", "NO_SUCH_VARIABLE"), "the environment has no variable"),
        (("user", "update", "tokyo", "u"), "no change is given"),
        (
            ("route", "create", "tokyo", "--destination-cidr-block", "10.2.0.9/16", "--peering", "p"),
            "--destination-cidr-block: '10.2.0.9/16' is not a CIDR block",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused_before_any_lab_is_asked(
    mqlab: Commands, words: tuple[str, ...], what: str
) -> None:
    ended = mqlab.inside(*words, "--json")
    assert ended.code == 2
    assert ended.json["problems"][0]["what"].startswith(what)


def test_the_network_is_told_from_what_is_on_file(mqlab: Commands) -> None:
    noted(mqlab, "20260101-101010-aaaaaa")
    (peering,) = mqlab.inside("peering", "list", "--json").json
    assert (peering["Status"], peering["RequesterVpcInfo"]["CidrBlock"]) == ({"Code": "active"}, "10.1.0.0/16")
    tables = {each["RouteTableId"]: each["Routes"] for each in mqlab.inside("route", "list", "--json").json}
    assert [each["State"] for each in tables["tokyo"]] == ["active", "active"]
    assert tables["tokyo"][1]["VpcPeeringConnectionId"] == peering["VpcPeeringConnectionId"]
    groups = {each["GroupName"]: each for each in mqlab.inside("sg", "list", "--json").json}
    assert groups["default-tokyo"]["IpPermissionsEgress"] == [
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "UserIdGroupPairs": []}
    ]
    unknown = mqlab.inside("sg", "describe", "sg-rome")
    assert (unknown.code, "InvalidGroup.NotFound" in unknown.err) == (2, True)


def test_the_services_side_is_told_from_what_is_on_file(mqlab: Commands) -> None:
    noted(mqlab, "20260101-101010-aaaaaa")
    tokyo, singapore = mqlab.inside("broker", "list", "--json").json
    assert (tokyo["brokerState"], tokyo["configurations"]["current"]["revision"]) == ("RUNNING", 2)
    assert tokyo["securityGroups"] == ["default-tokyo"]
    assert mqlab.inside("broker", "describe", "singapore", "--json").json == singapore
    ours, _ = mqlab.inside("config", "list", "--json").json
    assert [each["revision"] for each in ours["revisions"]] == [2, 1]
    shown = mqlab.inside("config", "show", ours["name"], "--json").json
    assert base64.b64decode(shown["data"]).decode().rstrip() == mqlab.inside("config", "show", ours["id"]).out.rstrip()
    assert "+    <networkConnector " in mqlab.inside("config", "diff", ours["name"], "1").out
    assert mqlab.inside("user", "list", "tokyo", "--json").json["users"] == [{"username": "testuser"}]
    unknown = mqlab.inside("broker", "describe", "rome")
    assert (unknown.code, "NotFoundException" in unknown.err) == (2, True)
