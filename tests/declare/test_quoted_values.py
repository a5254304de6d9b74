"""What an error quotes of a value is whole, so that a mask finds the password in it, or not there at all."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from lab.check.scenario import check
from lab.declare.loading import load
from lab.declare.variants import settings_of
from lab.errors import InputError, Problem
from lab.extras.vary.combinations import seeds_of, values_of
from tests.declare.test_loading import TWO, WORD, written

# Where a value stands, and what keeps it from being what is needed there.
PLACES = {
    "number": "  - publish: {broker: tokyo, over: stomp, queue: orders, count: VALUE}",
    "rate": "  - traffic: {broker: tokyo, over: stomp, queue: orders, rate: VALUE}",
    "duration": "  - wait: VALUE",
    "header's name": "  - publish: {broker: tokyo, over: stomp, queue: orders, headers: {'VALUE!': x}}",
    "header's value": f"  - publish: {{broker: tokyo, over: stomp, queue: orders, headers: {{a: VALUE{'x' * 2000}}}}}",
    "times": "  - wait: 1s\nexpect:\n  - finished: {step: publish, times: VALUE, of: traffic}",
}
CONFIGURATION = """<broker xmlns="http://activemq.apache.org/schema/core">
  <networkConnectors>
    <networkConnector name="c" userName="testuser" networkTTL="VALUE" uri="static:(ssl://there:61617)"/>
  </networkConnectors>
</broker>
"""


def told_of(folder: Path, text: str) -> str:
    """Return in words all that is wrong with a scenario, or worth a word."""
    try:
        scenario = load(written(folder, text), environment={})
    except InputError as error:
        return str(error)
    return "\n".join(str(each) for each in (*check(scenario), *scenario.origin.fails))


def beginnings() -> list[str]:
    """Return a value for each place at which a cut may go through a password."""
    return ["x" * before + WORD for before in (0, 1, *range(30, 60), 120)]


def shows_a_part(told: str) -> bool:
    return WORD[:4] in told


@pytest.mark.parametrize("step", PLACES.values(), ids=PLACES)
def test_no_error_of_a_scenario_has_a_part_of_a_password(tmp_path: Path, step: str) -> None:
    for value in beginnings():
        text = f"scenario: s\ntopology:\n{indent(TWO.read_text(), '  ')}steps:\n{step.replace('VALUE', value)}\n"
        told = told_of(tmp_path, text)
        assert told, "nothing is wrong with it"
        assert not shows_a_part(told), told


def test_no_error_of_a_rule_has_a_part_of_a_password(tmp_path: Path) -> None:
    for value in beginnings():
        groups = "  security-groups:\n    one:\n      region: tokyo\n      inbound:\n"
        groups += f"        - {{port: {value}, from: 10.2.0.10/32}}\n"
        text = f"scenario: s\ntopology:\n{indent(TWO.read_text(), '  ')}{groups}steps:\n  - wait: 1s\n"
        told = told_of(tmp_path, text)
        assert "is no port" in told and not shows_a_part(told), told


def test_nothing_said_of_a_configuration_has_a_part_of_a_password(tmp_path: Path) -> None:
    for value in beginnings():
        configuration = "    configuration: |\n" + indent(CONFIGURATION.replace("VALUE", value), "      ")
        brokers = TWO.read_text().replace("  singapore:\n    region", f"  singapore:\n{configuration}    region")
        text = f"scenario: s\ntopology:\n{indent(brokers, '  ')}steps:\n  - wait: 1s\n"
        told = told_of(tmp_path, text)
        assert not shows_a_part(told), told


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        (f"brokers.tokyo.users.app.password {WORD}", "brokers.tokyo.users.app.password…"),
        (f"brokers.tokyo.users.app.password:{WORD}", "brokers.tokyo.users.app.password…"),
        (f"brokers.tokyo.users.app.password.{WORD}", "brokers.tokyo.users.app.password…"),
        (f"={WORD}", "…"),
        ("steps.2.count", "steps.2.count"),
    ],
)
def test_an_argument_without_a_value_is_told_by_its_key_alone(argument: str, shown: str) -> None:
    for read in (settings_of, values_of):
        with pytest.raises(InputError) as caught:
            read([argument])
        right = f"write --set {'KEY' if '…' in shown else shown}=VALUE"
        assert caught.value.problems == (Problem(what=f"--set {shown} gives no value", remedy=right),)


def test_a_value_that_is_no_yaml_is_not_quoted(tmp_path: Path) -> None:
    """Its password is in no file, so no mask knows it."""
    path = written(tmp_path, f"scenario: s\ntopology:\n{indent(TWO.read_text(), '  ')}steps:\n  - wait: 1s\n")
    value = "{app: {password: tr0ub4dor-and-Three"
    with pytest.raises(InputError) as caught:
        load(path, environment={}, set={"brokers.tokyo.users": value})
    assert "not well-formed YAML" in str(caught.value) and "tr0ub" not in str(caught.value)


def test_seeds_are_not_cut_either() -> None:
    for value in beginnings():
        with pytest.raises(InputError) as caught:
            seeds_of(value)
        assert WORD[:4] not in str(caught.value).replace(WORD, "")
