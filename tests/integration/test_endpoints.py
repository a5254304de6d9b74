"""What a client of Amazon MQ finds at the published ports, and what the console shows of the bridge."""

from __future__ import annotations

import re
import socket
import ssl
from ipaddress import IPv4Address, IPv4Network

import httpx
import pytest

from lab.activemq.protocols import ENDPOINTS
from tests.integration.labs import Standing, eventually, output_of

pytestmark = pytest.mark.docker


def console(lab: Standing, broker: str, user: str = "testuser", password: str | None = None) -> httpx.Client:
    return httpx.Client(
        base_url=f"https://localhost:{lab.lab.state.brokers[broker].first.ports['console']}",
        verify=ssl.create_default_context(cafile=lab.lab.state.ca_file),
        auth=(user, lab.password(broker, user) if password is None else password),
        timeout=30,
        trust_env=False,
    )


def rows(page: str, title: str) -> list[list[str]]:
    """Return the cells of the table under a heading of a console page."""
    table = page.partition(f"<h2>{title}</h2>")[2].partition("</table>")[0]
    found = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in table.split("<tr")]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in found if row]


@pytest.mark.parametrize("broker", ["tokyo", "singapore"])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.name)
def test_every_endpoint_shows_a_certificate_of_the_lab(article_lab: Standing, broker: str, endpoint: object) -> None:
    port = article_lab.lab.state.brokers[broker].first.ports[endpoint.name]  # type: ignore[attr-defined]
    context = ssl.create_default_context(cafile=article_lab.lab.state.ca_file)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    for name in ("localhost", "127.0.0.1", article_lab.plan.broker(broker).host_name):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_a_certificate_is_good_for_no_other_name_and_no_other_lab(article_lab: Standing, shores_lab: Standing) -> None:
    port = article_lab.lab.state.brokers["tokyo"].first.ports["openwire"]
    for trusted, name in (
        (article_lab, article_lab.plan.broker("singapore").host_name),
        (shores_lab, "localhost"),
    ):
        context = ssl.create_default_context(cafile=trusted.lab.state.ca_file)
        with (
            socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname=name)


def test_ports_are_published_on_the_loopback_address_and_by_the_router_alone(article_lab: Standing) -> None:
    state = article_lab.lab.state
    promised = {port for its in state.instances for port in (*its.ports.values(), its.management_port)}
    published = article_lab.router.attrs["NetworkSettings"]["Ports"]
    bound = [binding for bindings in published.values() for binding in bindings or ()]
    assert {binding["HostIp"] for binding in bound} == {"127.0.0.1"}
    assert {int(binding["HostPort"]) for binding in bound} == promised
    assert len(promised) == len(bound) == 14
    for name in state.brokers:
        container = article_lab.broker(name)
        assert not any(container.attrs["NetworkSettings"]["Ports"].values())
        assert not container.attrs["HostConfig"]["PortBindings"]


ENDS = [("tokyo", "singapore", False), ("singapore", "tokyo", True)]


@pytest.mark.parametrize(("broker", "other", "by_duplex"), ENDS)
def test_the_console_shows_the_bridge(article_lab: Standing, broker: str, other: str, by_duplex: bool) -> None:
    address = article_lab.lab.state.brokers[other].first.address
    with console(article_lab, broker) as browser:
        connections, network = browser.get("/admin/connections.jsp"), browser.get("/admin/network.jsp")
    assert (connections.status_code, network.status_code) == (200, 200)
    (bridge,) = rows(network.text, "Network Bridges")
    remote, remote_address, created_by_duplex = bridge[:3]
    assert (remote, created_by_duplex) == (other, str(by_duplex).lower())
    # Tokyo called Singapore's OpenWire port; Singapore sees the port that Tokyo called from.
    where = rf"tcp://{re.escape(address)}:{r'(?!61617)[0-9]+' if by_duplex else '61617'}"
    assert re.fullmatch(where, remote_address)
    assert [row[0] for row in rows(connections.text, "Network Connectors")] == (
        ["connector_tokyo_to_singapore"] if broker == "tokyo" else []
    )


def test_the_console_asks_who_is_there(article_lab: Standing) -> None:
    with console(article_lab, "tokyo", password="not the password") as browser:
        assert browser.get("/admin/network.jsp").status_code == 401
        assert browser.get("/admin/network.jsp", auth=None).status_code == 401


def test_the_bridge_has_one_end_at_each_broker(article_lab: Standing) -> None:
    initiator, responder = sorted(article_lab.lab.management.bridges(), key=lambda end: end.created_by_duplex)
    assert (initiator.broker, initiator.remote, initiator.created_by_duplex) == ("tokyo", "singapore", False)
    assert (responder.broker, responder.remote, responder.created_by_duplex) == ("singapore", "tokyo", True)
    assert initiator.remote_address.endswith(":61617")
    assert initiator.connector == responder.connector == "connector_tokyo_to_singapore"


def test_docker_calls_the_brokers_healthy(article_lab: Standing) -> None:
    def health(name: str) -> str:
        return str(article_lab.broker(name).attrs["State"]["Health"]["Status"])

    for name in article_lab.lab.state.brokers:
        assert eventually(lambda name=name: health(name) == "healthy", 120), health(name)  # type: ignore[misc]


def callers(lab: Standing, broker: str, port: int) -> set[IPv4Address]:
    """Return from where connections to a port of a broker come, as its kernel has it."""
    output = output_of(lab.broker(broker), "cat", "/proc/net/tcp", "/proc/net/tcp6")
    lines = [line.split() for line in output.splitlines()]
    opened = [each[2] for each in lines if each[1].endswith(f":{port:04X}") and each[3] == "01"]
    return {IPv4Address(int.from_bytes(bytes.fromhex(each.partition(":")[0][-8:]), "little")) for each in opened}


def test_a_broker_answers_a_client_through_the_router_whose_address_is_all_it_sees(article_lab: Standing) -> None:
    """The host has an address on each bridge: answers to it would pass by the router, where Docker has no proxy."""
    its = article_lab.lab.state.brokers["tokyo"].first
    (region,) = (each.region for each in article_lab.plan.brokers if each.name == "tokyo")
    router = IPv4Network(article_lab.lab.state.networks[region])[2]
    context = ssl.create_default_context(cafile=article_lab.lab.state.ca_file)
    with (
        socket.create_connection(("127.0.0.1", its.ports["mqtt"]), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="localhost"),
    ):
        assert callers(article_lab, "tokyo", 8883) == {router}
