"""Every property of every schema is described where it is defined, in one plain sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab.cli import commands
from lab.declare.schema import scenario_schema, topology_schema
from lab.history.schema import history_schema
from lab.report.document import schema as report_schema
from tests.help_examples import COMMANDS, example
from tests.plain_sentence import faults

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "scenario": scenario_schema,
    "topology": topology_schema,
    "history": history_schema,
    "report": report_schema,
}


def properties(schema: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each property of a schema, by its path in the schema."""
    if isinstance(schema, dict):
        named = schema.get("properties", {})
        if isinstance(named, dict) and isinstance(named.get("type"), str | None):
            yield from ((f"{path}/{name}", described) for name, described in named.items())
        for key, inner in schema.items():
            yield from properties(inner, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from properties(inner, f"{path}/{number}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_is_described_in_one_plain_sentence(name: str) -> None:
    found = dict(properties(SCHEMAS[name]()))
    assert len(found) > 70
    sentences = {path: str(each.get("description", "")) for path, each in found.items()}
    assert [
        (path, sentence, list(faults(sentence))) for path, sentence in sentences.items() if any(faults(sentence))
    ] == []


@pytest.mark.parametrize("sentence", [
    "What the broker keeps.",
    "The user; the only one when left out.",
    "the user that logs in.",
    "The user that logs in",
    "The user. Its password.",
    "Of every packet, one way.",
    "The receipts of messages.",
    "The time: a minute: or two.",
    "The time " + "or the time " * 8 + "of day.",
])  # fmt: skip
def test_a_sentence_that_a_reader_stumbles_over_is_found(sentence: str) -> None:
    assert list(faults(sentence))


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_and_its_options_are_described_in_plain_sentences_with_an_example(words: str) -> None:
    command = COMMANDS[words]
    told = {each.opts[0]: each.help for each in command.params if "--help" not in each.opts}
    told["the command"] = command.help.partition("\n\n")[0].replace("\n", " ")
    assert [(name, each, list(faults(each))) for name, each in told.items() if any(faults(each))] == []
    assert example(words)[: len(words.split())] == words.split()


@pytest.mark.parametrize("name", commands())
def test_a_group_of_commands_is_described_in_a_plain_sentence(name: str) -> None:
    assert list(faults(commands()[name][1])) == []
