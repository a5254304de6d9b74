"""The engine's setting of the userland proxy, which forwards published ports; it is on by default.

The engine's API does not show it, so it is read from the engine's command line and its configuration file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

_FLAG, _KEY = "--userland-proxy", "userland-proxy"
_FILE_FLAG = "--config-file"
_FILES = (Path("/etc/docker/daemon.json"), Path.home() / ".config/docker/daemon.json")
_NO = ("0", "f", "false")  # as Go reads them, in any case


def is_on(environment: Mapping[str, str]) -> tuple[bool, str] | None:
    """Return whether the proxy is on and where that is set; None if the engine's process is not visible here."""
    if not environment.get("DOCKER_HOST", "unix://").startswith("unix://"):
        return None
    arguments = _engine()
    return None if arguments is None else decide(arguments, _configured(arguments))


def decide(arguments: Sequence[str], configured: tuple[str, str] | None) -> tuple[bool, str]:
    """Return the same from an engine's command line and its configuration file, given as (name, text)."""
    said = value_of(_FLAG, arguments)
    if said is not None:
        return said.lower() not in _NO, "by the engine's command line"
    if configured is not None:
        file, text = configured
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, dict) and isinstance(found.get(_KEY), bool):
            return found[_KEY], f"by {file}"
    return True, "by default"


def value_of(flag: str, arguments: Sequence[str]) -> str | None:
    """Return the last value of a flag on a command line; "true" if the flag has none, None if it is not given."""
    values = [each.partition("=")[2] or "true" for each in arguments if each == flag or each.startswith(f"{flag}=")]
    return values[-1] if values else None


def _engine() -> list[str] | None:
    """Return the command line of the engine that runs here."""
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "dockerd" and process.info["cmdline"]:
            return list(process.info["cmdline"])
    return None


def _configured(arguments: Sequence[str]) -> tuple[str, str] | None:
    named = value_of(_FILE_FLAG, arguments)
    if named == "true":  # its value is the next word
        named = arguments[arguments.index(_FILE_FLAG) + 1] if arguments[-1] != _FILE_FLAG else None
    for path in (Path(named),) if named is not None else _FILES:
        try:
            return str(path), path.read_text("utf-8")
        except OSError:
            continue  # not there, or not ours to read
    return None
