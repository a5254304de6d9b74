"""A lab on an engine of another machine: by TCP and TLS, as GitLab's Docker-in-Docker is, and over ssh."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.emulation.engine import engine, labels
from lab.emulation.state import read
from lab.runtime import state_file as state_files
from lab.runtime.clock import RealClock
from tests.command import MQLAB, Commands, Ended
from tests.integration import far_engine, far_sshd
from tests.integration.far_engine import FarEngine
from tests.integration.far_sshd import Sshd
from tests.integration.labs import TWO_SHORES, Engine
from tests.promised import lacking

pytestmark = [pytest.mark.docker, pytest.mark.release]
PATIENCE = 180.0  # seconds: a lab opens on a busy machine
CLOCK = RealClock()


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[FarEngine]:
    """An engine elsewhere that has the images of a lab."""
    if reason := far_engine.unfit():
        lacking(reason)
    folder = tmp_path_factory.mktemp("far")
    with far_engine.far_engine(folder, engine.client) as its:
        mqlab, file = Commands(folder=folder / "mqlab"), folder / "images.tar"
        saved = mqlab("images", "--save", file)
        assert saved.code == 0, saved
        loaded = mqlab("images", "--load", file, **its.by_address)
        assert loaded.code == 0, loaded
        file.unlink()
        yield its


@pytest.fixture
def over_ssh(far: FarEngine, tmp_path: Path) -> Iterator[Sshd]:
    if reason := far_sshd.unfit():
        lacking(reason)
    with far_sshd.sshd(tmp_path / "sshd", far.socket, far.machine) as its:
        yield its


def on(far: FarEngine) -> list[Any]:
    """Return what labs have left on the engine."""
    client = engine.connect(far.by_address)
    try:
        wanted: dict[str, Any] = {"label": labels.RUN}
        return [*client.containers.list(all=True, filters=wanted), *client.networks.list(filters=wanted)]
    finally:
        client.close()


def listens(port: int) -> bool:
    with socket.socket() as calling:
        return calling.connect_ex(("127.0.0.1", port)) == 0


def test_the_article_is_held_on_an_engine_elsewhere_under_its_name(far: FarEngine, mqlab: Commands) -> None:
    environment = mqlab.environment(**far.environment, MQLAB_BIND="0.0.0.0")
    words = far.knowing([MQLAB, "run", "tokyo-singapore"])
    ran = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert ran.returncode == 0, ran
    assert "the article, replayed: passed" in ran.stdout
    assert "published on every address of the engine's machine" in ran.stderr
    assert on(far) == []


def test_the_article_is_held_over_ssh(far: FarEngine, over_ssh: Sshd, mqlab: Commands) -> None:
    ran = mqlab("run", "tokyo-singapore", **over_ssh.environment)
    assert ran.code == 0, ran
    assert "the article, replayed: passed" in ran.out
    assert on(far) == [] and CLOCK.wait(lambda: over_ssh.clients() == [], PATIENCE)


def test_a_lab_over_ssh_that_stays_is_reached_until_it_is_ended(
    far: FarEngine, over_ssh: Sshd, mqlab: Commands
) -> None:
    def does(*words: str | Path) -> Ended:
        ended = mqlab(*words, **over_ssh.environment)
        assert ended.code == 0, ended
        return ended

    does("up", "--detach", TWO_SHORES)
    (note,) = state_files.load_all(mqlab.state)
    ports = read(note).outside
    assert all(map(listens, ports))
    forwarding = (pid for pid in over_ssh.clients() if "forwards.lock" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(next(forwarding), signal.SIGKILL)
    assert CLOCK.wait(lambda: not any(map(listens, ports)), PATIENCE)
    does("status", "--json")
    assert all(map(listens, ports))
    does("down")
    assert not any(map(listens, ports))
    assert on(far) == [] and CLOCK.wait(lambda: over_ssh.clients() == [], PATIENCE)
