"""The host at which a lab's published ports are reached, and the address of the engine's machine that has them.

One decision for a lab, from its environment alone:

    engine                                   reached at                             published on
    a socket, or tcp:// at a loopback        127.0.0.1                              127.0.0.1
    tcp:// at another host                   that host                              MQLAB_BIND, or the lab is refused
    a socket, from a container of its own    the gateway of the container's network MQLAB_BIND, or the lab is refused
    ssh://                                   127.0.0.1, forwarded over ssh          127.0.0.1 of the engine's machine
    any, with TESTCONTAINERS_HOST_OVERRIDE   the host named there                   as for a host of that name
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Mapping
from ipaddress import AddressValueError, IPv4Address, ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from lab.base import settings
from lab.base.dataclass import dataclass
from lab.base.docs_site import reference
from lab.base.shipped import shipped
from lab.emulation.engine.ssh import SCHEME, no_url, parse, without_password
from lab.errors import BrokerError, HostError, InputError

LOOPBACK = "127.0.0.1"
BIND, OVERRIDE = settings.BIND.name, settings.HOST_OVERRIDE.name
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\Z")
_HERE = ("localhost", "ip6-localhost")
_BY_TCP = ("tcp", "http", "https")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedAt:
    """The host at which clients of this machine reach published ports, and the address that they are published on."""

    host: str = LOOPBACK
    bind: str = LOOPBACK
    ssh: str = ""  # the engine, where the ports are forwarded from its machine over ssh

    @property
    def here(self) -> bool:
        """Return whether the engine is certainly on this machine."""
        return self.on_loopback and not self.ssh

    @property
    def on_loopback(self) -> bool:
        """Return whether the ports are reached at this machine's 127.0.0.1, and so have to be free there."""
        return self.host == LOOPBACK

    @property
    def warning(self) -> str:
        """Return a warning that other machines reach the ports; "" if they are on a loopback address."""
        if is_loopback(self.bind):
            return ""
        where = "every address" if IPv4Address(self.bind).is_unspecified else self.bind
        return (
            f"ports are published on {where} of the engine's machine, as {BIND}={self.bind} requires: "
            f"other machines can reach the brokers, over TLS, and their management, over plain HTTP with a password "
            f"of the lab"
        )


HERE = PublishedAt()


def published_at(environment: Mapping[str, str], gateway: Callable[[], str | None] = lambda: None) -> PublishedAt:
    """Decide for an environment that has DOCKER_HOST; `gateway` returns that of the engine's container which this is.

    Raise InputError if a setting is wrong, HostError where published ports would not be reached without one.
    """
    engine = environment["DOCKER_HOST"]
    host, bind = _host(environment, engine, gateway), _bind(environment)
    shown = without_password(engine)
    if is_loopback(host):
        if bind is not None and not is_loopback(bind):
            raise InputError.of(
                f"{BIND}={bind} would publish a lab's ports to other machines, but clients reach those of the "
                f"engine at {shown} on this machine",
                f"unset {BIND}: it applies only to an engine whose ports clients reach on another machine",
            )
        return PublishedAt(ssh=engine) if _url(engine).scheme == SCHEME else HERE
    if bind is None:
        raise HostError(
            f"clients reach the engine at {shown} through {host}, but by default a lab's ports are published only on "
            "127.0.0.1 of its machine",
            f"set {BIND}={host if _is_ipv4(host) else 'ADDRESS'} to publish them on an address of that machine, or "
            f"{BIND}=0.0.0.0 for all its addresses; every machine that reaches it can then try to connect to the "
            f"brokers.\nsee: {reference('engines', 'On another machine')}",
        )
    return PublishedAt(host=host, bind=bind)


def is_loopback(host: str) -> bool:
    """Return whether a name or an address is a loopback one."""
    if host.lower() in _HERE:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(engine: str) -> bool:
    """Return whether an engine, by its DOCKER_HOST, is reached on this machine: by a socket, or a loopback address.

    Raise InputError if that is no URL.
    """
    url = _url(engine)
    return url.scheme not in (*_BY_TCP, SCHEME) or (url.scheme in _BY_TCP and is_loopback(url.hostname or LOOPBACK))


def misnamed(host: str) -> str:
    """Return an address of a host that is in no certificate; BrokerError if the host has none."""
    if host == LOOPBACK:
        return "0.0.0.0"
    try:
        return str(int(IPv4Address(socket.gethostbyname(host))))  # an address written as one number
    except OSError as error:
        raise BrokerError(f"{host} has no address: {error}", how="unreachable") from error


def refuse_shipped(passwords: Iterable[str], folder: Path | None = None) -> None:
    """Raise InputError if a password is public, since the shipped scenarios contain it."""
    texts = [file.read_text("utf-8") for file in sorted((folder or shipped("scenarios")).rglob("*.yaml"))]
    if any(password and password in text for password in passwords for text in texts):
        raise InputError.of(
            f"a user of this lab has a password that ships with mqlab, and {BIND} lets other machines try it",
            "write `password: generated`, or a password of your own",
        )


def _host(environment: Mapping[str, str], engine: str, gateway: Callable[[], str | None]) -> str:
    scheme = _url(engine).scheme
    if scheme == SCHEME:
        parse(engine)  # what it refuses
    if named := settings.HOST_OVERRIDE.get(environment):
        return _checked(named, f"{OVERRIDE}={named}")
    if scheme in _BY_TCP:
        return _checked(_url(engine).hostname or LOOPBACK, f"DOCKER_HOST={without_password(engine)}")
    return LOOPBACK if scheme == SCHEME else gateway() or LOOPBACK


def _url(engine: str) -> SplitResult:
    try:
        return urlsplit(engine)
    except ValueError as error:
        what = f"DOCKER_HOST={without_password(engine)} is not a URL: {no_url(engine, error)}"
        raise InputError.of(what, "such as tcp://HOST:2376") from None  # the error may have the password


def _checked(host: str, setting: str) -> str:
    if is_loopback(host) or _NAME.match(host):
        return host
    raise InputError.of(
        f"{setting}: {host!r} is neither a host name nor an IPv4 address",
        f"set the name at which clients reach the engine's ports: {OVERRIDE}=NAME",
    )


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _bind(environment: Mapping[str, str]) -> str | None:
    if not (text := settings.BIND.get(environment)):
        return None
    if not _is_ipv4(text):
        raise InputError.of(
            f"{BIND}={text!r} is not an IPv4 address", "write an address of the engine's machine, or 0.0.0.0"
        )
    return text
