"""The commands that do verbs are made from the fields of the steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.base.descriptions import sentences, summary
from lab.cli import load
from lab.declare.steps import STEPS
from tests.command import Commands

MADE = {
    ("broker", "stop"): "stop",
    ("broker", "reboot"): "reboot",
    ("connector", "stop"): "connector",
    ("peering", "create"): "create-peering",
    ("route", "create"): "create-route",
    ("sg", "authorize"): "authorize-ingress",
    ("user", "create"): "create-user",
    ("user", "update"): "update-user",
    ("config", "create"): "create-configuration",
}


@pytest.mark.parametrize("words", MADE, ids=" ".join)
def test_a_command_shows_the_sentences_of_the_fields_of_its_step(words: tuple[str, str]) -> None:
    command, kind = load(words[0]).commands[words[1]], STEPS[MADE[words]]
    described = sentences(kind)
    if words[0] != "connector":
        assert command.help.partition("\n")[0] == summary(kind)
    own = [each for each in command.params if each.name in described and each.name != "broker"]
    assert own or words == ("broker", "reboot")
    for each in own:
        assert each.help.startswith(described[each.name].removesuffix("."))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("broker stop tokyo --within 5", "--within: '5' has no unit"),
        ("broker stop tokyo --instance third", "--instance: "),
        ("broker reboot tokyo --downtime long", "--downtime: 'long' is not a duration"),
        ("peering create _x_ --requester tokyo --accepter singapore", "NAME: '_x_' is not a name"),
        ("route delete tokyo --destination-cidr-block 10.2.0.1/16", "--destination-cidr-block: '10.2.0.1/16' is not"),
        ("sg authorize sg --cidr 10.1.0.10", "--cidr: InvalidParameterValue"),
        ("sg revoke sg", "the rule needs one source"),
        ("user update tokyo clerk --no-console-access", "no lab is running"),
        ("connector stop tokyo wan", "no lab is running"),
        ("config create orders", "no lab is running"),
    ],
)
def test_a_command_reads_its_options_as_the_fields_are_read(tmp_path: Path, words: str, said: str) -> None:
    ended = Commands(folder=tmp_path).inside(*words.split())
    assert (ended.code, said in ended.err) == (2, True), ended.err
