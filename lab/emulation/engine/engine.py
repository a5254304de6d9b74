"""The Docker engine: connecting to it, and its facts. Errors carry a remedy.

Honours DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH; without DOCKER_HOST, the Docker command line's current
context (`context.py`).
"""

from __future__ import annotations

import errno
import inspect
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import ConnectTimeout, RequestException

import docker
from lab.base.dataclass import dataclass
from lab.emulation.check_names import ENGINE, see
from lab.emulation.engine.answers import READ_SECONDS, BrokenAnswer
from lab.emulation.engine.api import HUNG, Api, causes, is_silence
from lab.emulation.engine.context import DEFAULT_HOST, resolved
from lab.emulation.engine.ssh import without_password
from lab.emulation.engine.ssh_socket import SshSocket, ssh_socket
from lab.errors import HostError, NoEngine

ENGINE_TROUBLE = (DockerException, RequestException)  # errors that any call of the engine's library may raise
OLDEST = (1, 41)  # Docker 20.10, the oldest engine the lab's networks were measured on
_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH)  # by a machine that is off, or a network that is
_GONE = (FileNotFoundError, ConnectionError)  # what a socket says whose engine has gone
_LONGEST_REASON = 500  # characters
_SILENT = "the Docker engine does not answer any more"
_ANSWER_SECONDS = (10.0, READ_SECONDS)  # seconds for a connection to an engine, and for its first answer
C = TypeVar("C")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """The facts that the engine reports of itself."""

    version: str
    api_version: str
    operating_system: str
    platform: str  # "linux/amd64"
    storage_driver: str
    cgroup_version: str
    kernel: str
    rootless: bool
    remapped: bool  # root in a container is another user here (userns-remap)
    cpus: int
    memory: int  # bytes
    limits_memory: bool  # of a container


def connect(environment: Mapping[str, str]) -> docker.DockerClient:
    """Return a client of the engine that the environment names; raise HostError with a remedy if it is unusable."""
    named = dict(resolved(environment))
    host = named["DOCKER_HOST"]
    if not host.startswith("ssh://"):
        return _connect(named, without_password(host))
    leading = ssh_socket(host, environment)
    try:
        return _connect({"DOCKER_HOST": leading.url}, host, leading)
    except BaseException:
        leading.close()
        raise


def _connect(named: dict[str, str], host: str, leading: SshSocket | None = None) -> docker.DockerClient:
    """Return the client of an engine, which is called `host` in errors."""
    try:
        asking = _client(named, ".".join(map(str, OLDEST)))
        asking.api.timeout = _ANSWER_SECONDS  # type: ignore[assignment]  # requests takes one for each, the library one for both
        said = asking.api.version(api_version=False)  # which every engine answers
        asking.close()
    except BrokenAnswer as error:
        raise _is_no_docker(f"{host}: {error}") from error
    except (DockerException, OSError, ValueError) as error:
        raise explain(error, host) from error
    check_is_docker(said)
    check_api(str(said.get("ApiVersion", "")), str(said.get("Version", "?")))
    if said.get("Os") != "linux":
        raise HostError(
            f"the Docker engine at {host} runs {said.get('Os')} containers",
            f"switch it to Linux containers\n{see(ENGINE)}",
        )
    return _client(named, str(said["ApiVersion"]), leading)


class _Client(docker.DockerClient):
    """A client that closes its ssh socket too, and does not wait twice for an engine that hangs."""

    leading: SshSocket | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.api = Api(*arguments, **options)

    def close(self) -> None:
        super().close()
        if self.leading is not None:
            self.leading.close()


def _client(environment: dict[str, str], version: str, leading: SshSocket | None = None) -> docker.DockerClient:
    client = _Client.from_env(environment=environment, version=version)
    assert isinstance(client, _Client)
    client.leading = leading
    # Else REQUESTS_CA_BUNDLE would count more than the engine's own certificates, and a proxy be in between.
    client.api.trust_env = False
    return client


@contextmanager
def explained() -> Iterator[None]:
    """Translate errors of the engine's library in the block to HostError."""
    try:
        yield
    except ENGINE_TROUBLE as error:
        raise in_words(error) from error


def in_words(error: Exception) -> HostError:
    """Return an error of the engine's library as a HostError."""
    if is_silence(error):
        return HostError(
            _SILENT, f"if the machine is busy, run the command again; else restart the engine\n{see(ENGINE)}"
        )
    if is_gone(error):
        return HostError(_SILENT, f"is it running?   {see(ENGINE)}")
    if isinstance(error, NotFound) and not isinstance(error, ImageNotFound):
        return HostError(
            f"a part of the lab has gone: {error.explanation or error}",
            "check whether the lab was removed: mqlab status",
        )
    if isinstance(error, BrokenAnswer):
        return _is_no_docker(str(error))
    if isinstance(error, APIError):
        return HostError(f"the Docker engine refused a request: {_shortened(error.explanation or error)}", see(ENGINE))
    return HostError(f"the request to the Docker engine failed: {_shortened(error)}", see(ENGINE))


def _is_no_docker(what: str) -> HostError:
    return HostError(
        f"the Docker engine does not answer as its API says: {what}",
        "run the command again if the machine is very busy; else check that a Docker engine answers there:   "
        f"docker version\n{see(ENGINE)}",
    )


def _shortened(text: object) -> str:
    return without_password(str(text))[:_LONGEST_REASON]


def is_gone(error: Exception) -> bool:
    """Return whether an error of the engine's library means that no engine answers, or not in time."""
    return any(isinstance(cause, (*_GONE, *HUNG)) for cause in causes(error))


def told_in_words(tell: Callable[[Exception], None]) -> Callable[[Exception], None]:
    """Return a function that calls `tell` with an error; an error of the engine's library becomes a HostError first."""
    return lambda error: tell(in_words(error) if isinstance(error, ENGINE_TROUBLE) else error)


def explaining(kind: type[C]) -> type[C]:
    """Have the public methods of a class translate errors of the engine's library to HostError."""
    for name, member in tuple(vars(kind).items()):
        if inspect.isfunction(member) and not name.startswith("_"):
            setattr(kind, name, explained()(member))
    return kind


def explain(error: BaseException, host: str) -> HostError:
    """Return a HostError with the reason why an engine cannot be reached, from the library's error."""
    for cause in causes(error):
        if isinstance(cause, PermissionError):
            return HostError(
                f"no permission to use the Docker engine at {host}",
                "add yourself to the group docker and log in again:   sudo usermod -aG docker $USER\nor run as root\n"
                + see(ENGINE),
            )
        if isinstance(cause, socket.gaierror):
            return HostError(f"the host name of the Docker engine, {host}, cannot be resolved: {cause}", _start(host))
        away = isinstance(cause, FileNotFoundError | ConnectionRefusedError | ConnectTimeout | TimeoutError)
        if away or (isinstance(cause, OSError) and cause.errno in _UNREACHABLE):
            return NoEngine(f"no Docker engine answers at {host}", _start(host))
    return HostError(f"the Docker engine at {host} cannot be used: {_shortened(error)}", _start(host))


def check_is_docker(version: Mapping[str, Any]) -> None:
    """Raise HostError if an engine's version names another engine than Docker, which answers to Docker's API too."""
    parts = [str(each.get("Name", "")) for each in version.get("Components") or () if isinstance(each, Mapping)]
    if any("podman" in part.lower() for part in parts):
        raise HostError(
            f"the engine is Podman {version.get('Version', '')}, which only imitates Docker's API",
            "labs need Docker 20.10 or newer: Podman ignores the default route of a lab's networks, so that\n"
            "brokers would reach this machine and the internet past the router. Point DOCKER_HOST at a Docker engine\n"
            + see(ENGINE),
        )


def check_api(api: str, version: str) -> None:
    """Raise HostError if an engine is older than the oldest one measured."""
    numbers = tuple(int(part) for part in api.split(".") if part.isdigit())
    if numbers < OLDEST:
        raise HostError(
            f"the Docker engine is too old: version {version}, API {api or 'unknown'}",
            f"mqlab needs Docker 20.10 or newer (API {OLDEST[0]}.{OLDEST[1]})\n{see(ENGINE)}",
        )


def identity(client: docker.DockerClient) -> str:
    """Return the engine's unique id; "" if it has none."""
    return str(client.info().get("ID") or "")


def clock_ahead(client: docker.DockerClient, wall: Callable[[], float] = time.time) -> float:
    """Return the seconds that the engine's wall clock is ahead of this machine's; 0.0 if no difference is certain."""
    asked = wall()
    its = datetime.fromisoformat(str(client.info()["SystemTime"])).timestamp()
    answered = wall()
    return its - answered if its > answered else min(0.0, its - asked)


def facts(client: docker.DockerClient) -> EngineFacts:
    """Return the engine's facts."""
    said, info = client.version(), client.info()
    return EngineFacts(
        version=str(said["Version"]),
        api_version=str(said["ApiVersion"]),
        operating_system=str(info.get("OperatingSystem", "unknown")),
        platform=f"{said['Os']}/{said['Arch']}",
        storage_driver=str(info.get("Driver", "unknown")),
        cgroup_version=str(info.get("CgroupVersion", "1")),
        kernel=str(info.get("KernelVersion", "unknown")),
        rootless=any("rootless" in str(option) for option in info.get("SecurityOptions") or ()),
        remapped=any("name=userns" in str(option) for option in info.get("SecurityOptions") or ()),
        cpus=int(info.get("NCPU", 0)),
        memory=int(info.get("MemTotal", 0)),
        limits_memory=bool(info.get("MemoryLimit", True)),
    )


def _start(host: str) -> str:
    if host != DEFAULT_HOST:
        how = "start it, or unset DOCKER_HOST (docker context use default) to use the engine of this machine"
    else:
        how = "in a checkout of mqlab:   make engine\nelsewhere, install and start Docker 20.10 or newer"
    return f"{how}\n{see(ENGINE)}"
