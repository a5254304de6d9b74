"""The commands that do verbs are made from the fields of the steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.base.descriptions import sentences, summary
from lab.declare.steps import STEPS
from lab.operating import is_verb
from tests.command import Commands
from tests.help_examples import COMMANDS

COMMAND_OF = {  # each verb of an open lab → its command
    **{verb: f"link {verb}" for verb in ("cut", "heal", "impair", "reject")},
    **{verb: f"broker {verb}" for verb in ("kill", "pause", "reboot", "resume", "start", "stop")},
    **{f"{verb}-broker": f"broker {verb}" for verb in ("create", "delete", "update")},
    **{f"{verb}-configuration": f"config {verb}" for verb in ("create", "update")},
    **{f"{verb}-user": f"user {verb}" for verb in ("create", "delete", "update")},
    **{f"{verb}-peering": f"peering {verb}" for verb in ("accept", "create", "delete", "reject")},
    **{f"{verb}-route": f"route {verb}" for verb in ("create", "delete")},
    **{f"{verb}-ingress": f"sg {verb}" for verb in ("authorize", "revoke")},
    "connector": "connector stop",
    "maintenance-window": "broker update",
    "move-clock": "clock",
}
WITHOUT_OPTION = {  # fields that a command gets in another way, or has no use for
    "authorize-ingress": {"description"},
    "connector": {"do"},
    "create-broker": {"within"},
    "create-user": {"password"},
    "maintenance-window": {"day", "time", "zone"},
    "reboot": {"within"},
    "revoke-ingress": {"description"},
    "update-broker": {"within"},
    "update-configuration": {"configuration"},
    "update-user": {"password"},
}
OWN_SENTENCE = {"connector", "create-broker", "maintenance-window", "move-clock"}  # not the text of the step


def test_every_verb_of_an_open_lab_has_a_command() -> None:
    assert {verb for verb, kind in STEPS.items() if is_verb(kind)} - {"flap"} == COMMAND_OF.keys()


@pytest.mark.parametrize("verb", COMMAND_OF)
def test_a_command_has_the_fields_of_its_step_with_their_sentences(verb: str) -> None:
    command, described = COMMANDS[COMMAND_OF[verb]], sentences(STEPS[verb])
    own = {each.name: each.help for each in command.params}
    assert STEPS[verb].model_fields.keys() - own.keys() == WITHOUT_OPTION.get(verb, set())
    assert (command.help != summary(STEPS[verb])) is (verb in OWN_SENTENCE)
    for field in (described.keys() & own.keys()) - {"broker", "configuration", "file", "link"}:
        assert own[field].startswith(described[field].removesuffix("."))


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
