"""The check before a running container moves from its networks to a host's place, and the commands to undo it. Pure.

Both are decided by the output of `docker inspect` for the container.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from lab.base.dataclass import dataclass
from lab.runtime.application.sockets import gives_a_socket

_RIGHTS = ("NET_ADMIN", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "ALL")
_LOGS = ("json-file", "local", "none", "journald", "k8s-file", "")  # drivers that send no log off the engine's machine
_EDGE = "mqlab: the resolver's edge"
SHOWS_RESOLVER = f'echo "{_EDGE}"; cat /etc/resolv.conf && echo "{_EDGE}"'  # a program of a shell
_DEFAULT_NETWORK = "bridge"  # the engine's own: it keeps no addresses and no other names


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One network that a container was on, with its settings there."""

    network: str  # its id
    name: str
    address: str = ""  # if it was asked for
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The networks and the resolver of a container before it was taken into a host's place."""

    container: str  # its id
    name: str
    endpoints: tuple[Endpoint, ...]
    resolver: str  # its /etc/resolv.conf

    def json(self) -> str:
        """Return the record as text."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Before:
        """Return the parsed JSON text; ValueError or KeyError if it is not one."""
        its = json.loads(text)
        endpoints = (
            Endpoint(**{**each, "aliases": tuple(each["aliases"]), "links": tuple(each["links"])})
            for each in its["endpoints"]
        )
        return cls(
            container=str(its["container"]),
            name=str(its["name"]),
            endpoints=tuple(endpoints),
            resolver=str(its["resolver"]),
        )


def why_not(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Yield every reason why a container cannot be taken into a host's place."""
    its, status = attributes["HostConfig"], attributes["State"]["Status"]
    mode = str(its.get("NetworkMode", ""))
    if (attributes["Config"].get("Labels") or {}).get("mqlab.run"):
        yield "it is a part of a lab"
    if status != "running":
        yield f"it is {status}, and only a running container can be moved"
    if mode in ("host", "none") or mode.startswith("container:"):
        yield f"its network mode is {mode}, and the engine gives such a container no other network"
    if its.get("Privileged"):
        yield "it is privileged: it could use every route of this machine"
    rights = [name for each in its.get("CapAdd") or () if (name := str(each).upper().removeprefix("CAP_")) in _RIGHTS]
    if rights:
        yield f"it has {' and '.join(rights)}: it could change its routes"
    for port, bindings in (its.get("PortBindings") or {}).items():
        if any(binding.get("HostIp") != "127.0.0.1" for binding in bindings or ()):
            yield f"its port {port} is published on more than 127.0.0.1"
    if (driver := str((its.get("LogConfig") or {}).get("Type", ""))) not in _LOGS:
        yield f"its log driver is {driver}, which may send the log to another machine"
    if its.get("PublishAllPorts"):
        yield "all its ports are published on every address"
    if any(gives_a_socket(str(mount.get("Source", ""))) for mount in attributes.get("Mounts") or ()):
        yield "it has the engine's socket: it could join any network"


def endpoints(attributes: Mapping[str, Any]) -> tuple[Endpoint, ...]:
    """Return the networks that a container is on."""
    short = str(attributes["Id"])[:12]
    return tuple(
        Endpoint(
            network=str(its["NetworkID"]),
            name=name,
            address=str((its.get("IPAMConfig") or {}).get("IPv4Address") or ""),
            aliases=tuple(each for each in its.get("Aliases") or () if each != short),
            links=tuple(its.get("Links") or ()),
        )
        for name, its in attributes["NetworkSettings"]["Networks"].items()
    )


def connecting(endpoint: Endpoint) -> dict[str, Any]:
    """Return the arguments of the engine's library that connect a container to its earlier network."""
    if endpoint.name == _DEFAULT_NETWORK:
        return {}
    wanted: Mapping[str, Any] = {
        "ipv4_address": endpoint.address,
        "aliases": list(endpoint.aliases),
        "links": [tuple(each.split(":", 1)) for each in endpoint.links],
    }
    return {key: value for key, value in wanted.items() if value}


def resolver_in(output: str) -> str | None:
    """Return the resolver in the output of SHOWS_RESOLVER; None if the output is incomplete."""
    _, _, rest = output.partition(f"{_EDGE}\n")
    text, edge, _ = rest.rpartition(_EDGE)
    return text if edge else None


def with_names(names: Mapping[str, str], run: str) -> str:
    """Return a program of a shell that writes the lab's names, and no name server, into a container's files."""
    lines = "".join(f"{address} {name} # mqlab {run}\n" for name, address in names.items())
    return f"set -e; printf '%s' '{lines}' >>/etc/hosts; echo 'nameserver 127.0.0.1' >/etc/resolv.conf"


def without_names(run: str, resolver: str) -> str:
    """Return a shell program that undoes `with_names`, and removes the trusted certificates."""
    text = resolver.replace("'", "'\\''")
    return (
        f"kept=$(grep -v '# mqlab {run}$' /etc/hosts); printf '%s\\n' \"$kept\" >/etc/hosts; "
        f"printf '%s' '{text}' >/etc/resolv.conf; "
        "rm -f /etc/mqlab/ca.pem /etc/mqlab/truststore.p12; rmdir /etc/mqlab 2>/dev/null; true"
    )
