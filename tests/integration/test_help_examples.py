"""The examples in the help of commands that need a running lab, done in one, in an order that makes sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.help_examples import example
from tests.integration.labs import Engine, left_of

pytestmark = [pytest.mark.docker, pytest.mark.release]

BEFORE = (
    "status", "env", "wait bridge", "wait broker", "logs", "mark", "link list", "link impair", "link cut",
    "link reject", "link heal", "broker list", "broker describe", "config list", "config show", "config create",
    "user list", "user create", "user update", "user delete", "clock", "peering list", "route list", "sg list",
    "sg describe", "export",
)  # fmt: skip
MESSAGES = ("publish", "wait messages", "record", "listen", "replay")
BROKERS = (
    "connector stop", "connector start", "broker pause", "broker resume", "broker stop", "broker start",
    "broker kill", "broker start", "config update", "config diff", "broker update", "broker reboot", "broker delete",
)  # fmt: skip
NETWORK = (  # last: without a route back nothing passes
    "sg authorize", "sg revoke", "peering delete", "route delete", "peering create", "peering accept", "route create",
)  # fmt: skip


def test_the_examples_that_need_a_lab_end_well(engine: Engine, tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    assert mqlab.inside(*example("up")).code == 0
    run = mqlab.latest.name
    try:
        for words in (*BEFORE, *MESSAGES, *BROKERS, *NETWORK):
            ended = mqlab.inside(*example(words), CLERK_PASSWORD="over-the-ocean-1858")
            assert (words, ended.code) == (words, 0), ended.err
            if words == "config show":
                (tmp_path / "tokyo.xml").write_text(ended.out)
    finally:
        assert mqlab.inside(*example("down")).code == 0
    assert left_of(engine.client, run) == []
