"""A socket of this process that leads to an engine at ssh://: each connection to it is a session of one ssh.

    engine's library ── socket ── ssh ═══ the far side's sshd ── docker system dial-stdio ── its engine

The sessions share one connection as far as the far side lets them (MaxSessions), and others are made beside it.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lab.emulation.engine import ssh
from lab.emulation.engine.ssh import Destination
from lab.errors import HostError

_BACKLOG = 64


class SshSocket:
    """The socket, until `close`; whatever ends this process ends its ssh too."""

    def __init__(self, to: Destination, environment: Mapping[str, str]) -> None:
        """Connect; raise HostError, with a remedy, if there is no way to an engine."""
        self._folder = Path(tempfile.mkdtemp(prefix="mqlab-ssh-"))
        shared = f'ControlPath="{str(self._folder / "m").replace("%", "%%")}"'
        usual = ("ClearAllForwardings=yes", "LogLevel=ERROR")
        try:
            options = ("ControlMaster=yes", shared, *ssh.says_open(), *usual)
            words = ssh.command(to, environment, options=options, arguments=("-N",))
            self._master = ssh.tied(words, environment, self._folder)
            with ssh.ended_on_error(self._master):
                assert self._master.stdout is not None
                ready, _, _ = select.select([self._master.stdout], [], [], ssh.LOGIN_SECONDS)
                if not ready or self._master.stdout.readline() != ssh.OPEN:
                    raise ssh.explain(
                        to, ssh.untie(self._master) if ready else f"no login within {ssh.LOGIN_SECONDS:.0f} s"
                    )
                options = (shared, "PermitLocalCommand=no", *usual)
                ssh.check_docker(to, environment, options)
                self._words = ssh.command(to, environment, *to.dial, options=options)
                self._environment = {**environment}
                self._sessions: list[subprocess.Popen[bytes]] = []
                self._listening = socket.socket(socket.AF_UNIX)
                self._listening.bind(str(self._folder / "engine"))
                self._listening.listen(_BACKLOG)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._ending, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="mqlab-ssh", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the socket as a DOCKER_HOST."""
        return f"unix://{self._folder / 'engine'}"

    def close(self) -> None:
        """End every connection; harmless if that was done."""
        if self._end < 0:
            return
        os.close(self._end)
        self._end = -1
        self._thread.join()
        os.close(self._ending)
        self._listening.close()
        ssh.untie(self._master)  # its sessions end with it
        for each in self._sessions:
            ssh.end(each)  # one that had to have a connection of its own
        shutil.rmtree(self._folder, ignore_errors=True)

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._listening.fileno(), self._ending], [], [])
            if self._ending in ready:
                return
            self._sessions = [each for each in self._sessions if each.poll() is None]
            with suppress(OSError), self._listening.accept()[0] as connection:  # one that fails is closed: it is seen
                session = subprocess.Popen(
                    self._words,
                    stdin=connection.fileno(),
                    stdout=connection.fileno(),
                    stderr=subprocess.DEVNULL,
                    env=self._environment,
                    start_new_session=True,
                )
                self._sessions.append(session)


def ssh_socket(url: str, environment: Mapping[str, str]) -> SshSocket:
    """Return the socket to the engine that a DOCKER_HOST of ssh:// names."""
    try:
        return SshSocket(ssh.parse(url), environment)
    except OSError as error:
        raise HostError(f"the engine at {url} cannot be reached: {error}") from error
