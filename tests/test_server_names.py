"""The server reads a name that uvicorn does not promise: it is still there, and newer minor versions are kept out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

ROOT = Path(__file__).parents[1]


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Answer no request."""


def test_a_connection_without_a_request_has_no_cycle() -> None:
    config = Config(nothing)
    config.load()
    assert H11Protocol(config, ServerState(), {}).cycle is None


def test_the_minor_version_of_uvicorn_is_the_locked_one_at_most() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    asked = {each for extra in project.values() for each in extra if each.startswith("uvicorn")}
    locked = next(each for each in (ROOT / "constraints.txt").read_text("utf-8").split() if each.startswith("uvicorn"))
    minor = int(locked.partition("==")[2].split(".")[1])
    assert asked == {f"uvicorn>=0.34,<0.{minor + 1}"}
