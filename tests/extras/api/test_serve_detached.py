"""A server that is left in the background: found, read and ended by other commands; nothing of it stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from lab.cli import app
from lab.extras.api.server_process import NOTE, servers
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner

SERVE = ("serve", "--runtime", "none", "--port", "0")
SECONDS = 60.0


@pytest.fixture
def variables(tmp_path: Path) -> Mapping[str, str]:
    """Return the environment of a user whose engine does not answer."""
    return {
        "MQLAB_STATE": str(tmp_path / "state"),
        "MQLAB_HOME": str(tmp_path / "home"),
        "DOCKER_HOST": f"unix://{tmp_path}/no-engine",
    }


def command(variables: Mapping[str, str], *words: str) -> Any:
    return CliRunner().invoke(app, list(words), env=variables)


@contextmanager
def detached(variables: Mapping[str, str], *words: str) -> Iterator[str]:
    """Start a server that stays, and yield its output; end it after the block."""
    code = "from lab.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *SERVE, "--detach", *words],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    try:
        assert done.returncode == 0, done.stderr
        yield done.stdout
    finally:
        for server in servers(Path(variables["MQLAB_STATE"])):
            os.kill(process_of(server.owner), signal.SIGKILL)


def process_of(owner: str) -> int:
    its = Owner.parse(owner)
    assert its is not None
    return its.pid


def test_a_detached_server_is_found_read_and_ended_by_other_commands(variables: Mapping[str, str]) -> None:
    with detached(variables, "--access-key", "test") as printed:
        *_, ready = printed.splitlines()
        assert ready.startswith("# READY http://127.0.0.1:") and "export AWS_ACCESS_KEY_ID=test\n" in printed
        url = ready.removeprefix("# READY ")
        with urlopen(f"{url}/_mqlab/health") as answer:
            assert json.load(answer)["status"] == "running"
        with pytest.raises(OSError, match="403"):
            urlopen(f"{url}/v1/brokers")
        (status,) = json.loads(command(variables, "status", "--json").stdout)
        assert (status["account"], status["url"], status["detached"], status["brokers"]) == ("default", url, True, [])
        second = command(variables, *SERVE, "--detach")
        assert (second.exit_code, "another mqlab serve has the account default" in second.output) == (2, True)
        assert "MissingAuthenticationToken" in command(variables, "logs", "server").stdout
        ended = command(variables, "down", "default")
        assert ended.stdout == "the server of account default has ended; the account is kept\n", ended.output
        assert servers(Path(variables["MQLAB_STATE"])) == []
        assert not list(Path(variables["MQLAB_STATE"]).rglob(NOTE))
        with pytest.raises(OSError, match="refused"):
            urlopen(f"{url}/_mqlab/health")
        assert "MissingAuthenticationToken" in command(variables, "logs", "server").stdout


@pytest.mark.release
def test_a_server_ends_with_the_process_that_it_was_started_for(variables: Mapping[str, str]) -> None:
    states = Path(variables["MQLAB_STATE"])
    with subprocess.Popen(["sleep", "600"]) as job, detached(variables, "--while", str(job.pid), "--account", "job"):
        assert [each.account for each in servers(states)] == ["job"]
        job.kill()
        assert RealClock().wait(lambda: not servers(states), SECONDS)
        assert not list(states.rglob(NOTE))


@pytest.mark.release
def test_an_account_that_is_forgotten_leaves_nothing(variables: Mapping[str, str]) -> None:
    states = Path(variables["MQLAB_STATE"])
    with detached(variables, "--account", "job", "--forget"):
        assert list(states.rglob("account.json"))
        ended = command(variables, "down", "job")
        assert ended.stdout == "the server of account job has ended\n", ended.output
        assert not list(states.glob("accounts/*"))


@pytest.mark.release
def test_a_server_that_was_killed_keeps_no_other_one_from_its_account(variables: Mapping[str, str]) -> None:
    states = Path(variables["MQLAB_STATE"])
    with detached(variables):
        (killed,) = servers(states)
        os.kill(process_of(killed.owner), signal.SIGKILL)
        assert RealClock().wait(lambda: not servers(states), SECONDS)
        with detached(variables, "--empty") as printed:
            assert "# READY" in printed
            (status,) = json.loads(command(variables, "status", "--json").stdout)
            assert status["detached"], "the log has gone with the account"


def test_a_process_that_is_not_there_is_refused(variables: Mapping[str, str]) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    outcome = command(variables, *SERVE, "--while", str(gone.pid))
    assert (outcome.exit_code, f"there is no process {gone.pid}" in outcome.output) == (2, True)
