"""A living emulated lab: answers what a replay asks, from the real brokers and the real router."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import SecretStr

import docker
from lab import clients
from lab.activemq.protocols import ENDPOINTS, endpoint
from lab.amazonmq.files.broker_files import JOLOKIA_USER
from lab.amazonmq.files.vault import Vault
from lab.emulation.brokers.actives import Actives
from lab.emulation.brokers.containers import remove_store
from lab.emulation.brokers.power import Power
from lab.emulation.brokers.refusals import Refusals
from lab.emulation.brokers.vaults import Vaults
from lab.emulation.clock import RealClock
from lab.emulation.engine import logs
from lab.emulation.network import attempts
from lab.emulation.network.policy import changed, policy, read_drops
from lab.emulation.network.router import Router
from lab.emulation.state import InstanceState
from lab.emulation.state import read as read_state
from lab.emulation.watch import counting, log_watch, mbeans
from lab.emulation.watch.bridges import BridgeWatch, Looks
from lab.emulation.watch.jolokia import Jolokia, Silent
from lab.emulation.watch.log_watch import LogWatch
from lab.errors import BrokerError, HostError
from lab.history import (
    BridgeSeen,
    BrokerChanged,
    ConnectorChanged,
    Counted,
    DestinationSeen,
    LinkChanged,
    LinkSeen,
    PacketsDropped,
    PolicyApplied,
    Recorder,
    SnapshotTaken,
)
from lab.link.impairment import Impairment, LinkState
from lab.network.link import words
from lab.network.vpc import INTERNET, Network
from lab.plan.control import Control
from lab.plan.values import BridgePlan, Plan
from lab.runtime import note as notes
from lab.runtime.client import Client, ClientEvents
from lab.runtime.lab import Attempt
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session
from lab.runtime.note import Note


class EmulatedLab:
    """A lab of containers, whoever opened it."""

    def __init__(
        self,
        client: docker.DockerClient,
        note: Note,
        *,
        vaults: Mapping[str, Vault] | None = None,  # as far as they are known; others are read when they are needed
        note_folder: Path | None = None,  # where others find what stands, None where nobody is to be told
    ) -> None:
        self.note = note
        self.state = state = read_state(note)
        self.clock = RealClock(note.began)
        self.router = Router(client, state.router)
        self._docker = client
        self._note_folder = note_folder
        self._vaults = Vaults(
            lambda broker: [client.containers.get(each.container) for each in self.state.brokers[broker].instances],
            vaults or {},
        )
        self._management = {
            its.name: Jolokia(name, its.management_port, JOLOKIA_USER, broker.management_password)
            for name, broker in state.brokers.items()
            for its in broker.instances
        }
        self._power = Power(client, note, state.instances, self.clock)
        self._refusals = Refusals(self._power, lambda: self.state.instances, self.router.refuse_for)
        self._actives = Actives(state.brokers, self._power, self._has_started)
        self._watch: BridgeWatch | None = None
        self._logs: tuple[LogWatch, ...] = ()
        self._network = note.plan.network
        self._addresses = {its.name: its.address for its in state.instances}
        self._pool = ThreadPoolExecutor(max_workers=max(4, 2 * len(state.brokers)), thread_name_prefix="mqlab-look")

    def connect(
        self,
        *,
        client: str,
        broker: str,
        over: str,
        user: str,
        events: ClientEvents,
        session: Session = ORDINARY,
        approach: Approach = USUAL,
    ) -> Client:
        """Connect a client through the published port of the broker's active instance."""
        at = self.endpoint(broker, over, user, session.client_id or f"mqlab-{self.note.run}-{client}", approach)
        return clients.connect(over, at, events, session)

    def endpoint(
        self, broker: str, over: str, user: str, client_id: str, approach: Approach = USUAL
    ) -> clients.Endpoint:
        """Return where a client connects to a broker's active instance, and as whom."""
        where = self._actives.find(broker)
        if where is None:
            raise BrokerError(f"no instance of broker {broker} is active", how="refused")
        return clients.Endpoint(
            # 0.0.0.0 leads to this machine too, and no certificate names it.
            host="0.0.0.0" if approach.tls == "wrong-name" else "127.0.0.1",
            port=where.ports[endpoint(over)],
            ca_file=None if approach.tls == "untrusted" else Path(self.state.ca_file),
            user=user,
            password=self._password(broker, user, approach),
            client_id=client_id,
            **({} if approach.within is None else {"within": approach.within}),
        )

    def _password(self, broker: str, user: str, approach: Approach) -> SecretStr:
        """Return a user's password, or one that is nobody's."""
        return self._vaults.password(broker, user) if approach.knows_password else SecretStr(secrets.token_hex(16))

    def change_link(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Change a link in one step; each change carries the router's own moment."""
        plan = self.note.plan.link(link)
        directions = [d for d in plan.directions if leaving in (None, d.leaving)]
        before = self.clock.now()
        stamp, settings = self.router.change(link, [d.leaving for d in directions], impairment, state)
        after = self.clock.now()
        # The router shares this kernel's monotonic clock, except where Docker runs in a virtual machine of its own.
        moment = stamp / 1e9 - self.clock.origin
        t = moment if before <= moment <= after else after
        return tuple(
            LinkChanged(
                t=t,
                link=link,
                leaving=d.leaving,
                reaching=d.reaching,
                state=str(settings[d.leaving].state),
                impairment=words(settings[d.leaving].impairment),
            )
            for d in directions
        )

    def active(self, broker: str) -> int | None:
        """Return which instance has started, or is frozen and has its store's lock all the same."""
        its = self._actives.holder(broker)
        return None if its is None else its.number

    def apply_network(self, network: Network) -> PolicyApplied:
        """Have the router hold another policy, in one transaction; the moment is its own."""
        before = self.clock.now()
        moment = self.router.set_policy(policy(network, self._addresses)) / 1e9 - self.clock.origin
        after = self.clock.now()
        self._network, old = network, self._network
        t = moment if before <= moment <= after else after
        return PolicyApplied(t=t, took_ms=round((t - before) * 1000, 3), changed=changed(old, network))

    @property
    def engine(self) -> docker.DockerClient:
        """Return the engine that runs it."""
        return self._docker

    @property
    def note_folder(self) -> Path | None:
        """Return where others find what stands, None where nobody is told."""
        return self._note_folder

    def look_again(self) -> bool:
        """Take over what others have left of the lab since; False where it has ended."""
        if self._note_folder is None:
            return True
        note = notes.load(self.note.run, self._note_folder)
        if note is None:
            return False
        if note != self.note:
            self.note, self._network = note, note.plan.network
            self._vaults.forget()
            self._power.follow(note)
        return True

    def agree(self, network: Network) -> None:
        """Have the router hold a network, and answer for what does not run, whatever was done before we came."""
        self._power.look(self.note)
        self.apply_network(network)
        self._refusals.renew()

    def dropped(self) -> Sequence[PacketsDropped]:
        """Return what the router's policies have dropped."""
        return read_drops(self.router.dropped(), self._addresses, self.clock.now())

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        """Open a connection from an instance's container, or from this machine."""
        places = {its.name: its for its in self.state.instances}
        if source != INTERNET:
            container = self._power.container(places[source])
            return attempts.from_container(container, places[target].address, port, within)
        ports = {each.port: places[target].ports[each.name] for each in ENDPOINTS}
        return attempts.from_here(ports[port], Path(self.state.ca_file), within)

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        """Stop an instance's container."""
        return self._done(broker, instance, lambda its: self._power.stop(its, within))

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Kill an instance's container."""
        return self._done(broker, instance, self._power.kill)

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Start an instance's container."""
        holder, its = self._actives.holder(broker), self.state.brokers[broker].instance(instance)
        self._power.expect(its)
        self._refusals.renew()  # before it runs: its own answers would be refused else
        try:
            started = self._power.start(its)
        except BrokerError:
            self._refusals.renew()
            raise
        return replace(started, standby=holder is not None and holder.name != its.name)

    def started(self, broker: str, instance: int = 1) -> bool:
        """Return whether an instance says over its management that its last connector listens, or that it waits."""
        its = self.state.brokers[broker].instance(instance)
        if not self.stands(its):
            if (how := self._power.ended(its)) is not None:
                self._refusals.renew()
                raise BrokerError(f"broker {its.name} ended while starting: {how}", f"see: mqlab logs {its.name}")
            return False
        self._power.has_started(its)
        return True

    def keep_password(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Keep a password where the broker alone can read it."""
        self._vaults.keep(broker, user, number, password)

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        """Write a broker's files for its next start; bridges are looked for by the plan from now on."""
        self._vaults.prepare(plan.broker(broker), passwords, Path(self.note.folder))
        self._keep(replace(self.note, plan=plan))

    @property
    def control(self) -> Control:
        """Return the service's side of a lab that is changed by commands: as the last of them left it."""
        return self.note.control

    def keep_control(self, control: Control) -> None:
        """Keep the service's side for the commands to come."""
        plan = replace(self.note.plan, network=control.network)
        self._keep(replace(self.note, plan=plan, control=control))

    def _keep(self, note: Note) -> None:
        self.note = note
        if self._note_folder is not None and not notes.update(note, self._note_folder):
            raise HostError(f"lab {note.run} has ended meanwhile", "mqlab status shows those that are running")

    def delete(self, broker: str) -> BrokerChanged:
        """Save the logs of a broker's containers, and remove these and the volume of a pair."""
        logs.save(self._docker, self.note.run, Path(self.note.folder) / "logs")
        for its in self.state.brokers[broker].instances:
            self._power.delete(its)
        remove_store(self._docker, self.note.run, broker)
        self._refusals.renew()
        changed = BrokerChanged(t=self.clock.now(), broker=broker, state="deleted")
        if self._watch is not None:
            self._watch.look(broker)
        return changed

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Freeze an instance's processes."""
        return self._done(broker, instance, self._power.pause, look=False)

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Let an instance's processes go on."""
        return self._done(broker, instance, self._power.resume, look=False)

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        """Run the operation of a network connector's MBean, which returns when it is done."""
        self._asked(broker).execute(mbeans.connector(broker, connector), do)
        state = {"stop": "stopped", "start": "started"}[do]
        return ConnectorChanged(t=self.clock.now(), broker=broker, connector=connector, state=state)

    def demand(self, broker: str, destination: Destination) -> bool:
        """Return whether a bridge's consumer is on the destination."""
        (present,) = self._demands(broker, (destination,))
        return present

    def bridges(self) -> Sequence[BridgeSeen]:
        """Return every bridge end that answers now; a broker that is down shows none."""
        ends = self._pool.map(self._bridges_of, self.state.brokers)
        return tuple(end for of_broker in ends for end in of_broker)

    def destinations(self, of: Sequence[tuple[str, Destination]]) -> Sequence[DestinationSeen]:
        """Return the counters of the destinations named; those of a broker that is down are left out."""
        seen: list[DestinationSeen] = []
        for broker in dict.fromkeys(name for name, _ in of):
            try:
                found, consumers = self._asked(broker).read(mbeans.destinations(broker), mbeans.subscriptions(broker))
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
        """Return the router's counters of every direction."""
        seen = []
        for link in self.note.plan.links:
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
        """Return the ActiveMQ version of a broker that has started, None of one that has not."""
        its = self._actives.find(broker)
        return None if its is None else started_version(self._management[its.name])

    def stands(self, of: InstanceState) -> bool:
        """Return whether an instance has started, or waits for its store's lock, which another one has."""
        if self._has_started(of):
            return True
        holder = self._actives.holder(of.broker)
        return holder is not None and holder.name != of.name and is_slave(self._management[of.name])

    def bridge_is_up(self, bridge: BridgePlan) -> bool:
        """Return whether a bridge works: seen at its ends, and its login accepted by the responder."""
        look = partial(self._ends_and_consumers, bridge)
        try:
            (ends_here, here), (ends_there, there) = self._pool.map(look, (bridge.initiator, bridge.responder))
        except BrokerError:
            return False
        seen = {(end.broker, end.created_by_duplex) for end in (*ends_here, *ends_there)}
        wanted = {(bridge.initiator, False), *([(bridge.responder, True)] if bridge.duplex else [])}
        return wanted <= seen and mbeans.listens_for_demand(bridge, here, there)

    def watch(self, recorder: Recorder, demand: Sequence[tuple[str, Destination]] = ()) -> None:
        """Record bridge ends there are, each change, the demand asked for, and log lines, from the logs' beginning."""
        wanted = {name: [to for broker, to in demand if broker == name] for name in self.state.brokers}
        looks = Looks(ends=self._ends, demands=self._demands)
        self._watch = BridgeWatch(wanted, looks, self._actives, self._power, self.clock, recorder)
        self._watch.begin(self._pool)
        self._pool.submit(self.router.begin)  # a first change is to be as quick as the next one
        self._logs = log_watch.follow(self._docker, self.state.instances, self.clock, recorder)

    def unwatch(self) -> None:
        """Stop recording; a replay's last lines are its own."""
        if self._watch is not None:
            self._watch.end()
            self._watch = None
        for log in self._logs:
            log.end()
        self._logs = ()

    def let_go(self) -> None:
        """Close what this process holds of the lab; the lab itself lives on."""
        self.unwatch()
        self._pool.shutdown()
        for management in self._management.values():
            management.close()
        self.router.let_go()

    def _asked(self, broker: str) -> Jolokia:
        """Return the management of a broker's active instance."""
        return self._management[self._active(broker).name]

    def _active(self, broker: str) -> InstanceState:
        """Return a broker's active instance, unless we know that it cannot answer: asking would only take time."""
        its = self._actives.find(broker)
        if its is None:
            raise Silent(f"no instance of broker {broker} is active")
        if not self._power.answers(its):
            raise Silent(f"broker {broker} is {self._power.state(its)}: its management does not answer")
        return its

    def _has_started(self, its: InstanceState) -> bool:
        return started_version(self._management[its.name]) is not None

    def _done(
        self, broker: str, instance: int, what: Callable[[InstanceState], BrokerChanged], *, look: bool = True
    ) -> BrokerChanged:
        """Do something to an instance, and say whether it was the active one; a look shows what has gone with it."""
        its = self.state.brokers[broker].instance(instance)
        standby = self._actives.last(broker).name != its.name
        changed = replace(what(its), standby=standby)
        self._refusals.renew()
        if look and self._watch is not None:
            self._watch.look(broker)
        return changed

    def _snapshot_of(self, name: str, broker: str) -> tuple[Counted | SnapshotTaken, ...]:
        try:
            answers = self._asked(broker).read(*counting.questions(broker))
        except BrokerError:
            return (counting.silent(name, broker, self.clock.now()),)
        return counting.read(name, broker, answers, self.note.plan.bridges, self.clock.now())

    def _demands(self, broker: str, destinations: Sequence[Destination]) -> tuple[bool, ...]:
        (consumers,) = self._asked(broker).read(mbeans.subscriptions(broker))
        return tuple(mbeans.demands(consumers, destination) for destination in destinations)

    def _bridges_of(self, broker: str) -> tuple[BridgeSeen, ...]:
        try:
            return self._ends(broker)
        except Silent:
            return ()

    def _ends(self, broker: str) -> tuple[BridgeSeen, ...]:
        its = self._active(broker)
        found, connections = self._management[its.name].read(mbeans.bridges(broker), mbeans.connections(broker))
        ends = mbeans.read_bridges(broker, found, connections, self.note.plan.bridges, self.clock.now())
        return tuple(replace(end, instance=its.mark) for end in ends) if its.mark else ends

    def _ends_and_consumers(self, bridge: BridgePlan, broker: str) -> tuple[tuple[BridgeSeen, ...], mbeans.Answer]:
        """Ask one broker for its ends of a bridge and all its consumers, at once: each question costs it some time."""
        found, connections, consumers = self._asked(broker).read(
            mbeans.bridges(broker), mbeans.connections(broker), mbeans.subscriptions(broker)
        )
        ends = mbeans.read_bridges(broker, found, connections, self.note.plan.bridges, self.clock.now())
        return tuple(end for end in ends if end.connector == bridge.connector), consumers


def started_version(management: Jolokia) -> str | None:
    """Return the ActiveMQ version of a broker that has started, with all its connectors; None of one that has not."""
    try:
        (answer,) = management.read(mbeans.broker(management.broker))
    except Silent:
        return None
    values = next(iter(answer.values()), {})
    return str(values["BrokerVersion"]) if values.get("Slave") is False else None


def is_slave(management: Jolokia) -> bool:
    """Return whether a broker answers and has not started: it is still starting, or waits for its store's lock."""
    try:
        (answer,) = management.read(mbeans.broker(management.broker))
    except Silent:
        return False
    return any(values.get("Slave") is True for values in answer.values())


def _milliseconds(micros: float | None) -> float | None:
    return None if micros is None else round(micros / 1000, 3)
