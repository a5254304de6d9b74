"""An engine's library over ssh: over a real sshd and docker command, to what says an engine's version."""

from __future__ import annotations

import os
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import docker
from lab.emulation import doctor
from lab.emulation.engine import engine
from lab.emulation.engine.ssh import parse
from lab.emulation.engine.ssh_socket import SshSocket
from lab.emulation.network import subnets
from lab.errors import HostError
from lab.runtime.clock import RealClock
from tests.answering import Answering
from tests.integration import far_sshd
from tests.integration.far_machine import far_machine
from tests.integration.far_sshd import Sshd
from tests.promised import lacking

CLOCK, PATIENCE = RealClock(), 30.0
_PROGRAM = """
import os, sys
from lab.emulation.engine.ssh import parse
from lab.emulation.engine.ssh_socket import SshSocket
print(SshSocket(parse(sys.argv[1]), os.environ).url, flush=True)
sys.stdin.read()
"""


class _Says(Answering):
    protocol_version = "HTTP/1.1"


class _Engine(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if reason := far_sshd.unfit():
        lacking(reason)
    with (
        tempfile.TemporaryDirectory() as short,  # a socket's path is
        _Engine(f"{short}/engine", _Says) as serving,
        far_machine(subnets.host_routes(Path("/proc/net/route").read_text())) as machine,
        far_sshd.sshd(tmp_path_factory.mktemp("far") / "sshd", Path(short) / "engine", machine) as its,
    ):
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield its
        serving.shutdown()


def test_an_engine_is_reached_and_nothing_stays_after_it(far: Sshd) -> None:
    client = engine.connect(the_environment(far))
    assert client.version()["Version"] == "28.0"
    assert far.clients()
    client.close()
    assert CLOCK.wait(lambda: far.clients() == [], PATIENCE)


def test_a_shared_connection_that_is_to_persist_by_the_users_configuration_ends_all_the_same(
    far: Sshd, tmp_path: Path
) -> None:
    environment = the_environment(far)
    (tmp_path / "ssh").write_text(f'#!/bin/sh\nexec {far.folder}/bin/ssh -F {tmp_path}/config "$@"\n')
    (tmp_path / "ssh").chmod(0o755)
    own = (far.folder / "config").read_text()
    (tmp_path / "config").write_text(f"{own}ControlMaster auto\nControlPersist 10m\n")
    leading = SshSocket(parse(far.url), {**environment, "PATH": f"{tmp_path}{os.pathsep}{environment['PATH']}"})
    folder = str(Path(leading.url.removeprefix("unix://")).parent)
    assert named(folder)
    leading.close()
    assert CLOCK.wait(lambda: named(folder) == [], PATIENCE)


def test_more_connections_than_the_far_side_lets_one_login_have(far: Sshd) -> None:
    leading = SshSocket(parse(far.url), the_environment(far))

    def ask(_: int) -> docker.DockerClient:
        client = docker.DockerClient(base_url=leading.url, version="1.41")
        assert client.version()["Version"] == "28.0"
        return client

    with ThreadPoolExecutor(14) as pool:
        for each in list(pool.map(ask, range(14))):  # sshd lets one login have ten
            each.close()
    leading.close()
    leading.close()
    assert CLOCK.wait(lambda: far.clients() == [], PATIENCE)


def test_a_process_that_is_killed_leaves_no_ssh_and_no_folder(far: Sshd) -> None:
    words = [sys.executable, "-c", _PROGRAM, far.url]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=the_environment(far)) as owner:
        assert owner.stdout is not None
        leading = Path(owner.stdout.readline().decode().strip().removeprefix("unix://"))
        assert leading.is_socket() and far.clients()
        owner.kill()
    assert CLOCK.wait(lambda: far.clients() == [] and not leading.parent.exists(), PATIENCE)


def test_a_far_side_without_an_engine_says_so(far: Sshd) -> None:
    with pytest.raises(HostError, match=r"no Docker engine answers at ssh://.*no such file"):
        engine.connect({**the_environment(far), "DOCKER_HOST": f"{far.url}/nonexistent/docker.sock"})
    assert CLOCK.wait(lambda: far.clients() == [], PATIENCE)


def test_the_doctor_tries_ssh_where_the_engine_is_reached_by_it(far: Sshd) -> None:
    (found,) = doctor.over_ssh(the_environment(far))
    assert found.ok and found.found == f"{far.url} accepts the login, and forwards connections"
    (refused,) = doctor.over_ssh({**the_environment(far), "DOCKER_HOST": far.url.replace("root@", "nobody@")})
    assert refused.ok is False and "refused the login" in refused.found
    assert list(doctor.over_ssh({"DOCKER_HOST": "tcp://docker:2376"})) == []


def named(words: str) -> list[str]:
    """Return the command lines with these words; ssh that goes on by itself has a title in its place."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(each.read_bytes().decode(errors="replace").replace("\0", " "))
    return [each for each in found if words in each]


def the_environment(far: Sshd) -> dict[str, str]:
    return {**os.environ, **far.environment}
