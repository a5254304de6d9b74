"""The engine's setting of the userland proxy, which forwards published ports; it is on by default.

The engine's API does not show it, so it is read from the engine's command line and its configuration file.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from lab.base.user_home import user_home
from lab.emulation.engine.context import resolved

_FLAG, _KEY = "--userland-proxy", "userland-proxy"
_FILE_FLAG = "--config-file"
_FILE, _OF_USER = Path("/etc/docker/daemon.json"), Path(".config/docker/daemon.json")  # the user's is in the home
_NO = ("0", "f", "false")  # as Go reads them, in any case


def is_on(environment: Mapping[str, str]) -> tuple[bool, str] | None:
    """Return whether the proxy is on, and where it is set; None if the engine's process is not visible here."""
    host = resolved(environment)["DOCKER_HOST"]
    if not host.startswith("unix://"):
        return None
    arguments = _engine(host.removeprefix("unix://"))
    return None if arguments is None else decide(arguments, _configured(arguments, user_home(environment)))


def decide(arguments: Sequence[str], configured: tuple[str, str] | None) -> tuple[bool, str]:
    """Decide it from an engine's command line and its configuration file, given as (name, text)."""
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


def _engine(path: str) -> list[str] | None:
    """Return the command line of the engine that listens at a socket; None if it cannot be determined."""
    running = {
        process.pid: list(process.info["cmdline"])
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "dockerd" and process.info["cmdline"]
    }
    if (its := running.get(_listener(path))) is not None:
        return its
    # systemd listens for an engine that it starts, which says so.
    handed = [words for words in running.values() if any(word.endswith("fd://") for word in words)]
    return handed[0] if len(handed) == 1 else None


def _listener(path: str) -> int:
    """Return the pid of the process that listens at a socket; 0 if it is not visible here."""
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(path)
            credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except (OSError, AttributeError):  # no such socket; or a system without SO_PEERCRED
        return 0
    pid, _, _ = struct.unpack("3i", credentials)
    return int(pid)


def _configured(arguments: Sequence[str], home: Path | None) -> tuple[str, str] | None:
    named = value_of(_FILE_FLAG, arguments)
    if named == "true":  # its value is the next word
        named = arguments[arguments.index(_FILE_FLAG) + 1] if arguments[-1] != _FILE_FLAG else None
    usual = (_FILE,) if home is None else (_FILE, home / _OF_USER)
    for path in (Path(named),) if named is not None else usual:
        try:
            return str(path), path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # not there, not ours to read, or no text
    return None
