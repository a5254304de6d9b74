"""OpenSSH's client, which reaches an engine at ssh://: destination, command lines, and refusals in words.

It is the user's own `ssh`, with their configuration, keys, agent and known hosts; it never asks anything.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lab.base.dataclass import dataclass
from lab.base.docs_site import reference
from lab.emulation.check_names import SSH, see
from lab.errors import HostError, InputError

SCHEME = "ssh"
LOGIN_SECONDS = 60.0  # seconds for a login and an answer: a key may be on a device that is to be touched
FIRST_PORT = 20000  # a port as labs take them
_ENDS_WITHIN = 5.0  # seconds: an ssh that is to end may wait for a far side that has gone
_FAILED, _NOT_FOUND = 255, 127  # the exit codes of ssh itself, and of a far shell that finds no such command
OPEN = b"open\n"  # what an `ssh` that was started by `tied` says once it is connected, with its forwards
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")  # a user, a host, or a name in ssh's configuration
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%a-z]*\Z")  # IPv6
_USUAL = (
    "BatchMode=yes",  # never ask for a password or about a host key
    "ConnectTimeout=10",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ControlMaster=no",
    "ControlPersist=no",  # else a shared connection would go on in a process of its own
    "RemoteCommand=none",
    "ForwardAgent=no",
    "ForwardX11=no",
)
# The shell becomes ssh; what stands beside it ends it, with what it started (ProxyCommand), once the pipe at its
# standard input is closed, which a killed process does too, and removes the folder of its sockets.
_TIED = (
    "exec 3<&0; { trap '' TERM; cat <&3; kill -s TERM -- -$$ || kill $$; "
    '[ -z "$0" ] || rm -rf -- "$0"; } >/dev/null 2>&1 & exec "$@" 3<&- </dev/null'
)
_HOST_KEY = ("host key verification failed", "remote host identification has changed")
_LOGIN = ("permission denied (", "too many authentication failures", "no more authentication methods")
_NO_DOCKER = ("docker: command not found", "docker: not found")
_OLD_DOCKER = ("is not a docker command", "usage:  docker system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The far side of an engine at ssh://."""

    url: str  # as it was written
    host: str
    user: str = ""
    port: int | None = None
    socket: str = ""  # the engine's, on the far side; "": docker's own choice there

    @property
    def dial(self) -> tuple[str, ...]:
        """Return the far command whose input and output are a connection to the engine."""
        named = ("--host", shlex.quote(f"unix://{self.socket}")) if self.socket else ()
        return "docker", *named, "system", "dial-stdio"

    @property
    def words(self) -> str:
        """Return the remote host's arguments for a command line of ssh."""
        port = f"-p {self.port} " if self.port else ""
        return f"{port}{f'{self.user}@' if self.user else ''}{self.host}"


def parse(url: str) -> Destination:
    """Return the far side that a DOCKER_HOST of ssh:// names; InputError if the URL is wrong."""
    try:
        parts = urlsplit(url)
        host, port, user = parts.hostname or "", parts.port, unquote(parts.username or "")
    except ValueError as error:
        raise _unusable(url, no_url(url, error)) from None  # the error may have the password
    if parts.scheme != SCHEME:
        raise _unusable(url, f"its scheme is {parts.scheme!r}")
    if parts.password is not None:
        raise _unusable(url, "it contains a password, which ssh does not accept")
    if parts.query or parts.fragment:
        raise _unusable(url, "it has a query or a fragment")
    # Case counts in a name of ssh's configuration, and urlsplit lowers it.
    at = parts.netloc.rpartition("@")[2]
    host = next((word for word in re.split(r"[:\[\]]", at) if word.lower() == host), host)
    if not (_WORD.match(host) or _ADDRESS.match(host)):
        raise _unusable(url, f"its host is {host!r}")
    if user and not _WORD.match(user):
        raise _unusable(url, f"its user is {user!r}")
    path = unquote(parts.path.rstrip("/"))
    if not path.isprintable():
        raise _unusable(url, f"its path is {path!r}")
    return Destination(url=url, host=host, user=user, port=port, socket=path)


def command(
    to: Destination,
    environment: Mapping[str, str],
    *remote: str,
    options: Sequence[str] = (),
    arguments: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the command line of ssh to a far side; HostError if this machine has no ssh."""
    if sys.platform == "win32":
        raise HostError(f"the engine at {to.url} cannot be used from Windows", "run mqlab in WSL, or on that machine")
    program = shutil.which("ssh", path=environment.get("PATH"))
    if program is None:
        raise HostError(
            f"the engine at {to.url} is reached by the command ssh, which is not installed here",
            "install OpenSSH's client (Debian, Ubuntu: apt-get install openssh-client)",
        )
    chosen = [word for option in (*options, *_USUAL) for word in ("-o", option)]
    user = ("-l", to.user) if to.user else ()
    port = ("-p", str(to.port)) if to.port else ()
    return (program, "-T", *chosen, *arguments, *user, *port, "--", to.host, *remote)


def tied(command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> subprocess.Popen[bytes]:
    """Start an ssh that ends with this process in any case, and then removes its `folder`.

    Its options make it print the line `open`. Its errors are at standard error.
    """
    return subprocess.Popen(
        ["sh", "-c", _TIED, str(folder or ""), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment, "SHELL": "/bin/sh"},  # which says `OPEN`: the user's own may be none that runs commands
        start_new_session=True,  # Ctrl-C is for the program alone, which needs the engine to clean up
    )


def says_open() -> tuple[str, ...]:
    """Return the options that make ssh print the line `open` once it is connected and its forwards listen."""
    return "PermitLocalCommand=yes", "LocalCommand=echo open"


def untie(process: subprocess.Popen[bytes]) -> str:
    """End an ssh that `tied` started, and return its standard error; "" if that was read before."""
    said = b""
    assert process.stdin is not None
    if process.stdin.closed:
        return ""
    # The pipe first: until it is waited for, nobody else has its process id.
    process.stdin.close()
    end(process)
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        os.set_blocking(pipe.fileno(), False)  # somebody that it started may have it open still
        said = pipe.read() or b""
        pipe.close()
    return said.decode(errors="replace").strip()


def end(process: subprocess.Popen[bytes]) -> None:
    """End an ssh that leads its own session, with all processes of that session, and wait for it."""
    for by in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of one that has ended
            os.killpg(process.pid, by)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_WITHIN)
            return


def check_docker(to: Destination, environment: Mapping[str, str], options: Sequence[str] = ()) -> None:
    """Raise HostError, with a remedy, if the far side refuses the login, or no docker there reaches an engine."""
    code, said = _run(command(to, environment, *to.dial, options=options), environment)
    if code:
        raise explain(to, said, code)


def check_forwarding(to: Destination, environment: Mapping[str, str], port: int = FIRST_PORT) -> None:
    """Raise HostError if the far side does not forward connections to its 127.0.0.1; nothing need listen there."""
    # A connection of its own: over a shared one, ssh does not tell the far side's reason.
    options, words = ("ControlPath=none", "LogLevel=INFO"), ("-W", f"127.0.0.1:{port}")
    code, said = _run(command(to, environment, options=options, arguments=words), environment)
    if code == 0 or "connect failed" in said.lower():
        return
    refused = "\n".join(line for line in said.splitlines() if "open failed" in line.lower())  # others have no reason
    if not refused:
        raise explain(to, said, code)
    raise HostError(
        f"{to.url} does not forward connections, so this machine could not reach a lab's ports there: {_last(refused)}",
        f"allow its sshd to forward to 127.0.0.1 (AllowTcpForwarding, PermitOpen, and the options of the key in "
        "authorized_keys),\nor let the engine listen at tcp:// with TLS: "
        f"{reference('engines', 'On another machine')}\n{see(SSH)}",
    )


def explain(to: Destination, output: str, code: int | None = None) -> HostError:
    """Return a HostError with the reason why an engine cannot be reached, from the output of ssh or the remote host."""
    heard, reason = (
        output.lower(),
        _last(output) or ("ssh gives no reason" if code is None else f"ssh ended with {code}"),
    )
    got_in = code not in (_FAILED, None)
    if any(words in heard for words in _HOST_KEY):
        known = "its host key differs from the known one" if "has changed" in heard else ""
        return HostError(
            f"{to.url}: {known or 'its host key is not known here'}: {reason}",
            f"check the key, and accept it once by hand:   ssh {to.words}\n{see(SSH)}",
        )
    if any(words in heard for words in _LOGIN):
        return HostError(
            f"{to.url} refused the login: {reason}",
            "mqlab never asks for a password: use a key, in ssh-agent if it has a passphrase. This must "
            f"work:\n   ssh -o BatchMode=yes {to.words} true\n{see(SSH)}",
        )
    if any(words in heard for words in _OLD_DOCKER):
        return HostError(
            f"the docker command of {to.url} is too old: {reason}",
            "install Docker 20.10 or newer there, which has `docker system dial-stdio`",
        )
    if code == _NOT_FOUND or (got_in and any(words in heard for words in _NO_DOCKER)):
        return HostError(
            f"{to.url} has no docker command where ssh looks for it: {reason}",
            f"install Docker's client there; it must be on the PATH of   ssh {to.words} docker version",
        )
    if got_in and "permission denied" in heard:
        return HostError(
            f"{to.url} accepts the login, but its Docker engine is not accessible: {reason}",
            f"add the user to the group docker there, or log in as a member of it:   ssh {to.words} docker version",
        )
    if got_in:
        return HostError(
            f"no Docker engine answers at {to.url}: {reason}", f"run:   ssh {to.words} docker version\n{see(SSH)}"
        )
    return HostError(
        f"{to.url} cannot be reached: {reason}",
        f"this must work:   ssh -o BatchMode=yes {to.words} true\n{see(SSH)}",
    )


@contextmanager
def ended_on_error(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End an ssh that was started by `tied` if the block raises."""
    try:
        yield
    except BaseException:
        untie(process)
        raise


def _run(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={**environment},
            start_new_session=True,
            timeout=LOGIN_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return _FAILED, f"no answer within {LOGIN_SECONDS:.0f} s"
    return done.returncode, done.stderr.decode(errors="replace").strip()


def _last(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def without_password(url: str) -> str:
    """Return an engine's URL without its password, even if it is not a URL."""
    return re.sub("//([^/@:]*):.*@", r"//\1:…@", url)


def no_url(url: str, error: ValueError) -> str:
    """Return the reason why an engine's URL is not a URL, without any part of a password."""
    return "it contains a password and is not a URL" if without_password(url) != url else str(error)


def _unusable(url: str, why: str) -> InputError:
    shown = without_password(url)
    return InputError.of(f"DOCKER_HOST={shown} cannot be used: {why}", "write ssh://USER@HOST or ssh://USER@HOST:PORT")
