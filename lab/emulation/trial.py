"""A tiny lab without brokers: two networks, a host in each, a router with a link between them, a published port.

An engine's settings do not show whether these work, so the lab tries them, and removes all of them again.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from tempfile import TemporaryDirectory

from docker.models.containers import Container

import docker
from lab.emulation import check_names
from lab.emulation.engine import labels, removal
from lab.emulation.engine.commands import run_inside
from lab.emulation.engine.containers import Order
from lab.emulation.engine.engine import ENGINE_TROUBLE, in_words
from lab.emulation.network import networks
from lab.emulation.network.attempts import from_container
from lab.emulation.network.forwards import Forwards
from lab.emulation.network.networks import LabNetwork
from lab.emulation.network.own_addresses import NO_LEAD, OwnAddresses, connects, why_elsewhere
from lab.emulation.network.ports import FIRST_PUBLISHED, free_ports
from lab.emulation.network.published_at import PublishedAt
from lab.emulation.network.router import Published, Router, start_router
from lab.emulation.network.subnets import default_routes
from lab.emulation.watch import readiness
from lab.errors import LabError
from lab.network.link import Direction
from lab.plan.values import DECLARED, LinkPlan
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from lab.runtime.runtime import Finding
from lab.runtime.state_file import new_run_id

_PORT = 61617
_CONNECTION_SECONDS = 10.0  # seconds for a connection: the machine may be busy
_ECHO = f"""
import socket, threading
def talk(c):
    while data := c.recv(100): c.sendall(data)
with socket.create_server(("", {_PORT})) as s:
    while True: threading.Thread(target=talk, args=(s.accept()[0],), daemon=True).start()
"""
_BEFORE = "an earlier check failed"
_LOCAL = "use --endpoints local, which describes brokers by ports of localhost"
_REMEDIES = {
    check_names.NETWORKS: "end a lab (mqlab down), remove leftovers (mqlab sweep), or set MQLAB_POOL to another block",
    check_names.ROUTER: (
        "modprobe tun, or chmod o+rw /dev/net/tun where a rootless engine may not open it   "
        "(where the engine runs; the router needs that device and NET_ADMIN)"
    ),
    check_names.ROUTE: "use a Docker engine, 20.10 or newer, that keeps a network's DefaultGatewayIPv4",
    check_names.LINK: "try again later: the machine is too busy, or too slow, for packets to be on time",
    check_names.FORWARDING: "check the firewall of the engine's machine, which drops packets between its bridges: "
    "iptables -S FORWARD, nft list ruleset",
    check_names.PORTS: "check whether the engine's userland proxy is off, or a firewall is in between; "
    "if the engine is on another machine, whether MQLAB_BIND leads there",
}


class _Trial:
    """The parts of the tiny lab that exist so far."""

    def __init__(
        self,
        client: docker.DockerClient,
        image: str,
        pool: IPv4Network,
        at: PublishedAt,
        clock: RealClock,
        environment: Mapping[str, str],
    ) -> None:
        self._environment = environment
        self.client, self.image, self.pool, self.at, self.clock = client, image, pool, at, clock
        self.run = new_run_id()
        self._labels = labels.of_lab(self.run, Owner.current(), detached=False)
        self._networks: dict[str, LabNetwork] = {}
        self._hosts: dict[str, Container] = {}

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Return each step's name and function; the function returns its finding and raises LabError on failure."""
        does = (self._claim, self._route, self._look_at_route, self._measure, self._forward, self._call)
        return zip(check_names.TRIED, does, strict=True)

    def _claim(self) -> str:
        names = ["a", "b"]
        made = networks.claim(self.client, self.run, names, self.pool, self._labels, random.Random(self.run))
        self._networks = {each.region: each for each in made}
        return ", ".join(str(each.subnet.network) for each in made)

    def _route(self) -> str:
        self._hosts = {name: self._host(self._networks[name]) for name in ("a", "b")}
        (port,) = free_ports(1, (), probe=self.at.on_loopback)
        address = str(self._networks["b"].subnet.broker(0))
        self._published = Published(
            bind=self.at.bind, host_port=port, router_port=FIRST_PUBLISHED, address=address, broker_port=_PORT
        )
        ends = Direction(leaving="a", reaching="b"), Direction(leaving="b", reaching="a")
        self._link = LinkPlan(name="a-b", directions=ends, source=DECLARED)
        its = start_router(
            self.client,
            self.image,
            self.run,
            tuple(self._networks.values()),
            (self._published,),
            (self._link,),
            0,
            None,
            self._labels,
            Order(),
        )
        readiness.for_router(self.client, its, self.clock)
        self._router = Router(self.client, its, self.clock)
        return "ready"

    def _look_at_route(self) -> str:
        its, gateway = self._hosts["a"], self._networks["a"].subnet.gateway
        _, table = run_inside(self.client.containers.get(str(its.id)), ["cat", "/proc/net/route"], self.clock)
        if (found := default_routes(table)) != (gateway,):
            raise readiness.wrong_way_out("a", found, gateway)
        return "the router's"

    def _measure(self) -> str:
        return readiness.for_link(self._router, self._link, self.clock)

    def _forward(self) -> str:
        found = from_container(self._hosts["a"], self._published.address, _PORT, _CONNECTION_SECONDS, self.clock)
        if found.answer != "open":
            raise LabError(f"a connection from one network to the other is {found.answer}")
        return f"a connection opened in {found.took * 1000:.0f} ms"

    def _call(self) -> str:
        if not self.at.ssh:
            return self._talk()
        with (
            TemporaryDirectory() as folder,
            Forwards(self.at.ssh, self._environment, self.run, Path(folder), staying=False) as forwards,
        ):
            forwards.open([self._published.host_port])
            return f"{self._talk()}, forwarded over ssh"

    def _talk(self) -> str:
        where = f"{self.at.host}:{self._published.host_port}"
        begun = self.clock.now()
        try:
            with socket.create_connection((self.at.host, self._published.host_port), _CONNECTION_SECONDS) as calling:
                calling.sendall(b"here")
                heard = calling.recv(100)
        except OSError as error:
            raise LabError(f"{where}, a port of the trial's host: {error}") from error
        if heard != b"here":
            raise LabError(
                f"{where} answered, but not with the expected bytes: the port does not lead to the trial's host"
            )
        return f"{where} answered in {(self.clock.now() - begun) * 1000:.0f} ms"

    def own_address(self) -> Finding:
        """Return the finding on an address of this machine that has a port of AWS."""
        if why := why_elsewhere(self.at):
            return Finding(what=check_names.AWS_PORTS, ok=None, found=why, remedy=_LOCAL)
        with TemporaryDirectory() as folder, closing(OwnAddresses(["trial"], Path(folder), tuple)) as own:
            own.choose()
            try:
                if own.of:
                    self._host(self._networks["a"], 1, own.of["trial"])
            except ENGINE_TROUBLE as error:
                own.give_up(in_words(error).what)
            if not own.of:
                return Finding(what=check_names.AWS_PORTS, ok=None, found=own.why_none, remedy=_LOCAL)
            where = own.of["trial"], _PORT
            if not self.clock.wait(lambda: connects(*where), _CONNECTION_SECONDS):
                return Finding(what=check_names.AWS_PORTS, ok=None, found=NO_LEAD.format(where[0]), remedy=_LOCAL)
            return Finding(what=check_names.AWS_PORTS, ok=True, found=f"{where[0]}:{where[1]} answers")

    def _host(self, network: LabNetwork, place: int = 0, own_address: str = "") -> Container:
        address = str(network.subnet.broker(place))
        attached = {network.name: self.client.api.create_endpoint_config(ipv4_address=address)}
        its = self.client.containers.create(
            self.image,
            ["python3", "-c", _ECHO],
            name=f"mqlab-{self.run}-{network.region}{place or ''}",
            network=network.name,
            networking_config=attached,
            labels={**self._labels, labels.ROLE: "trial"},
            cap_drop=["ALL"],
            init=True,
            mem_limit=64 * 2**20,
            ports={f"{_PORT}/tcp": (own_address, _PORT)} if own_address else {},
        )
        its.start()
        return its


def try_out(
    client: docker.DockerClient, image: str, pool: IPv4Network, at: PublishedAt, environment: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Return a finding for each of `check_names.TRIED`, unknown after the first failure; leave nothing behind."""
    clock = RealClock()
    trial = _Trial(client, image, pool, at, clock, environment)
    findings: list[Finding] = []
    with _cleared(client, trial.run, clock):
        for what, step in trial.steps():
            try:
                findings.append(Finding(what=what, ok=True, found=step()))
            except (LabError, *ENGINE_TROUBLE) as error:
                its = error if isinstance(error, LabError) else in_words(error)
                findings.append(Finding(what=what, ok=False, found=its.what, remedy=_REMEDIES[what]))
                break
        is_whole = len(findings) == len(check_names.TRIED) and findings[-1].ok
        own = trial.own_address() if is_whole else _untried_own(_BEFORE)
    return (*findings, *untried(_BEFORE, but=len(findings))[:-1], own)


def untried(why: str, but: int = 0) -> tuple[Finding, ...]:
    """Return findings "unknown" for the steps after the first `but`, which were not tried."""
    rest = tuple(Finding(what=what, ok=None, found=f"not tried: {why}") for what in check_names.TRIED[but:])
    return (*rest, _untried_own(why))


def _untried_own(why: str) -> Finding:
    return Finding(what=check_names.AWS_PORTS, ok=None, found=f"not tried: {why}")


@contextmanager
def _cleared(client: docker.DockerClient, run: str, clock: RealClock) -> Iterator[None]:
    try:
        yield
    finally:
        removal.remove(client, run, clock)
