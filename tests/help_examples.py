"""The example in each command's help, by the words of the command."""

from __future__ import annotations

import shlex
from typing import Any

from lab.cli import commands, load


def _commands() -> dict[str, Any]:
    """Return every command by its words."""
    found = {}
    for name in commands():
        command = load(name)
        verbs = getattr(command, "commands", None)
        found |= {name: command} if verbs is None else {f"{name} {verb}": each for verb, each in verbs.items()}
    return found


COMMANDS = _commands()


def example(words: str) -> list[str]:
    """Return the words of the example behind `mqlab`."""
    return shlex.split(COMMANDS[words].example.removeprefix("mqlab "))
