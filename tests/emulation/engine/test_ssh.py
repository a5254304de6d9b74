"""An engine at ssh://: where it is, the command lines that reach it, and what stands in the way, in words."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab.emulation.engine import engine, ssh
from lab.errors import HostError, InputError
from lab.runtime.clock import RealClock

CLOCK, PATIENCE = RealClock(), 30.0
KEY = "Host key verification failed."
CHANGED = (
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key for east has changed and you have requested "
    "strict checking.\nHost key verification failed."
)


@pytest.mark.parametrize(
    ("url", "host", "user", "port", "socket"),
    [
        ("ssh://lab@east", "east", "lab", None, ""),
        ("ssh://East", "East", "", None, ""),  # a name in ssh's configuration, where case counts
        ("ssh://Lab@lab", "lab", "Lab", None, ""),
        ("ssh://SSH", "SSH", "", None, ""),
        ("ssh://lab@10.9.8.7:2222", "10.9.8.7", "lab", 2222, ""),
        ("ssh://lab@[fd00::5]:22", "fd00::5", "lab", 22, ""),
        ("ssh://east/", "east", "", None, ""),
        ("ssh://east/run/user/1000/docker.sock", "east", "", None, "/run/user/1000/docker.sock"),
    ],
)
def test_a_url_is_read_as_dockers_command_reads_it(
    url: str, host: str, user: str, port: int | None, socket: str
) -> None:
    its = ssh.parse(url)
    assert (its.host, its.user, its.port, its.socket) == (host, user, port, socket)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ssh://", "its host is ''"),
        ("ssh://-oProxyCommand=touch", "its host is '-oProxyCommand=touch'"),
        ("ssh://lab@-F", "its host is '-F'"),
        ("ssh://-l@east", "its user is '-l'"),
        ("ssh://la b@east", "its user is 'la b'"),
        ("ssh://east;id", "its host is 'east;id'"),
        ("ssh://east:port", "Port could not be cast"),
        ("ssh://east:0x16", "Port could not be cast"),
        ("ssh://east?a=b", "a query or a fragment"),
        ("ssh://[fd00::5", "Invalid IPv6 URL"),
        ("ssh://east/a%00b", r"its path is '/a\x00b'"),
        ("tcp://east", "its scheme is 'tcp'"),
    ],
)
def test_a_url_that_ssh_would_take_for_something_else_is_refused(url: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        ssh.parse(url)
    assert words in str(refused.value) and "ssh://USER@HOST" in str(refused.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ssh://lab:s3cret@east", "contains a password"),
        ("ssh://lab:s3cret@east:port", "contains a password"),
        ("ssh://lab:s3cret@[fd00::5", "contains a password"),
        ("ssh://lab:s3/cret@east", "contains a password"),
        ("ssh://lab:s3cret@\u2100.com", "contains a password"),
        ("ssh://lab:s3@cret@east", "contains a password"),
    ],
)
def test_a_password_is_refused_and_not_shown(url: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        ssh.parse(url)
    assert words in str(refused.value) and "s3" not in str(refused.value) and "cret" not in str(refused.value)


def test_a_command_line_asks_nothing_and_ends_its_options_before_the_host(tmp_path: Path) -> None:
    its = ssh.parse("ssh://lab@east:2222/a b.sock")
    words = ssh.command(its, {"PATH": str(a_program(tmp_path, "exit 0"))}, *its.dial, options=("ControlMaster=yes",))
    assert words[0] == str(tmp_path / "ssh")
    far = ("--", "east", "docker", "--host", "'unix:///a b.sock'", "system", "dial-stdio")
    assert words[-11:] == ("-l", "lab", "-p", "2222", *far)
    options = [words[at + 1] for at, word in enumerate(words) if word == "-o"]
    assert "BatchMode=yes" in options
    # the first value counts
    assert options.index("ControlMaster=yes") < options.index("ControlMaster=no")


def test_a_machine_without_ssh_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="by the command ssh, which is not installed here") as refused:
        engine.connect({"DOCKER_HOST": "ssh://lab@east", "PATH": str(tmp_path)})
    assert "openssh-client" in refused.value.remedy


@pytest.mark.parametrize(
    ("said", "code", "what", "remedy"),
    [
        (f"No ED25519 host key is known for east.\n{KEY}", 255, "its host key is not known here", "accept it once"),
        (CHANGED, 255, "its host key differs from the known one", "check the key"),
        ("lab@east: Permission denied (publickey,password).", 255, "refused the login", "ssh -o BatchMode=yes -p 22"),
        ("Received disconnect: Too many authentication failures", 255, "refused the login", "never asks"),
        ("ssh: Could not resolve hostname east: Name or service not known", 255, "cannot be reached: ssh: Could", "-p"),
        ("ssh: connect to host east port 22: Connection refused", 255, "cannot be reached", "mqlab doctor has a check"),
        ("", 255, "cannot be reached: ssh ended with 255", "this must work"),
        ("bash: line 1: docker: command not found", 127, "has no docker command", "install Docker's client there"),
        ("docker: 'dial-stdio' is not a docker command.", 1, "is too old", "20.10"),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            1,
            "accepts the login, but its Docker engine is not accessible",
            "group docker there",
        ),
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            1,
            "no Docker engine answers at ssh://lab@east:22: Cannot connect",
            "ssh -p 22 lab@east docker version",
        ),
        (
            "dial unix /var/run/docker.sock: connect: no such file or directory",
            1,
            "no Docker engine answers",
            "docker version",
        ),
    ],
)
def test_what_stands_in_the_way_has_a_name_and_a_remedy(
    tmp_path: Path, said: str, code: int, what: str, remedy: str
) -> None:
    path = a_program(tmp_path, f"cat >&2 <<'END'\n{said}\nEND\nexit {code}")
    to = ssh.parse("ssh://lab@east:22")
    with pytest.raises(HostError) as refused:
        ssh.check_docker(to, {**os.environ, "PATH": f"{path}:{os.environ['PATH']}"})
    assert what in refused.value.what, refused.value
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("said", "code"),
    [("channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed", 255), ("", 0)],
)
def test_a_far_port_at_which_nobody_listens_is_a_forward_all_the_same(tmp_path: Path, said: str, code: int) -> None:
    path = a_program(tmp_path, f"cat >&2 <<'END'\n{said}\nEND\nexit {code}")
    ssh.check_forwarding(ssh.parse("ssh://east"), {**os.environ, "PATH": f"{path}:{os.environ['PATH']}"})


def test_a_far_side_that_forwards_nothing_is_refused_by_name(tmp_path: Path) -> None:
    said = "channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed"
    path = a_program(tmp_path, f"echo '{said}' >&2; exit 255")
    with pytest.raises(HostError, match=r"ssh://east does not forward connections.*administratively") as refused:
        ssh.check_forwarding(ssh.parse("ssh://east"), {**os.environ, "PATH": f"{path}:{os.environ['PATH']}"})
    assert "AllowTcpForwarding" in refused.value.remedy


def test_a_login_that_is_refused_leaves_no_folder_for_sockets(tmp_path: Path) -> None:
    path = a_program(
        tmp_path, f'echo "$@" >{tmp_path}/words; echo "lab@east: Permission denied (publickey)." >&2; exit 255'
    )
    with pytest.raises(HostError, match="refused the login"):
        engine.connect({**os.environ, "DOCKER_HOST": "ssh://lab@east", "PATH": f"{path}:{os.environ['PATH']}"})
    (control,) = re.findall(r"ControlPath=(\S+)", (tmp_path / "words").read_text())
    assert not Path(control.strip('"')).parent.exists()


_HANGS = "sleep 1000 &\necho $!\nexec sleep 1000"  # with what it started, which has its standard error open


def test_what_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    process = ssh.tied([str(a_program(tmp_path, _HANGS) / "ssh")], os.environ)
    assert process.stdout is not None
    started = int(process.stdout.readline())
    assert ssh.untie(process) == "" and ssh.untie(process) == ""
    assert CLOCK.wait(lambda: not runs(started), PATIENCE)


def test_what_hangs_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    folder.mkdir()
    program = (
        "import os, pathlib, sys; from lab.emulation.engine import ssh\n"
        "its = ssh.tied([sys.argv[1]], os.environ, pathlib.Path(sys.argv[2]))\n"
        "print(its.stdout.readline().decode(), flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", program, str(a_program(tmp_path, _HANGS) / "ssh"), str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        started = int(owner.stdout.readline())
        assert runs(started)
        owner.kill()
    assert CLOCK.wait(lambda: not runs(started) and not folder.exists(), PATIENCE)


def runs(pid: int) -> bool:
    """Return whether a process is there, and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def a_program(folder: Path, text: str) -> Path:
    """Write a program called ssh, and return its folder."""
    file = folder / "ssh"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return folder
