"""Where published ports are reached and what they are bound to: from the environment, or a refusal."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab.check.scenarios import plan_named
from lab.emulation.brokers.credentials import certified
from lab.emulation.network.ports import Ports
from lab.emulation.network.published_at import HERE, PublishedAt, is_local, misnamed, published_at, refuse_shipped
from lab.emulation.runtime import Emulation
from lab.errors import BrokerError, HostError, InputError, LabError
from lab.runtime.progress import Logged

SOCKET = "unix:///var/run/docker.sock"
DIND = "tcp://docker:2376"
SSH = "ssh://lab@east"


def there(host: str, bind: str) -> PublishedAt:
    return PublishedAt(host=host, bind=bind)


@pytest.mark.parametrize(
    ("engine", "more", "gateway", "expected"),
    [
        (SOCKET, {}, None, HERE),
        ("npipe:////./pipe/docker_engine", {}, None, HERE),
        ("tcp://127.0.0.1:2375", {}, None, HERE),
        ("tcp://localhost:2375", {}, None, HERE),
        ("tcp://[::1]:2375", {}, None, HERE),
        ("tcp://:2375", {}, None, HERE),
        (SOCKET, {"MQLAB_BIND": "127.0.0.1"}, None, HERE),
        (SOCKET, {"MQLAB_BIND": ""}, None, HERE),
        (DIND, {"MQLAB_BIND": "0.0.0.0"}, None, there("docker", "0.0.0.0")),
        ("tcp://10.9.8.7:2376", {"MQLAB_BIND": "10.9.8.7"}, None, there("10.9.8.7", "10.9.8.7")),
        ("https://docker.example:2376", {"MQLAB_BIND": "192.0.2.1"}, None, there("docker.example", "192.0.2.1")),
        (SOCKET, {"MQLAB_BIND": "172.17.0.1"}, "172.17.0.1", there("172.17.0.1", "172.17.0.1")),
        # Docker Desktop: a name that leads to the loopback address of its host
        (
            SOCKET,
            {"TESTCONTAINERS_HOST_OVERRIDE": "host.docker.internal", "MQLAB_BIND": "127.0.0.1"},
            "172.17.0.1",
            there("host.docker.internal", "127.0.0.1"),
        ),
        (DIND, {"TESTCONTAINERS_HOST_OVERRIDE": "ci-host", "MQLAB_BIND": "0.0.0.0"}, None, there("ci-host", "0.0.0.0")),
        (SSH, {}, None, over_ssh := PublishedAt(ssh=SSH)),
        (SSH, {"TESTCONTAINERS_HOST_OVERRIDE": "localhost", "MQLAB_BIND": "127.0.0.1"}, "172.17.0.1", over_ssh),
        (SSH, {"TESTCONTAINERS_HOST_OVERRIDE": "east", "MQLAB_BIND": "0.0.0.0"}, None, there("east", "0.0.0.0")),
        # a tunnel of one's own
        (DIND, {"TESTCONTAINERS_HOST_OVERRIDE": "localhost"}, None, HERE),
    ],
)
def test_the_decision(engine: str, more: dict[str, str], gateway: str | None, expected: PublishedAt) -> None:
    assert published_at({"DOCKER_HOST": engine, **more}, lambda: gateway) == expected


@pytest.mark.parametrize(
    ("engine", "more", "gateway", "kind", "words"),
    [
        (DIND, {}, None, HostError, "the engine at tcp://docker:2376 through docker.*MQLAB_BIND=0.0.0.0"),
        (SOCKET, {}, "172.17.0.1", HostError, "through 172.17.0.1.*MQLAB_BIND=172.17.0.1 to publish"),
        (SOCKET, {"TESTCONTAINERS_HOST_OVERRIDE": "ci-host"}, None, HostError, "through ci-host.*MQLAB_BIND"),
        (SOCKET, {"MQLAB_BIND": "0.0.0.0"}, None, InputError, "MQLAB_BIND=0.0.0.0 would publish .*unset MQLAB_BIND"),
        ("tcp://127.0.0.1:2375", {"MQLAB_BIND": "10.0.0.1"}, None, InputError, "MQLAB_BIND=10.0.0.1 would publish"),
        (DIND, {"MQLAB_BIND": "all"}, None, InputError, "MQLAB_BIND='all' is not an IPv4 address"),
        (DIND, {"MQLAB_BIND": "::"}, None, InputError, "MQLAB_BIND='::' is not an IPv4 address"),
        (
            "tcp://[fd00::5]:2376",
            {"MQLAB_BIND": "0.0.0.0"},
            None,
            InputError,
            "'fd00::5' is neither a host name nor an IPv4",
        ),
        (SOCKET, {"TESTCONTAINERS_HOST_OVERRIDE": "a b"}, None, InputError, "OVERRIDE=a b: 'a b' is neither"),
        ("tcp://[fd00::5", {}, None, InputError, r"DOCKER_HOST=tcp://\[fd00::5 is not a URL: Invalid IPv6"),
        ("ssh://lab@east", {"MQLAB_BIND": "0.0.0.0"}, None, InputError, "MQLAB_BIND=0.0.0.0 would publish"),
        ("ssh://lab:pass@east", {}, None, InputError, "it contains a password"),
    ],
)
def test_what_would_not_be_reached_or_would_be_open_to_others_unasked_is_refused(
    engine: str, more: dict[str, str], gateway: str | None, kind: type[LabError], words: str
) -> None:
    with pytest.raises(kind, match=f"(?s){words}"):
        published_at({"DOCKER_HOST": engine, **more}, lambda: gateway)


def test_a_socket_alone_makes_anybody_ask_for_a_gateway() -> None:
    def asked() -> str:
        raise AssertionError("an engine was asked that need not be")

    published_at({"DOCKER_HOST": "tcp://127.0.0.1:2375"}, asked)
    published_at({"DOCKER_HOST": DIND, "MQLAB_BIND": "0.0.0.0"}, asked)


def test_an_engine_is_local_by_its_socket_or_a_loopback_address() -> None:
    local = (SOCKET, "npipe:////./pipe/docker_engine", "tcp://127.0.0.1:2375", "tcp://localhost:2375", "tcp://[::1]:1")
    assert all(map(is_local, local))
    assert not any(map(is_local, (DIND, "https://docker:2376", "ssh://lab@east", "ssh://localhost")))


def test_who_else_reaches_the_ports_is_said() -> None:
    assert HERE.warning == there("host.docker.internal", "127.0.0.1").warning == ""
    assert "every address of the engine's machine" in there("docker", "0.0.0.0").warning
    assert "on 10.9.8.7 of the engine's machine" in there("docker", "10.9.8.7").warning


def test_ports_over_ssh_are_loopback_on_both_machines_and_have_to_be_free_on_both() -> None:
    at = PublishedAt(ssh=SSH)
    assert (at.host, at.bind, at.warning) == ("127.0.0.1", "127.0.0.1", "")
    assert at.on_loopback and not at.here  # its memory and its clock are another machine's
    its = plan_named("tokyo-singapore", {}).plan.brokers[0].instances
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        fixed = plan_named("tokyo-singapore", {}, port_base=port).plan.brokers[0].instances
        with pytest.raises(HostError, match=f"port {port} of 127.0.0.1"):
            Ports(fixed, at=at)
    ports = Ports(its, at=at)
    assert {each.host_port for each in ports.published(lambda _: "10.213.0.10")} == set(ports.outside)


def test_an_opening_refuses_before_it_connects() -> None:
    plan = plan_named("tokyo-singapore", {}).plan
    with Emulation({"DOCKER_HOST": "tcp://192.0.2.1:2376"}) as runtime, pytest.raises(HostError, match="MQLAB_BIND"):
        runtime.prepare(plan, Logged())


def test_ports_elsewhere_are_bound_there_and_need_not_be_free_here() -> None:
    plan = plan_named("tokyo-singapore", {}).plan
    instances = [its for broker in plan.brokers for its in broker.instances]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        its = plan_named("tokyo-singapore", {}, port_base=port).plan.brokers[0].instances
        ports = Ports(its, at=there("docker", "10.9.8.7"))
        assert port in ports.named(its[0]).values()
        with pytest.raises(HostError, match=f"port {port} of 127.0.0.1"):
            Ports(its)
    published = Ports(instances, at=there("docker", "10.9.8.7")).published(lambda _: "10.213.0.10")
    assert {each.bind for each in published} == {"10.9.8.7"}
    assert len({each.host_port for each in published}) == len(published)


def test_a_certificate_names_the_host_as_what_it_is() -> None:
    broker = plan_named("tokyo-singapore", {}).plan.brokers[0]
    names, addresses = certified(broker, ["10.213.0.10"], "docker")
    assert (names[-1], addresses[-1]) == ("docker", IPv4Address("10.213.0.10"))
    names, addresses = certified(broker, ["10.213.0.10"], "10.9.8.7")
    assert names[-1] == broker.name
    assert addresses[-2:] == [IPv4Address("10.213.0.10"), IPv4Address("10.9.8.7")]


def test_a_name_in_no_certificate_leads_to_the_same_host() -> None:
    assert misnamed("127.0.0.1") == "0.0.0.0"
    wrong = misnamed("127.0.0.2")
    with socket.create_server(("127.0.0.2", 0)) as server, socket.create_connection((wrong, server.getsockname()[1])):
        pass
    with pytest.raises(BrokerError, match=r"no\.such\.host\.invalid has no address"):
        misnamed("no.such.host.invalid")


@pytest.mark.parametrize(
    "engine", ["ssh://lab:s3cret@[fd00::5", "tcp://lab:s3cret@[2376", "tcp://lab:s3cret@\u2100.com"]
)
def test_a_password_of_an_engine_is_not_shown(engine: str) -> None:
    with pytest.raises(InputError) as refused:
        published_at({"DOCKER_HOST": engine})
    assert "lab:…@" in str(refused.value) and "s3cret" not in str(refused.value)


@pytest.mark.parametrize("engine", ["tcp://lab:s3cret@east:2376", "tcp://lab:s3cret@e+st:2376"])
def test_nor_is_one_of_an_engine_that_a_lab_is_not_opened_on(engine: str) -> None:
    with pytest.raises(LabError) as refused:
        published_at({"DOCKER_HOST": engine})
    assert "lab:…@" in str(refused.value) and "s3cret" not in str(refused.value)


def test_a_password_that_ships_is_refused_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one.yaml").write_text("users: {app: {password: over-the-ocean-1858}}")
    refuse_shipped(["of-nobody-else-7"], tmp_path)
    with pytest.raises(InputError, match="a password that ships with mqlab"):
        refuse_shipped(["of-nobody-else-7", "over-the-ocean-1858"], tmp_path)


def test_of_the_shipped_scenarios_those_with_passwords_of_their_own_are_taken() -> None:
    passwords = {
        name: [
            word.get_secret_value()
            for of_users in plan_named(name, {}).scenario.topology.passwords().values()
            for word in of_users.values()
        ]
        for name in ("tokyo-singapore", "wrong-password")
    }
    refuse_shipped(passwords["tokyo-singapore"])
    with pytest.raises(InputError):
        refuse_shipped(passwords["wrong-password"])
