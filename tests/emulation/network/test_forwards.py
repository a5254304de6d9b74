"""Ports forwarded over a real sshd of this machine: they end with whoever wanted them, and come back when lost."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from lab.base.file_locks import lock
from lab.emulation.engine import ssh
from lab.emulation.network import subnets
from lab.emulation.network.forwarder import pauses
from lab.emulation.network.forwards import Forwards, are_kept, are_open, await_end, file_of, why_lost
from lab.errors import HostError
from lab.runtime.clock import RealClock
from tests.integration import far_sshd
from tests.integration.far_machine import FarMachine, far_machine
from tests.integration.far_sshd import Sshd
from tests.promised import lacking

PATIENCE = 30.0
CLOCK = RealClock()
RUN, HELLO = "a-run", b"hello"
_SERVED = range(10000, 20000, 2)  # below those of labs and of outgoing connections; two workers hardly meet
_SERVER = (
    "import socket, sys; its = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print('listens', flush=True)\n"
    "while True:\n    with its.accept()[0] as caller: caller.sendall(sys.argv[2].encode())"
)


@pytest.fixture(scope="module")
def port() -> int:
    """Return a port that is served on the far machine; it and the next one are free here."""
    while True:
        its = random.choice(_SERVED)
        if not listens(its) and not listens(its + 1):
            return its


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Sshd]:
    if reason := far_sshd.unfit():
        lacking(reason)
    folder = tmp_path_factory.mktemp("far")
    (folder / "engine").touch()
    with (
        far_machine(subnets.host_routes(Path("/proc/net/route").read_text())) as machine,
        far_sshd.sshd(folder / "sshd", folder / "engine", machine) as its,
        serving(machine, port),
    ):
        yield its


@contextmanager
def serving(machine: FarMachine, port: int) -> Iterator[None]:
    """Have a server on the far machine, at its own 127.0.0.1 alone, that says `HELLO` to whoever calls."""
    words = [*machine.entering, sys.executable, "-c", _SERVER, str(port), HELLO.decode()]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"listens\n"
        try:
            yield
        finally:
            server.kill()


def the_environment(far: Sshd) -> dict[str, str]:
    return {**os.environ, **far.environment}


def forwards(far: Sshd, folder: Path, *, staying: bool) -> Forwards:
    return Forwards(far.url, the_environment(far), RUN, folder, staying=staying)


def answers(port: int) -> bool:
    """Return whether the far server answers at a port of this machine's own 127.0.0.1."""
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as calling:
            return calling.recv(100) == HELLO
    except ConnectionError:
        return False


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionError:  # refused, or reset by a listener that is ending
        return False
    return True


def test_they_end_with_the_block(far: Sshd, tmp_path: Path, port: int) -> None:
    with forwards(far, tmp_path, staying=False) as its:
        its.open([port, port + 1])
        assert answers(port) and are_kept(RUN, tmp_path)
    assert not listens(port) and not are_kept(RUN, tmp_path)
    assert all_ended(far)
    assert list(tmp_path.iterdir()) == []


def test_those_of_a_lab_that_stays_end_with_its_note(far: Sshd, tmp_path: Path, port: int) -> None:
    note = tmp_path / f"{RUN}.json"
    with forwards(far, tmp_path, staying=True) as its:
        its.open([port])
        note.touch()
    assert answers(port) and are_kept(RUN, tmp_path)
    (forwarder,) = (pid for pid in far.clients() if "forwards.lock" in Path(f"/proc/{pid}/cmdline").read_text())
    with forwards(far, tmp_path, staying=True) as others:
        others.open([port])  # which leaves it to the first
    assert answers(port)
    note.unlink()
    await_end(RUN, tmp_path, CLOCK)
    assert not are_kept(RUN, tmp_path) and not listens(port)
    assert all_ended(far)
    assert CLOCK.wait(lambda: not Path(f"/proc/{forwarder}").exists(), PATIENCE), "no zombie either"


def test_who_comes_while_another_process_connects_waits_for_that_and_takes_its_place(
    far: Sshd, tmp_path: Path, port: int
) -> None:
    other = os.open(file_of(RUN, tmp_path), os.O_RDWR | os.O_CREAT)
    lock(other)
    with forwards(far, tmp_path, staying=False) as its, ThreadPoolExecutor(1) as pool:
        opening = pool.submit(its.open, [port])
        CLOCK.wait(opening.done, 2.0)
        assert are_kept(RUN, tmp_path) and not are_open(RUN, tmp_path)
        os.close(other)
        opening.result()
        assert answers(port) and are_open(RUN, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_those_of_a_lab_that_would_stay_end_where_it_was_never_opened(far: Sshd, tmp_path: Path, port: int) -> None:
    with forwards(far, tmp_path, staying=True) as its:
        its.open([port])
    assert not listens(port) and all_ended(far)


def test_they_end_with_a_process_that_is_killed(far: Sshd, tmp_path: Path, port: int) -> None:
    program = (
        "import sys, time; from pathlib import Path; from lab.emulation.network.forwards import Forwards\n"
        "import os; its = Forwards(sys.argv[1], os.environ, sys.argv[2], Path(sys.argv[3]), staying=False)\n"
        "its.open([int(sys.argv[4])]); print('open', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", program, far.url, RUN, str(tmp_path), str(port)]
    owner = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=the_environment(far))
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"open\n"
        assert answers(port) and far.clients()
        owner.kill()
    assert CLOCK.wait(lambda: not listens(port) and far.clients() == [], PATIENCE)


def test_a_lost_connection_is_made_anew(far: Sshd, tmp_path: Path, port: int) -> None:
    with forwards(far, tmp_path, staying=False) as its:
        its.open([port])
        before = the_ssh(far)
        os.kill(before, signal.SIGKILL)
        assert CLOCK.wait(lambda: answers(port) and the_ssh(far) not in (0, before), PATIENCE)
    assert not listens(port) and all_ended(far)


def test_a_port_that_is_taken_here_is_said_as_the_engine_says_it(far: Sshd, tmp_path: Path, port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        forwards(far, tmp_path, staying=False) as its,
        pytest.raises(HostError, match="address already in use"),
    ):
        its.open([port, other.getsockname()[1]])
    assert all_ended(far) and not listens(port)


def test_a_real_sshd_lets_connections_be_forwarded_or_not(far: Sshd, tmp_path: Path) -> None:
    ssh.check_forwarding(ssh.parse(far.url), the_environment(far))
    (tmp_path / "engine").touch()
    with (
        far_machine(subnets.host_routes(Path("/proc/net/route").read_text())) as machine,
        far_sshd.sshd(tmp_path / "sshd", tmp_path / "engine", machine, settings="AllowTcpForwarding no") as closed,
    ):
        with pytest.raises(HostError, match="does not forward connections"):
            ssh.check_forwarding(ssh.parse(closed.url), the_environment(closed))
        (closed.folder / "known").write_text("")
        with pytest.raises(HostError, match="its host key is not known here"):
            ssh.check_docker(ssh.parse(closed.url), the_environment(closed))
        (closed.folder / "config").write_text(
            "IdentitiesOnly yes\nIdentityFile /nonexistent\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n"
        )
        with pytest.raises(HostError, match="refused the login"):
            ssh.check_docker(ssh.parse(closed.url), the_environment(closed))


_FORWARDER = """
import sys
from lab.emulation.network.forwarder import Forwarder
Forwarder(None, sys.argv[1:], patience=1.0).run()
"""


def test_a_login_that_never_ends_is_given_up(tmp_path: Path) -> None:
    hanging = tmp_path / "ssh"
    hanging.write_text("#!/bin/sh\nexec sleep 1000\n")
    hanging.chmod(0o755)
    words = [sys.executable, "-c", _FORWARDER, str(hanging)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as forwarder:
        assert forwarder.stdout is not None
        assert forwarder.stdout.read() == b"no login within 1 s"


LOSING = """#!/bin/sh
cd "$(dirname "$0")" || exit
echo . >>times
case $(wc -l <times | tr -d ' ') in
1) echo open; until [ -e lose ]; do sleep 0.05; done ;;
2) echo 'bind [127.0.0.1]:20001: Address already in use' >&2; exit 255 ;;
*) until [ -e free ]; do sleep 0.05; done; echo open; exec sleep 1000 ;;
esac
"""
_MONITOR = "import sys; from lab.emulation.network.forwarder import main; main(*sys.argv[1:])"


def test_why_ports_are_not_forwarded_any_more_is_known_until_they_are(tmp_path: Path) -> None:
    program = tmp_path / "ssh"
    program.write_text(LOSING)
    program.chmod(0o755)
    words = [sys.executable, "-c", _MONITOR, str(file_of(RUN, tmp_path)), "", str(program)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as monitor:
        assert monitor.stdout is not None and monitor.stdout.readline() == ssh.OPEN
        assert are_open(RUN, tmp_path) and why_lost(RUN, tmp_path) == ""
        (tmp_path / "lose").touch()
        taken = "bind [127.0.0.1]:20001: Address already in use (forwarded again once it is free here)"
        assert CLOCK.wait(lambda: why_lost(RUN, tmp_path) == taken, PATIENCE), why_lost(RUN, tmp_path)
        assert are_open(RUN, tmp_path), "it is still that process that is to"
        (tmp_path / "free").touch()
        assert CLOCK.wait(lambda: why_lost(RUN, tmp_path) == "", PATIENCE)
        assert monitor.stdin is not None
        monitor.stdin.close()
    assert why_lost(RUN, tmp_path) == "" and not are_kept(RUN, tmp_path)


def test_a_far_side_that_refuses_is_asked_more_and_more_seldom() -> None:
    assert list(islice(pauses(), 7)) == [1, 2, 4, 8, 16, 30, 30]


def all_ended(far: Sshd) -> bool:
    """Return whether every ssh ends by itself: what ends one is a moment behind it."""
    return CLOCK.wait(lambda: far.clients() == [], PATIENCE)


def the_ssh(far: Sshd) -> int:
    """Return the process that is ssh itself; 0 if there is none."""
    for pid in far.clients():
        try:
            if Path(f"/proc/{pid}/comm").read_text() == "ssh\n":
                return pid
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
    return 0
