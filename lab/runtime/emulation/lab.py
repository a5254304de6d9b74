"""A living emulated lab: answers what a replay asks, from the real brokers and the real router."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import docker.errors
from pydantic import SecretStr

import docker
from lab import clients
from lab.amazonmq.files import JOLOKIA_USER
from lab.errors import BrokerError
from lab.history import (
    BridgeSeen,
    Counted,
    Demand,
    DestinationSeen,
    LinkChanged,
    LinkSeen,
    Recorder,
    SnapshotTaken,
    Trouble,
)
from lab.network.link import Impairment, LinkState
from lab.plan import BridgePlan
from lab.runtime.base import Client, ClientEvents, Destination
from lab.runtime.clock import RealClock
from lab.runtime.emulation import counting, mbeans
from lab.runtime.emulation.jolokia import Jolokia, Silent
from lab.runtime.emulation.router import Router
from lab.runtime.emulation.state import LabState

WATCH_EVERY = 0.5  # seconds between two looks at the bridges while a replay runs


class EmulatedLab:
    """A lab of containers, whoever opened it."""

    def __init__(
        self, client: docker.DockerClient, state: LabState, passwords: Mapping[str, Mapping[str, SecretStr]]
    ) -> None:
        self.state = state
        self.clock = RealClock()
        self.router = Router(client, state.router)
        self._docker = client
        self._passwords = passwords
        self._management = {
            name: Jolokia(name, broker.management_port, JOLOKIA_USER, broker.management_password)
            for name, broker in state.brokers.items()
        }
        self._watching: threading.Thread | None = None
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=max(4, 2 * len(state.brokers)), thread_name_prefix="mqlab-look")

    def connect(self, *, client: str, broker: str, over: str, user: str, events: ClientEvents) -> Client:
        """Connect a client through the broker's published port."""
        where = self.state.brokers[broker]
        endpoint = clients.Endpoint(
            host="127.0.0.1",
            port=where.ports[over],
            ca_file=Path(self.state.ca_file),
            user=user,
            password=self._passwords[broker][user],
            client_id=f"mqlab-{self.state.run}-{client}",
        )
        return clients.connect(over, endpoint, events)

    def change_link(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Change a link in one step; each change carries the router's own moment."""
        plan = self.state.plan.link(link)
        directions = [d for d in plan.directions if leaving in (None, d.leaving)]
        before = self.clock.now()
        answer = self.router.change(link, [d.leaving for d in directions], impairment, state)
        after = self.clock.now()
        # The router shares this kernel's monotonic clock, except where Docker runs in a virtual machine of its own.
        moment = answer["stamp"]["monotonic_ns"] / 1e9 - self.clock.origin
        t = moment if before <= moment <= after else after
        return tuple(
            LinkChanged(
                t=t,
                link=link,
                leaving=d.leaving,
                reaching=d.reaching,
                state=str(answer["directions"][d.leaving]["impairment"]["state"]),
                impairment=describe_figures(answer["directions"][d.leaving]["impairment"]),
            )
            for d in directions
        )

    def demand(self, broker: str, destination: Destination) -> bool:
        """Tell whether a bridge's consumer is on the destination."""
        (answer,) = self._management[broker].read(mbeans.subscriptions(broker))
        return mbeans.demands(answer, destination)

    def bridges(self) -> Sequence[BridgeSeen]:
        """Give every bridge end that answers now; a broker that is down shows none."""
        ends = self._pool.map(self._bridges_of, self.state.brokers)
        return tuple(end for of_broker in ends for end in of_broker)

    def destinations(self, of: Sequence[tuple[str, Destination]]) -> Sequence[DestinationSeen]:
        """Give the counters of the destinations named; those of a broker that is down are left out."""
        seen: list[DestinationSeen] = []
        for broker in dict.fromkeys(name for name, _ in of):
            try:
                found, consumers = self._management[broker].read(
                    mbeans.destinations(broker), mbeans.subscriptions(broker)
                )
            except Silent:
                continue
            wanted = [destination for name, destination in of if name == broker]
            seen += mbeans.read_destinations(broker, found, consumers, wanted, self.clock.now())
        return tuple(seen)

    def snapshot(self, name: str) -> Sequence[Counted | SnapshotTaken]:
        """Ask all brokers at once, each with one request."""
        parts = self._pool.map(partial(self._snapshot_of, name), self.state.brokers)
        return tuple(seen for part in parts for seen in part)

    def links(self) -> Sequence[LinkSeen]:
        """Give the router's counters of every direction."""
        seen = []
        for link in self.state.plan.links:
            answer = self.router.ask(link.name, "get")
            for direction in link.directions:
                found = answer["directions"][direction.leaving]
                given = found["delay_us"]
                seen.append(
                    LinkSeen(
                        t=self.clock.now(),
                        link=link.name,
                        leaving=direction.leaving,
                        reaching=direction.reaching,
                        configured_delay_ms=found["impairment"]["delay_us"] / 1000,
                        measured_p50_ms=_milliseconds(given["p50"]),
                        measured_p99_ms=_milliseconds(given["p99"]),
                        packets=found["counters"]["segments_in"],
                        dropped={cause: count for cause, count in found["counters"]["dropped"].items() if count},
                    )
                )
        return tuple(seen)

    def version(self, broker: str) -> str | None:
        """Give the ActiveMQ version of a broker that has started, None of one that has not."""
        return started_version(self._management[broker])

    def bridge_is_up(self, bridge: BridgePlan) -> bool:
        """Tell whether a bridge works: seen at its ends, and its login accepted by the responder."""
        look = partial(self._ends_and_consumers, bridge)
        try:
            (ends_here, here), (ends_there, there) = self._pool.map(look, (bridge.initiator, bridge.responder))
        except BrokerError:
            return False
        seen = {(end.broker, end.created_by_duplex) for end in (*ends_here, *ends_there)}
        wanted = {(bridge.initiator, False), *([(bridge.responder, True)] if bridge.duplex else [])}
        return wanted <= seen and mbeans.listens_for_demand(bridge, here, there)

    def watch(self, recorder: Recorder, demand: Sequence[tuple[str, Destination]] = ()) -> None:
        """Record each change of the bridges, and each look at the demand asked for, until the lab is let go."""
        known: dict[str, dict[tuple[str, str], BridgeSeen]] = {name: {} for name in self.state.brokers}
        silent: set[str] = set()

        def look() -> None:
            for name, ends in zip(known, self._pool.map(self._ends_or_silence, known), strict=True):
                if ends is None:
                    # What does not answer is not gone: its last state stands, and the history says so.
                    if name not in silent:
                        what = "its management does not answer: its bridges are as they were last seen"
                        recorder.record(Trouble(t=self.clock.now(), who=f"broker {name}", what=what))
                    silent.add(name)
                    continue
                silent.discard(name)
                now = {(end.connector, end.remote_address): end for end in ends}
                before, known[name] = known[name], now
                for key in before.keys() - now.keys():
                    recorder.record(_gone(before[key], self.clock.now()))
                for key in now.keys() - before.keys():
                    recorder.record(now[key])

        def look_for_demand() -> None:
            for broker in dict.fromkeys(name for name, _ in demand):
                try:
                    (consumers,) = self._management[broker].read(mbeans.subscriptions(broker))
                except BrokerError:
                    continue  # nobody knows: what was last seen stands
                for pair in (pair for pair in demand if pair[0] == broker):
                    present = mbeans.demands(consumers, pair[1])
                    t = self.clock.now()
                    recorder.record(Demand(t=t, broker=broker, destination=str(pair[1]), present=present))

        def watch() -> None:
            while not self._stop.is_set():
                look()
                look_for_demand()
                self._stop.wait(WATCH_EVERY)

        look()
        look_for_demand()
        self._watching = threading.Thread(target=watch, name="mqlab-watch", daemon=True)
        self._watching.start()

    def unwatch(self) -> None:
        """Stop recording; a replay's last lines are its own."""
        self._stop.set()
        if self._watching is not None:
            self._watching.join()
            self._watching = None
        self._stop.clear()

    def let_go(self) -> None:
        """Close what this process holds of the lab; the lab itself lives on."""
        self.unwatch()
        self._pool.shutdown()
        for management in self._management.values():
            management.close()

    def _snapshot_of(self, name: str, broker: str) -> tuple[Counted | SnapshotTaken, ...]:
        try:
            answers = self._management[broker].read(*counting.questions(broker))
        except BrokerError:
            return (counting.silent(name, broker, self.clock.now()),)
        return counting.read(name, broker, answers, self.state.plan.bridges, self.clock.now())

    def _bridges_of(self, broker: str) -> tuple[BridgeSeen, ...]:
        try:
            found, connections = self._management[broker].read(mbeans.bridges(broker), mbeans.connections(broker))
        except Silent:
            return ()
        return mbeans.read_bridges(broker, found, connections, self.state.plan.bridges, self.clock.now())

    def _ends_or_silence(self, broker: str) -> tuple[BridgeSeen, ...] | None:
        """Give a broker's bridge ends, none for a broker that has stopped, and None for one that does not answer."""
        try:
            found, connections = self._management[broker].read(mbeans.bridges(broker), mbeans.connections(broker))
        except BrokerError:
            try:
                stopped = self._docker.containers.get(self.state.brokers[broker].container).status != "running"
            except docker.errors.NotFound:
                stopped = True
            return () if stopped else None
        return mbeans.read_bridges(broker, found, connections, self.state.plan.bridges, self.clock.now())

    def _ends_and_consumers(self, bridge: BridgePlan, broker: str) -> tuple[tuple[BridgeSeen, ...], mbeans.Answer]:
        """Ask one broker for its ends of a bridge and all its consumers, at once: each question costs it some time."""
        found, connections, consumers = self._management[broker].read(
            mbeans.bridges(broker), mbeans.connections(broker), mbeans.subscriptions(broker)
        )
        ends = mbeans.read_bridges(broker, found, connections, self.state.plan.bridges, self.clock.now())
        return tuple(end for end in ends if end.connector == bridge.connector), consumers


def _gone(end: BridgeSeen, t: float) -> BridgeSeen:
    return BridgeSeen(
        t=t,
        connector=end.connector,
        broker=end.broker,
        remote=end.remote,
        remote_address=end.remote_address,
        created_by_duplex=end.created_by_duplex,
        up=False,
    )


def started_version(management: Jolokia) -> str | None:
    """Give the ActiveMQ version of a broker that has started, with all its connectors; None of one that has not."""
    try:
        (answer,) = management.read(mbeans.broker(management.broker))
    except Silent:
        return None
    values = next(iter(answer.values()), {})
    return str(values["BrokerVersion"]) if values.get("Slave") is False else None


def describe_figures(figures: Mapping[str, Any]) -> str:
    """Write the router's figures of one direction for people."""
    words = [f"delay {figures['delay_us'] / 1000:g}ms"]
    words += [f"jitter {figures['jitter_us'] / 1000:g}ms"] if figures.get("jitter_us") else []
    words += [f"loss {figures['loss'] * 100:g}%"] if figures.get("loss") else []
    words += [f"rate {figures['rate_bps']}bit"] if figures.get("rate_bps") else []
    return ", ".join(words)


def _milliseconds(micros: float | None) -> float | None:
    return None if micros is None else round(micros / 1000, 3)
