"""TCP throughput over a lab's link as a lab has it: a container that routes between two networks of Docker's.

Beside it stands plain forwarding: the same container on the same networks, without its rules and its link.
"""

from __future__ import annotations

import os
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from docker.models.containers import Container

from bench.article import Article
from lab.emulation.engine import labels, removal
from lab.emulation.engine.containers import Attachment, Order, start
from lab.emulation.network import networks, subnets
from lab.emulation.network.networks import LabNetwork
from lab.emulation.network.router import Router, start_router
from lab.emulation.watch import readiness
from lab.link.impairment import Impairment
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from lab.runtime.state_file import new_run_id

PORT = 7007
# Each with its TCP window: at 70 ms the window is what limits a stream, elsewhere it is not to be what is measured.
WINDOWS = {0: 64 << 20, 10: 64 << 20, 70: 16 << 20}
ROUNDS = 3  # a plain stream may be far faster than the next one, by the cores that it happens to get
WARM_UP, FAR_WARM_UP = 0.5, 1.5  # seconds that slow start takes, and takes over a long link
FAR_MS = 50  # the round trip from which a link is one
_STAT_OF_THE_LINK = "cat $(dirname $(grep -lx link /proc/[0-9]*/comm))/stat"

SINK = """
import socket, sys, time
port, window, warm_up = int(sys.argv[-3]), int(sys.argv[-2]), float(sys.argv[-1])
listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.SOL_SOCKET, 33, window)  # SO_RCVBUFFORCE, inherited by what is accepted
listener.bind(('0.0.0.0', port)); listener.listen(1)
print('ready', flush=True)
stream, _ = listener.accept(); room = bytearray(1 << 20); begun = time.monotonic(); total = warm = 0
while got := stream.recv_into(room):
    total += got
    if not warm and time.monotonic() - begun > warm_up:
        warm, begun = total, time.monotonic()
print((total - warm) * 8 / (time.monotonic() - begun) / 1e6)
"""
SOURCE = """
import socket, sys, time
to, port, window, seconds = sys.argv[-4], int(sys.argv[-3]), int(sys.argv[-2]), float(sys.argv[-1])
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, 32, window)  # SO_SNDBUFFORCE
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b'reno')  # every kernel has it, and it fills the window
s.connect((to, port)); body = bytes(1 << 20); end = time.monotonic() + seconds
while time.monotonic() < end:
    s.sendall(body)
"""
# Addresses are left, and a kernel that forwards.
_PLAINLY = "nft flush ruleset && while ip rule del pref 1000; do :; done 2>/dev/null; ip -o rule; nft list ruleset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """Two regions of a lab without brokers: in each a container that sends or receives."""

    article: Article
    run: str
    networks: tuple[LabNetwork, ...]
    ends: tuple[Container, Container]
    labels: Mapping[str, str]

    def stream(self, window: int, seconds: float, warm_up: float) -> float:
        """Return the Mbit/s of one TCP stream, after its slow start."""
        source, sink = self.ends
        to = str(self.networks[1].subnet.broker(0))
        _, said = sink.exec_run(["python3", "-c", SINK, str(PORT), str(window), str(warm_up)], stream=True)
        assert not isinstance(said, bytes), "a stream was asked for"
        if next(said) != b"ready\n":
            raise RuntimeError(f"the receiver said {b''.join(said)!r}")
        run_in(source, "python3", "-c", SOURCE, to, str(PORT), str(window), str(seconds))
        return float(b"".join(said))

    @contextmanager
    def router(self) -> Iterator[Container]:
        """Have the router of a lab that lets everything through, and take it away again."""
        client, plan = self.article.client, self.article.plan
        addresses = [str(network.subnet.broker(0)) for network in self.networks[:2]]
        everything = [["all", 0, 65535]]
        ways = [
            {"from": one, "to": other, "out": everything, "in": everything}
            for one, other in (addresses, reversed(addresses))
        ]
        container = start_router(
            client,
            self.article.images.router,
            self.run,
            self.networks,
            published=(),
            links=plan.links,
            seed=plan.seed,
            policy={"ways": ways},
            lab_labels=self.labels,
            order=Order(),
        )
        try:
            readiness.for_router(client, container, RealClock())
            yield client.containers.get(container)
        finally:
            client.containers.get(container).remove(force=True, v=True)


def run_in(container: Container, *command: str) -> str:
    """Return what a command in a container says; RuntimeError where it fails."""
    code, said = container.exec_run(list(command))
    assert isinstance(said, bytes), "no stream was asked for"
    if code:
        raise RuntimeError(f"{command[0]} in {container.name} ended with {code}: {said.decode()}")
    return said.decode()


@contextmanager
def regions(article: Article) -> Iterator[Regions]:
    """Make the article's networks and what sends and receives, and take all of it away again."""
    run = new_run_id()
    client, its_labels = article.client, labels.of_lab(run, Owner.current(), detached=False)
    try:
        made = networks.claim(
            client,
            run,
            [region.name for region in article.plan.regions],
            subnets.pool(os.environ),
            its_labels,
            random.Random(run),
        )
        ends = [
            start(
                client,
                image=article.images.router,  # it has Python
                name=f"mqlab-{run}-end-{network.region}",
                endpoints=[Attachment(network=network.name, address=str(network.subnet.broker(0)))],
                files=[],
                ports={},
                labels=its_labels,
                order=Order(),
                # Windows beyond what the machine allows everybody take NET_ADMIN.
                options={
                    "init": True,
                    "entrypoint": ["sh", "-c", "sleep 3600"],
                    "cap_drop": ["ALL"],
                    "cap_add": ["NET_ADMIN"],
                },
            )
            for network in made[:2]
        ]
        source, sink = (client.containers.get(each) for each in ends)
        yield Regions(article=article, run=run, networks=made, ends=(source, sink), labels=its_labels)
    finally:
        removal.remove(client, run, RealClock())


def measure(article: Article, *, seconds: float) -> dict[str, Any]:
    """Return streams over the link at each round trip, between streams that the kernel alone forwards."""
    with regions(article) as here:
        plain = plain_streams(here, seconds)
        with here.router() as container:
            rows = [over_the_link(here, container, asked, window, seconds) for asked, window in WINDOWS.items()]
        plain += plain_streams(here, seconds)
    usual = statistics.median(plain)
    return {
        "plain_mbit_s": round(usual),
        "plain_mbit_s_of_each": [round(each) for each in plain],
        "rows": [{**row, "of_plain": round(row["mbit_s"] / usual, 3)} for row in rows],
    }


def plain_streams(here: Regions, seconds: float) -> list[float]:
    """Return the Mbit/s of some streams through the router's container while it only forwards."""
    with here.router() as container:
        left = run_in(container, "sh", "-c", _PLAINLY)
        if "mqlab" in left or "1000:" in left:
            raise RuntimeError(f"the router does not forward plainly: {left}")
        return [here.stream(WINDOWS[0], seconds, WARM_UP) for _ in range(ROUNDS)]


def over_the_link(here: Regions, container: Container, asked_ms: int, window: int, seconds: float) -> dict[str, Any]:
    """Return the throughput of some streams over the link, and the processor time of its process for each."""
    link = here.article.plan.links[0]
    both = [direction.leaving for direction in link.directions]
    delay = Impairment(delay=timedelta(milliseconds=asked_ms / 2))
    Router(here.article.client, str(container.id), RealClock()).change(link.name, both, delay, None)
    before = cpu_seconds_of_the_link(container)
    warm_up = FAR_WARM_UP if asked_ms > FAR_MS else WARM_UP
    speeds = [here.stream(window, seconds + 2 * (warm_up - WARM_UP), warm_up) for _ in range(ROUNDS)]
    return {
        "round_trip_ms": asked_ms,
        "window": window,
        "mbit_s": round(statistics.median(speeds)),
        "mbit_s_of_each": [round(each) for each in speeds],
        "cpu_seconds": round((cpu_seconds_of_the_link(container) - before) / ROUNDS, 2),
    }


def cpu_seconds_of_the_link(container: Container) -> float:
    """Return the processor time that the link's process has used."""
    return cpu_seconds_in(run_in(container, "sh", "-c", _STAT_OF_THE_LINK))


def cpu_seconds_in(stat: str) -> float:
    """Read the processor time from a process's line in /proc/PID/stat."""
    numbers = stat.rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def lines(found: Mapping[str, Any]) -> Sequence[str]:
    """Return the result as text for people."""
    table = [f"{'round trip':>12} {'Mbit/s':>10} {'of plain':>8} {'CPU s':>8}"]
    table.append(f"{'plain':>12} {found['plain_mbit_s']:>10}")
    for row in found["rows"]:
        cells = f"{row['mbit_s']:>10} {row['of_plain']:>8} {row['cpu_seconds']:>8}"
        table.append(f"{row['round_trip_ms']:>9} ms {cells}")
    return table


if __name__ == "__main__":
    print("\n".join(lines(measure(Article.ready(), seconds=4.0))))
