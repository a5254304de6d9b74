"""An sshd with keys of its own, for engines at ssh://, in a network namespace as on another machine.

It sees a /run of its own, in which `docker.sock` is the engine that it leads to.                         Needs root
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lab.emulation.images.downloads import cache_folder
from lab.runtime.clock import RealClock
from tests.integration.far_machine import FarMachine

USER, _PORT, _PATIENCE = "root", 2222, 30.0
_SYSTEM = ("/usr/sbin", "/sbin", *os.defpath.split(os.pathsep))
# A package would start a server of this machine's: docker/test-tools.sh unpacks it, and so the server needs to be told
# where its parts are, and that there is a user for what has no rights. It lets nobody in whose account is locked.
_APART = ("unshare", "--mount", "--propagation", "private", "sh", "-c")
_SCRIPT = """
set -e
mkdir -p "$0/run"; mount -t tmpfs tmpfs "$0/run"; mkdir "$0/run/sshd"; touch "$0/run/docker.sock"
mount --bind "$1" "$0/run/docker.sock"; mount --rbind "$0/run" /run
{ grep -v ^sshd: /etc/passwd; echo sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin; } >"$0/passwd"
mount --bind "$0/passwd" /etc/passwd
echo 'root:*:20000::::::' >"$0/shadow"; mount --bind "$0/shadow" /etc/shadow
shift; exec "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sshd:
    """The server, and how it is reached."""

    host: str
    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"ssh://{USER}@{self.host}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return what names the engine behind it, with a `ssh` that has a configuration and keys of its own."""
        return {"DOCKER_HOST": self.url, "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def clients(self) -> list[int]:
        """Return the processes of this machine that are ssh, or lead to one, with this server's configuration."""
        mark, found = str(self.folder / "config"), []
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = each.read_bytes().decode(errors="replace").split("\0")
                if mark in words or str(self.folder / "bin" / "ssh") in words:
                    found.append(int(each.parent.name))
        return found


def sshd_program() -> Path | None:
    """Return the server that is installed, or else that which test-tools.sh unpacked; None if there is neither."""
    installed = shutil.which("sshd", path=os.pathsep.join(_SYSTEM))
    unpacked = cache_folder(os.environ) / "tests" / "sshd" / "usr" / "sbin" / "sshd"
    return Path(installed) if installed else unpacked if unpacked.exists() else None


def unfit() -> str | None:
    """Say why this machine cannot run it; None if it can."""
    if os.geteuid() != 0:
        return "needs root, for a mount namespace"
    missing = [
        tool for tool in ("ssh", "ssh-keygen", "unshare", "nsenter", "ip", "docker") if shutil.which(tool) is None
    ]
    missing += [] if sshd_program() else ["sshd"]
    return f"needs {', '.join(missing)}" if missing else None


@contextmanager
def sshd(folder: Path, engine: Path, machine: FarMachine, *, settings: str = "") -> Iterator[Sshd]:
    """Run the server on a far machine, before an engine's socket, until the end of the block; `settings` come first."""
    folder.mkdir(parents=True)
    host, port = machine.address, _PORT
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "key.pub", folder / "authorized")
    known = (folder / "host_key.pub").read_text().split()
    (folder / "known").write_text(f"[{host}]:{port} {known[0]} {known[1]}\n")
    (folder / "config").write_text(
        f"IdentityFile {folder / 'key'}\nIdentitiesOnly yes\nUserKnownHostsFile {folder / 'known'}\n"
        "GlobalKnownHostsFile /dev/null\nControlPath /nonexistent/%C\n"
    )
    its = Sshd(host=host, port=port, folder=folder)
    (folder / "bin").mkdir()
    client = shutil.which("ssh")
    assert client
    (folder / "bin" / "ssh").write_text(f'#!/bin/sh\nexec {client} -F {shlex.quote(str(folder / "config"))} "$@"\n')
    (folder / "bin" / "ssh").chmod(0o755)
    program = sshd_program()
    assert program
    root = program.parents[2]
    parts = {
        "SshdSessionPath": root / "usr/lib/openssh/sshd-session",
        "SshdAuthPath": root / "usr/lib/openssh/sshd-auth",
    }
    docker = shutil.which("docker")
    assert docker
    (folder / "sshd_config").write_text(
        f"{settings}\nPort {port}\nListenAddress {host}\nHostKey {folder / 'host_key'}\nUsePAM no\nPidFile none\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nStrictModes no\nPermitRootLogin yes\n"
        f"PasswordAuthentication no\nKbdInteractiveAuthentication no\nSetEnv PATH={Path(docker).parent}:{os.defpath}\n"
        + "".join(f"{key} {value}\n" for key, value in parts.items() if value.exists() and root != Path("/"))
    )
    libraries = os.pathsep.join(str(each.parent) for each in sorted(root.glob("usr/lib/*/libwrap.so.0")))
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen(
            [*machine.entering, *_APART, _SCRIPT, folder, engine, program, "-D", "-e", "-f", folder / "sshd_config"],
            env={**os.environ, **({"LD_LIBRARY_PATH": libraries} if root != Path("/") else {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        if not RealClock().wait(lambda: process.poll() is not None or _answers(its), _PATIENCE) or process.poll():
            raise RuntimeError(f"sshd did not start:\n{(folder / 'sshd.log').read_text()[-3000:]}")
        yield its
    finally:
        process.terminate()
        process.wait()


def _answers(its: Sshd) -> bool:
    try:
        with socket.create_connection((its.host, its.port), 1.0) as calling:
            return calling.recv(4) == b"SSH-"
    except OSError:
        return False
