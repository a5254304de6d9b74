"""A machine that is not fit for a lab: one message with what to do about it, exit code 3, nothing left behind."""

from __future__ import annotations

import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from docker.types import IPAMConfig, IPAMPool

from lab.emulation import check_names
from lab.emulation.network.networks import taken
from tests.command import Commands, Ended
from tests.integration.labs import Engine

pytestmark = pytest.mark.docker

COMMANDS = [["run", "tokyo-singapore"], ["up", "tokyo-singapore"], ["status"], ["down"], ["sweep"], ["images"]]


def one_message(ended: Ended, *words: str) -> None:
    assert ended.code == 3, ended
    assert ended.out == ""
    complaint = ended.err[ended.err.index("mqlab: ") :]
    assert complaint.count("mqlab: ") == 1
    assert len(complaint.splitlines()) >= 2, "what is wrong, and what to do about it"
    for word in words:
        assert word in complaint
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_no_engine(mqlab: Commands, words: list[str]) -> None:
    ended = mqlab.inside(*words, DOCKER_HOST="unix:///nowhere/docker.sock")
    one_message(ended, "no Docker engine answers at unix:///nowhere/docker.sock", "unset DOCKER_HOST")
    assert not (mqlab.home / "runs").exists()


def test_an_engine_that_refuses_the_connection(mqlab: Commands) -> None:
    one_message(mqlab.inside("run", "tokyo-singapore", DOCKER_HOST="tcp://127.0.0.1:1"), "no Docker engine answers")


def test_nonsense_for_an_engine(mqlab: Commands) -> None:
    one_message(mqlab.inside("run", "tokyo-singapore", DOCKER_HOST="gopher://engine"), "gopher://engine")


def test_an_engine_without_permission(mqlab: Commands, tmp_path: Path) -> None:
    """As root, the question is asked as nobody; a socket that one may not open is the same to everybody else."""
    path = tmp_path / "docker.sock"
    with subprocess.Popen(
        [sys.executable, "-c", f"import socket; s = socket.socket(socket.AF_UNIX); s.bind({str(path)!r}); s.listen(); "
         "print(1, flush=True); s.accept()"],
        stdout=subprocess.PIPE,
    ) as server:  # fmt: skip
        assert server.stdout is not None and server.stdout.readline()
        path.chmod(0o000)
        ask = (
            "import os; from lab.errors import HostError; from lab.emulation.engine import engine\n"
            "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            f"try: engine.connect({{'DOCKER_HOST': 'unix://{path}'}})\n"
            "except HostError as error: print(error.exit_code, error)"
        )
        asked = subprocess.run(
            [sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2]
        )
        server.kill()
    assert asked.stdout.startswith(f"3 no permission to use the Docker engine at unix://{path}\n"), asked
    assert "usermod -aG docker" in asked.stdout
    assert asked.stderr == ""


@pytest.fixture
def full_pool(engine: Engine) -> Iterator[str]:
    """A pool of four subnets which something else has taken, whole."""
    used = taken(engine.client)
    blocks = [IPv4Network(f"10.{second}.{third}.0/25") for second in (210, 211, 212) for third in range(256)]
    random.shuffle(blocks)
    pool = next(block for block in blocks if not any(block.overlaps(other) for other in used))
    network = engine.client.networks.create(
        f"mqlab-test-{uuid.uuid4().hex[:12]}",
        ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=str(pool))]),
    )
    try:
        yield str(pool)
    finally:
        network.remove()


def test_a_pool_without_room(mqlab: Commands, full_pool: str) -> None:
    one_message(
        mqlab.inside("run", "tokyo-singapore", MQLAB_POOL=full_pool),
        f"no free subnet is left in the pool {full_pool}",
        "MQLAB_POOL",
    )


@pytest.mark.parametrize("pool", ["10.213.0.0/30", "8.8.8.0/24", "ten dot something"])
def test_a_pool_that_is_none(mqlab: Commands, pool: str) -> None:
    ended = mqlab.inside("run", "tokyo-singapore", MQLAB_POOL=pool)
    assert ended.code == 2, ended
    assert f"MQLAB_POOL={pool!r}" in ended.err and "write 10.213.0.0/16" in ended.err
    assert "Traceback" not in ended.err


def test_a_folder_that_cannot_be_written(mqlab: Commands) -> None:
    mqlab.folder.mkdir(parents=True, exist_ok=True)
    mqlab.home.write_text("a file where the folder should be")
    one_message(mqlab.inside("run", "tokyo-singapore"), "cannot be made", "MQLAB_HOME")


def test_a_doctor_tells_what_is_there_and_what_is_not(mqlab: Commands) -> None:
    well = mqlab.inside("doctor", "--json")
    found = {each["what"]: each for each in well.json}
    assert all(found[name]["ok"] is True for name in (check_names.ENGINE, *check_names.TRIED)), well
    assert (found["clock"]["ok"], found["proxies"]["ok"]) == (True, True), well
    ill = mqlab.inside("doctor", "--json", DOCKER_HOST="unix:///nowhere/docker.sock")
    (engine,) = [each for each in ill.json if each["what"] == "Docker engine"]
    assert engine["ok"] is False and engine["remedy"]
    untried = [each for each in ill.json if each["what"] in check_names.TRIED]
    assert [each["ok"] for each in untried] == [None] * len(check_names.TRIED)
    assert ill.code == 3
