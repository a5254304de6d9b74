"""A second Docker engine, in a network namespace of its own: it is reached by TCP and TLS alone, as on another machine.

this machine ── veth ── namespace: dockerd, its bridges, its containers          Needs root, and dockerd
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

import docker
from lab.amazonmq.files.certificates import LabAuthority
from lab.emulation.engine import engine
from lab.emulation.network.networks import taken
from lab.errors import HostError
from lab.runtime.clock import RealClock
from tests.integration.far_machine import FarMachine, far_machine

NAME = "docker"  # as GitLab calls it; it is known to programs that are started by `knowing`
SOCKET = "docker.sock"
_PATIENCE = 60.0
_DRIVERS = ("overlay2", "fuse-overlayfs", "btrfs", "zfs", "vfs")


@dataclass(frozen=True, slots=True, kw_only=True)
class FarEngine:
    """The engine, and how it is reached."""

    machine: FarMachine
    socket: Path  # which programs on its machine may use without TLS
    folder: Path

    @property
    def address(self) -> str:
        return self.machine.address

    @property
    def environment(self) -> dict[str, str]:
        """Return what names it, by its name."""
        return {
            "DOCKER_HOST": f"tcp://{NAME}:2376",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(self.folder / "certs"),
        }

    @property
    def by_address(self) -> dict[str, str]:
        """Return what names it, by its address."""
        return {**self.environment, "DOCKER_HOST": f"tcp://{self.address}:2376"}

    def knowing(self, command: list[str]) -> list[str]:
        """Return a command in whose view of the machine the engine's name has an address."""
        hosts = self.folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{self.address} {NAME}\n")
        script = 'mount --bind "$0" /etc/hosts && exec "$@"'
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(hosts), *command]


def unfit() -> str | None:
    """Say why this machine cannot have a second engine; None if it can."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces and a second engine"
    missing = [tool for tool in ("ip", "nsenter", "unshare", "dockerd", "iptables") if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}" if missing else None


@contextmanager
def far_engine(folder: Path, near: docker.DockerClient) -> Iterator[FarEngine]:
    """Run the engine until the end of the block, with the storage driver of the one here; nothing of it stays."""
    with ExitStack() as closing:
        machine = closing.enter_context(far_machine(taken(near)))
        _certify(folder / "certs", IPv4Address(machine.address))
        runs = Path(f"/run/mqlab-{machine.own}")  # a socket's path is short
        closing.callback(shutil.rmtree, runs, ignore_errors=True)
        closing.callback(shutil.rmtree, folder / "data", ignore_errors=True)
        process = closing.enter_context(_daemon(folder, runs, machine, str(near.info()["Driver"])))
        far = FarEngine(machine=machine, socket=runs / SOCKET, folder=folder)
        _await(far, process)
        yield far


@contextmanager
def _daemon(folder: Path, runs: Path, machine: FarMachine, driver: str) -> Iterator[subprocess.Popen[bytes]]:
    certs, settings = folder / "certs", folder / "daemon.json"
    settings.write_text("{}")
    command = [
        *(*machine.entering, "dockerd", f"--config-file={settings}"),
        *(f"--data-root={folder / 'data'}", f"--exec-root={runs}", f"--pidfile={runs / 'docker.pid'}"),
        *(f"--host=unix://{runs / SOCKET}", f"--host=tcp://{machine.address}:2376", "--tlsverify"),
        *(
            f"--tlscacert={certs / 'ca.pem'}",
            f"--tlscert={certs / 'server.pem'}",
            f"--tlskey={certs / 'server-key.pem'}",
        ),
    ]
    if driver in _DRIVERS:  # another one is no driver of dockerd's but of its containerd, and the usual one there
        command.append(f"--storage-driver={driver}")
    runs.mkdir(mode=0o700)
    with (folder / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(far: FarEngine, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            return True
        try:
            engine.connect(far.by_address).close()
        except HostError:
            return False
        return True

    if not RealClock().wait(answers, _PATIENCE) or process.poll() is not None:
        raise RuntimeError(f"the second engine did not start:\n{(far.folder / 'dockerd.log').read_text()[-3000:]}")


def _certify(folder: Path, address: IPv4Address) -> None:
    """Write the engine's certificate and a client's, as Docker's command line looks for them."""
    folder.mkdir(parents=True)
    authority = LabAuthority.create(datetime.now(UTC))
    (folder / "ca.pem").write_bytes(authority.ca_pem())
    for prefix, names, addresses in (("server", [NAME], [address]), ("", ["client"], [])):
        key, certificate, _ = pkcs12.load_key_and_certificates(authority.issue(names, addresses, "p"), b"p")
        assert key is not None and certificate is not None
        cert_name, key_name = (f"{prefix}.pem", f"{prefix}-key.pem") if prefix else ("cert.pem", "key.pem")
        (folder / cert_name).write_bytes(certificate.public_bytes(Encoding.PEM))
        (folder / key_name).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (folder / key_name).chmod(0o600)
