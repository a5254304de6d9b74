from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest

from lab.link.config import parse_config
from lab.link.fields import ConfigError
from lab.link.impairment import Impairment, LinkState, Setting, read_setting
from tests.router import namespaces


def changed(path: str, value: Any) -> str:
    """Return the good file with one place changed."""
    config = copy.deepcopy(namespaces.config())
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    here: Any = config
    for step in way:
        here = here[step]
    here[last] = value
    return json.dumps(config)


def test_the_good_file_is_read_whole() -> None:
    config = parse_config(json.dumps(namespaces.config({"delay_us": 35_250, "state": "cut"})))
    assert [network.name for network in config.regions] == ["tokyo", "singapore"]
    assert str(config.network("tokyo").host) == "10.213.0.30"
    assert config.links[0].directions == (
        Setting(impairment=Impairment(delay=timedelta(microseconds=35_250)), state=LinkState.CUT),
        Setting(),
    )
    assert config.management_port == 8778


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("version", 2, "version: expected 1, found 2"),
        ("extra", 1, "router.json: unknown key 'extra', known are"),
        ("networks", {}, "networks: expected a list, found {}"),
        ("networks/0", 5, "networks[0]: expected an object, found 5"),
        ("networks/0/name", 'to"; drop', "networks[0].name: expected letters, digits"),
        ("networks/0/name", "singapore", "networks[1]: name singapore is used twice"),
        ("networks/0/address", "10.213.0.400/27", "networks[0]: "),
        ("networks/0/address", "10.213.0.2/30", "networks[0].address: 10.213.0.0/30 is too small"),
        ("networks/0/address", "10.213.0.35/27", "networks[0].gateway: 10.213.0.1 is not a free host address"),
        ("networks/0/gateway", "10.213.0.31", "networks[0].gateway: 10.213.0.31 is not a free host address"),
        ("networks/0/address", "10.213.0.2/24", "networks[1].address: 10.213.0.32/27 overlaps tokyo (10.213.0.0/24)"),
        ("networks/0/kind", "internet", 'networks: at most one of kind "internet"'),
        ("networks/0/kind", "wan", "networks[0].kind: expected one of region, internet, found 'wan'"),
        ("networks/2", {"name": "i", "address": "198.18.0.2/24", "gateway": "198.18.0.1", "kind": "internet"},
         "networks[2].address: 198.18.0.0/15 is kept for the router's own probes"),
        ("published/0/to", "10.9.9.9:8883", "published[0].to: 10.9.9.9 is in no region of this lab"),
        ("published/0/to", "10.213.0.66:1", "published[0].to: 10.213.0.66 is in no region of this lab"),
        ("published/0/to", "nonsense", "published[0].to: expected ADDRESS:PORT, found 'nonsense'"),
        ("published/0/port", 0, "published[0].port: expected 1 to 65535, found 0"),
        ("published/0/port", True, "published[0].port: expected a whole number, found True"),
        ("links/0/name", "../x", "links[0].name: expected letters, digits"),
        ("links/0/between", ["tokyo", "tokyo"], "links[0].between: expected two different regions"),
        ("links/0/between", ["tokyo", "internet"], "links[0].between: expected one of tokyo, singapore"),
        ("links/0/directions", {"tokyo": {}}, "links[0].directions: 'singapore' is missing"),
        ("links/0/directions/tokyo", {"delay": 5}, "links[0].directions.tokyo: unknown key 'delay'"),
        ("links/0/seed", 1.5, "links[0].seed: expected a whole number, found 1.5"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_its_place(path: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(changed(path, value))
    assert str(refused.value).startswith(message)


def test_a_second_link_between_the_same_regions_is_refused() -> None:
    link = namespaces.config()["links"][0]
    other = link | {"name": "other", "between": ["singapore", "tokyo"]}
    with pytest.raises(ConfigError, match=r"links\[1\]: pair of regions"):
        parse_config(changed("links", [link, other]))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": ' * 50_000, "NaN", "\x00", "1" * 5_000, '"\\ud800'])
def test_hostile_json_is_refused_not_died_of(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_config(text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"delay_us": -1}, "x.delay_us: expected 0 to 60000000, found -1"),
        ({"delay_us": "5"}, "x.delay_us: expected a number, found '5'"),
        ({"delay_us": 1e999}, "x.delay_us: expected a number, found inf"),
        ({"delay_us": 10**400}, "x.delay_us: expected"),
        ({"loss": 1.01}, "x.loss: expected 0 to 1, found 1.01"),
        ({"correlation": None}, "x.correlation: expected a number, found None"),
        ({"rate_bps": 0}, "x.rate_bps: expected 1 to 1000000000000, found 0"),
        ({"queue_packets": 1.0}, "x.queue_packets: expected a whole number, found 1.0"),
        ({"state": "broken"}, "x.state: expected one of open, cut, reject, found 'broken'"),
        ({"distribution": ["normal"]}, "x.distribution: expected one of normal, uniform"),
        ([], "x: expected an object, found []"),
    ],
)
def test_a_bad_impairment_is_refused_with_its_key(given: Any, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_setting(given, "x")
    assert str(refused.value).startswith(message)


def test_an_impairment_comes_back_as_it_was_written() -> None:
    written = Setting(impairment=Impairment(delay=timedelta(microseconds=5), loss=0.1), state=LinkState.CUT)
    assert read_setting(json.loads(json.dumps(written.json())), "x") == written
