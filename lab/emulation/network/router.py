"""The router of one lab: the container on all its networks, the file it starts from, and the requests to it.

The programs that handle packets are in docker/router/.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import docker.errors
from docker.types import Mount

import docker
from lab.activemq.protocols import JOLOKIA_PORT
from lab.base.dataclass import dataclass
from lab.emulation.engine import labels
from lab.emulation.engine.commands import run_inside
from lab.emulation.engine.containers import BOUNDED_LOG, Attachment, File, Order, start
from lab.emulation.network.networks import LabNetwork
from lab.emulation.network.published_at import is_loopback
from lab.emulation.network.relay import Relay, why_silent
from lab.errors import HostError
from lab.link.impairment import Impairment, LinkState, Setting, read_setting
from lab.network.vpc import INTERNET
from lab.plan.values import LinkPlan
from lab.runtime.clock import Clock, RealClock

CONFIGURATION = "/etc/mqlab/router.json"
READY = "router ready"
ROUTER_MEMORY = 128 * 2**20
_PROBE_SECONDS = 60.0  # seconds that the probes of a link take at most
LINK_MEMORY = 160 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A port of a broker that the engine's machine leads to it through the router."""

    bind: str  # the address of that machine
    host_port: int
    router_port: int
    address: str  # the broker's
    broker_port: int
    own_address: str = ""  # of the engine's machine, at which the broker's port leads to it too; "" for none


def moment(stamp: int, asked: float, clock: RealClock) -> float:
    """Return a moment of the router, in ns of its monotonic clock, as seconds of the lab's clock.

    The router shares this kernel's monotonic clock, unless the engine runs in a virtual machine of its own: a moment
    that is not between `asked`, the moment of the request, and now is replaced by now.
    """
    t, now = stamp / 1e9 - clock.origin, clock.now()
    return t if asked <= t <= now else now


def configuration(
    networks: Sequence[LabNetwork],
    published: Sequence[Published],
    links: Sequence[LinkPlan],
    seed: int,
    policy: Mapping[str, Any] | None = None,
    *,
    callers: str = "host",
) -> dict[str, Any]:
    """Return the configuration that the router starts from, as docker/router/README.md describes it."""
    return {
        "version": 1,
        "networks": [
            {
                "name": network.region,
                "address": f"{network.subnet.router}/{network.subnet.network.prefixlen}",
                "gateway": str(network.subnet.gateway),
                "kind": INTERNET if network.region == INTERNET else "region",
            }
            for network in networks
        ],
        "published": [{"port": port.router_port, "to": f"{port.address}:{port.broker_port}"} for port in published],
        "links": [
            {
                "name": link.name,
                "between": [direction.leaving for direction in link.directions],
                "directions": {direction.leaving: direction.setting.json() for direction in link.directions},
                "seed": seed,
            }
            for link in links
        ],
        "management_port": JOLOKIA_PORT,
        "callers": callers,
        "policy": policy,
    }


def _places(port: Published) -> Sequence[tuple[str, int]]:
    own = [(port.own_address, port.broker_port)] if port.own_address else []
    return [(port.bind, port.host_port), *own]


def group_of_router(client: docker.DockerClient) -> str:
    """Return the control group in which the engine is to make the router's; "" for the engine's choice.

    `--cpu-shares` weighs a container against others in its group. The engine's group of all containers weighs as much
    as one process of the machine: in there packets wait, tens of ms, while brokers and other processes use every core.
    An engine without cgroupfs leaves groups to systemd, which names them in another way.
    """
    return "/" if client.info().get("CgroupDriver") == "cgroupfs" else ""


def start_router(
    client: docker.DockerClient,
    image: str,
    run: str,
    networks: Sequence[LabNetwork],
    published: Sequence[Published],
    links: Sequence[LinkPlan],
    seed: int,
    policy: Mapping[str, Any] | None,
    lab_labels: Mapping[str, str],
    order: Order,
) -> str:
    """Start the router and return its container's id; it is not ready yet."""
    # Beyond its machine, the engine hands a caller's own address on; from there, its proxy's or the bridge's.
    anywhere = any(not is_loopback(port.bind) for port in published)
    callers = "anywhere" if anywhere else "host"
    text = json.dumps(configuration(networks, published, links, seed, policy, callers=callers))
    return start(
        client,
        image=image,
        name=labels.opening_name(run, lab_labels),
        endpoints=[
            Attachment(network=network.name, address=str(network.subnet.router))
            # Joined first, the internet keeps the published ports; joined later, the engine would move them all to it.
            for network in sorted(networks, key=lambda network: network.region != INTERNET)
        ],
        files=[File(path=CONFIGURATION, content=text.encode())],
        ports={port.router_port: _places(port) for port in published},
        labels={**lab_labels, labels.ROLE: "router"},
        options={
            "init": True,
            "hostname": "router",
            "cap_drop": ["ALL"],
            "cap_add": ["NET_ADMIN"],
            "devices": ["/dev/net/tun:/dev/net/tun:rwm"],
            "security_opt": ["no-new-privileges"],
            # Its file is on a volume, which is removed with it: the engine copies nothing into a read-only root.
            "read_only": True,
            "mounts": [
                Mount(target=str(PurePosixPath(CONFIGURATION).parent), source=None),
                Mount(target="/run", source=None, type="tmpfs", tmpfs_size=2**20, tmpfs_mode=0o755),  # for its sockets
            ],
            "log_config": dict(BOUNDED_LOG),
            "sysctls": {
                "net.ipv4.ip_forward": "1",
                "net.ipv4.conf.all.rp_filter": "0",
                "net.ipv4.conf.default.rp_filter": "0",
                **({"net.ipv4.fwmark_reflect": "1"} if anywhere else {}),  # refusals find the way back
            },
            # A direction holds up to 64 MiB of packets on their way.
            "mem_limit": ROUTER_MEMORY + LINK_MEMORY * len(links),
            "pids_limit": 64,
            "dns": ["127.0.0.1"],
            "cpu_shares": 65536,  # packets are due at a moment; brokers can wait
            "cgroup_parent": group_of_router(client),
        },
        order=order,
    )


def own_probes(log: bytes, link: str) -> dict[str, Any] | None:
    """Return the answer of the probes that a router sent at its last start; None if its log has no whole line of it."""
    lines = log.decode(errors="replace").split("\n")[:-1]  # the last part has no end yet, or is empty
    begin = f"router: link {link}: probed "
    found = next((line for line in reversed(lines) if line.startswith(begin)), None)
    return None if found is None else dict(json.loads(found.removeprefix(begin)))


class Router:
    """A running router; requests go through its relay."""

    def __init__(self, client: docker.DockerClient, container: str, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self.container = container
        self._relay = Relay(client, container)

    def set_policy(self, policy: Mapping[str, Any]) -> int:
        """Replace the policy and return the moment, in ns of the router's monotonic clock."""
        return int(self._relay.ask({"do": "set", "policy": policy})["stamp"]["monotonic_ns"])

    def dropped(self) -> Sequence[Mapping[str, Any]]:
        """Return the packets that the policies have dropped since the router started, as the router's JSON."""
        dropped: Sequence[Mapping[str, Any]] = self._relay.ask({"do": "get"})["dropped"]
        return dropped

    def refuse_for(self, addresses: Sequence[str]) -> None:
        """Let the router refuse connections to exactly these addresses, as the host of a stopped broker would."""
        self._relay.ask({"do": "ended", "addresses": list(addresses)})

    def begin(self) -> None:
        """Start the relay, so that the first change is as quick as later ones."""
        with contextlib.suppress(HostError):  # the first change will raise it
            self.dropped()

    def release(self) -> None:
        """End the relay, which runs in the router for this process."""
        self._relay.close()

    def link(self, link: str) -> dict[str, Any]:
        """Return a link's settings and counters, as the router's JSON."""
        return self._relay.ask({"do": "get"}, link)

    def change(
        self, link: str, leaving: Sequence[str], impairment: Impairment | None, state: LinkState | None
    ) -> tuple[int, Mapping[str, Setting]]:
        """Replace the impairment or the state of some directions, all in one step; None leaves that part as it is.

        Return the moment, in ns of the router's monotonic clock, and the new settings by the region that they leave.
        """
        keys = ({} if impairment is None else impairment.json()) | ({} if state is None else {"state": state})
        answer = self._relay.ask({"do": "change", "directions": dict.fromkeys(leaving, keys)}, link)
        settings = {region: read_setting(answer["directions"][region]["impairment"], region) for region in leaving}
        return int(answer["stamp"]["monotonic_ns"]), settings

    def first_probes(self, link: str) -> dict[str, Any] | None:
        """Return the answer of the probes that the router sent by itself at its start; None if its log has none yet.

        To send others takes a process in its container, and so a core from brokers that start.
        """
        return own_probes(self._client.containers.get(self.container).logs(), link)

    def probe(self, link: str, count: int) -> dict[str, Any]:
        """Send probes through a link and return the measured round trips, as the router's JSON."""
        command = ["python3", "/opt/mqlab/linkctl.py", link, "probe", "--count", str(count)]
        try:
            code, output = run_inside(
                self._client.containers.get(self.container), command, self._clock, lasts=_PROBE_SECONDS
            )
        except docker.errors.APIError as error:
            raise why_silent(self._client, self.container, error) from error
        try:
            answer: dict[str, Any] = json.loads(output)
        except ValueError:
            answer = {"error": output[-500:] or "no output"}
        if code != 0 or not answer.get("ok"):
            raise HostError(f"the router refused probes of link {link}: {answer.get('error')}")
        return answer
