"""Which running containers may be taken into a host's place, and what is kept of those that are."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab.runtime.application.attachment import (
    SHOWS_RESOLVER,
    Before,
    Endpoint,
    connecting,
    endpoints,
    resolver_in,
    why_not,
    with_names,
    without_names,
)

ID = "0123456789ab" + 52 * "c"


def attributes(status: str = "running", *, labels: Any = None, mounts: Any = (), **its: Any) -> dict[str, Any]:
    return {
        "Id": ID,
        "State": {"Status": status},
        "Config": {"Labels": labels},
        "HostConfig": {"NetworkMode": "default", **its},
        "Mounts": list(mounts),
        "NetworkSettings": {
            "Networks": {
                "bridge": {"NetworkID": "n1", "IPAMConfig": None, "Aliases": None, "Links": None},
                "mine": {
                    "NetworkID": "n2",
                    "IPAMConfig": {"IPv4Address": "172.20.0.5"},
                    "Aliases": ["app", ID[:12]],
                    "Links": ["db:database"],
                },
            }
        },
    }


def test_a_usual_container_may_be_moved() -> None:
    binding = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}], "81/tcp": None}
    assert (
        list(
            why_not(
                attributes(PortBindings=binding, CapAdd=["CAP_CHOWN"], labels={"a": "b"}, LogConfig={"Type": "local"})
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("its", "reason"),
    [
        ({"status": "exited"}, "it is exited, and only a running container"),
        ({"status": "paused"}, "it is paused, and only a running container"),
        ({"labels": {"mqlab.run": "x"}}, "a part of a lab"),
        ({"NetworkMode": "host"}, "its network mode is host"),
        ({"NetworkMode": "none"}, "its network mode is none"),
        ({"NetworkMode": f"container:{ID}"}, "its network mode is container:"),
        ({"Privileged": True}, "privileged"),
        ({"CapAdd": ["CAP_NET_ADMIN", "SYS_ADMIN"]}, "it has NET_ADMIN and SYS_ADMIN"),
        ({"CapAdd": ["ALL"]}, "it has ALL"),
        ({"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}}, "its port 80/tcp is published"),
        ({"PortBindings": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "80"}]}}, "its port 80/tcp is published"),
        ({"PublishAllPorts": True}, "all its ports are published"),
        ({"LogConfig": {"Type": "syslog", "Config": {}}}, "its log driver is syslog"),
        ({"CapAdd": ["net_admin"]}, "it has NET_ADMIN"),
        ({"mounts": [{"Source": "/run/docker.sock"}]}, "the engine's socket"),
        ({"mounts": [{"Source": "/data"}, {"Source": "/var/run"}]}, "the engine's socket"),
    ],
)
def test_what_would_have_another_way_is_refused(its: dict[str, Any], reason: str) -> None:
    (found,) = why_not(attributes(**its))
    assert reason in found


def test_every_reason_is_told() -> None:
    assert len(list(why_not(attributes("exited", Privileged=True, CapAdd=["ALL"], NetworkMode="host")))) == 4


def test_what_was_before_is_kept_as_text() -> None:
    its = endpoints(attributes())
    assert its == (
        Endpoint(network="n1", name="bridge"),
        Endpoint(network="n2", name="mine", address="172.20.0.5", aliases=("app",), links=("db:database",)),
    )
    before = Before(container=ID, name="app", endpoints=its, resolver="nameserver 10.0.0.2\n")
    assert Before.of(before.json()) == before
    assert [connecting(each) for each in its] == [
        {},
        {"ipv4_address": "172.20.0.5", "aliases": ["app"], "links": [("db", "database")]},
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"container": 1, "endpoints": [1]}'])
def test_another_text_is_none(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Before.of(text)


@pytest.mark.parametrize("text", ["nameserver 10.0.0.2\n", "\n# mine\noptions ndots:0", ""])
def test_a_resolver_is_read_whole_or_not_at_all(tmp_path: Path, text: str) -> None:
    (tmp_path / "resolv.conf").write_text(text)
    program = SHOWS_RESOLVER.replace("/etc/", f"{tmp_path}/")
    said = subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=True).stdout
    assert resolver_in(said) == text
    assert resolver_in(said.strip()) == resolver_in(said), "as the lab reads what a command says"
    first, *_ = said.splitlines()
    for part in ("", first, f"{first}\nnameserver 10.0.0.2\n"):
        assert resolver_in(part) is None
    assert resolver_in(f"{first}\n{first}") == ""


def test_a_shell_is_told_words_and_no_more() -> None:
    assert "10.213.1.10 b-1 # mqlab run-1\n" in with_names({"b-1": "10.213.1.10"}, "run-1")
    assert "'nameserver '\\''; reboot'" in without_names("run-1", "nameserver '; reboot")
