"""An emulated lab: the protocol of `lab.runtime.lab`, done by the real brokers and the real router."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

from pydantic import SecretStr

import docker
from lab import clients
from lab.activemq.protocols import endpoint
from lab.amazonmq.files.vault import Vault
from lab.base.masking import Mask
from lab.emulation.brokers import adding
from lab.emulation.brokers.instances import Instances
from lab.emulation.brokers.power import Power
from lab.emulation.brokers.refusals import Refusals
from lab.emulation.brokers.vaults import Vaults
from lab.emulation.engine import logs
from lab.emulation.engine.engine import explaining, told_in_words
from lab.emulation.hosts.hosts import EmulatedHosts
from lab.emulation.network import forwards
from lab.emulation.network.links import Links
from lab.emulation.network.policies import Policies
from lab.emulation.network.published_at import LOOPBACK, misnamed, refuse_shipped
from lab.emulation.network.router import Router
from lab.emulation.state import read as read_state
from lab.emulation.watch import log_watch
from lab.emulation.watch.broker_watch import BridgeWatch, Looks
from lab.emulation.watch.log_watch import LogWatch
from lab.emulation.watch.management import Management
from lab.emulation.watch.observer_watch import ObserverWatch, Process
from lab.emulation.watch.status import look
from lab.errors import BrokerError, HostError, LabTimeout
from lab.history import Recorder
from lab.network.vpc import Network
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.report.run_folder import keep_next
from lab.runtime import state_file as state_files
from lab.runtime.client import Client, ClientEvents, Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.lab import Failed, by_broker, note_failure
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session
from lab.runtime.runtime import Addition
from lab.runtime.state_file import StateFile
from lab.runtime.status import Status, Whereabouts


@explaining
class EmulatedLab:
    """A lab of containers, which this or another process opened."""

    def __init__(
        self,
        client: docker.DockerClient,
        note: StateFile,
        *,
        vaults: Mapping[str, Vault] | None = None,  # those known already; others are read when they are needed
        note_folder: Path | None = None,  # None: changes are not written to the note
    ) -> None:
        self.note, self.note_folder = note, note_folder
        self._written: tuple[int, int] | None = None  # the token of the note's file when it was read last
        self._noting = RLock()  # a monitor of this process reads the note while a verb writes it
        self.clock = RealClock(note.began)
        self._docker, self._given = client, dict(vaults or {})
        self._watch: BridgeWatch | None = None
        self._logs: tuple[LogWatch, ...] = ()
        self._observers: ObserverWatch | None = None
        self._observed: dict[str, Process] = {}  # by instance: the process whose events this lab has read
        self._watching: tuple[Recorder, Failed] | None = None
        self._build()

    def _build(self) -> None:
        """Make the parts for the brokers that the lab has now."""
        client, note = self._docker, self.note
        self.state = state = read_state(note)
        self.router = Router(client, state.router, self.clock)
        self._power = power = Power(client, note, state.instances, self.clock)
        self.hosts = EmulatedHosts(client, state, lambda: self.note)
        self.links = Links(self.router, note.plan.links, self.clock)
        self.policies = Policies(
            self.router, note.plan.network, state, power.container, self.hosts.stand_in, self.clock
        )
        self.management = Management(state, power, self.clock, lambda: self.note.plan.bridges)
        self._refusals = Refusals(power, state.instances, self.router.refuse_for)
        self.instances = Instances(
            client,
            state,
            power,
            self.management,
            self._refusals,
            self.clock,
            note=lambda: self.note,
            written=self._on_file,
            mask=self.mask,
            changed=self._look,
        )
        self._vaults = Vaults(
            lambda broker: [client.containers.get(each.container) for each in state.brokers[broker].instances],
            self._given,
            lambda: None if self.note_folder is None else state_files.write_token(note.run, self.note_folder),
        )
        self._actives = self.management.actives

    def add(self, addition: Addition, release: str, image: str, host: str) -> None:
        """Make the containers of a broker for free places; `release` of ActiveMQ is that of the image."""
        assert self.note_folder is not None  # other processes reach the lab
        plan = addition.plan.of_releases({addition.broker: release})
        state, vault = adding.make(
            self._docker, self.note, self.state, replace(addition, plan=plan), self.note_folder, image, host
        )
        self._given[addition.broker] = vault
        keep_next(
            Path(self.note.folder), addition.broker, Mask.of(vault.all).text(plan.broker(addition.broker).activemq_xml)
        )
        self._write(self.note.with_fields(plan=plan, control=addition.control, own=state.to_dict()))
        self._rebuild()
        self.policies.apply(plan.network)
        names = adding.names_in(self.note, state.brokers)
        adding.tell_names(self._docker, [each.container for each in state.instances], names, self.clock)

    def _on_file(self) -> StateFile:
        """Return the present state file, which other processes may write; if it is gone, the last one read."""
        read_now = None if self.note_folder is None else state_files.load(self.note.run, self.note_folder)
        return read_now or self.note

    def _rebuild(self) -> None:
        """Make the parts anew, since the lab has a new broker. A watch continues."""
        watching, since = self._watching, self.clock.now()
        states = {each.container: self._power.state(each) for each in self.state.instances}
        self.release()
        self._build()
        self._power.take_over(states)
        if watching is not None:
            recorder, failed = watching
            self.watch(recorder, since=since, failed=failed)

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
        try:
            return clients.connect(over, at, events, session)
        except (BrokerError, LabTimeout) as error:
            if self.state.ssh and self.note_folder and (why := forwards.why_lost(self.note.run, self.note_folder)):
                error.what += f"; its ports are not forwarded over ssh for now: {why}"
            raise

    def endpoint(self, broker: str, over: str, user: str, client_id: str, approach: Approach = USUAL) -> Endpoint:
        """Return the endpoint of a broker's active instance, with the user's login; BrokerError if none is active."""
        where = self._actives.find(broker)
        if where is None:
            raise BrokerError(f"no instance of broker {broker} is active", how="refused")
        return Endpoint(
            host=misnamed(self.state.reached_at) if approach.tls == "wrong-name" else self.state.reached_at,
            port=where.ports[endpoint(over)],
            ca_file=None if approach.tls == "untrusted" else Path(self.state.ca_file),
            user=user,
            password=self.password(broker, user) if approach.knows_password else SecretStr(secrets.token_hex(16)),
            client_id=client_id,
            **({} if approach.within is None else {"within": approach.within}),
        )

    def password(self, broker: str, user: str) -> SecretStr:
        """Return a user's password, from the broker's vault."""
        return self._vaults.password(broker, user)

    def mask(self) -> Mask:
        """Return the mask of the passwords in all vaults."""
        return self._vaults.mask(self.state.brokers)

    def enforce(self, network: Network) -> None:
        """Replace the router's policy and its list of instances that are down, from the engine's states."""
        self._find()
        self.policies.apply(network)
        self._refusals.renew()

    def keep_password(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Keep a password in the broker's vault; InputError for a shipped one where other machines may try it."""
        if self.state.reached_at != LOOPBACK:
            refuse_shipped((password.get_secret_value(),))
        self._vaults.keep(broker, user, number, password)

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        """Write a broker's files for its next start; the lab's bridges are from now on the bridges of `plan`."""
        self._vaults.prepare(plan.broker(broker), passwords, Path(self.note.folder))
        self._write(self.note.with_fields(plan=plan))

    def keep_control(self, control: Control) -> None:
        """Write the service's records to the state file."""
        plan = replace(self.note.plan, network=control.network)
        self._write(self.note.with_fields(plan=plan, control=control))

    def keep_off(self, instances: Mapping[str, bool], recorded: Mapping[str, tuple[str, float]]) -> None:
        """Write to the state file the instances that verbs have stopped, and their recorded states."""
        self._write(self.note.with_fields(off=instances, recorded=recorded))

    @property
    def time(self) -> datetime:
        """Return the machine's date and time."""
        return datetime.now(UTC)

    def _write(self, note: StateFile) -> None:
        with self._noting:
            if self.note_folder is not None and not state_files.update(note, self.note_folder):
                raise HostError(f"lab {note.run} has ended meanwhile", "mqlab status shows those that are running")
            self.note = note
            self._vaults.note_written()

    def refresh(self) -> bool:
        """Read the state file again, which other processes may have changed; return False if the lab has ended."""
        if self.note_folder is None:
            return True
        added = False
        with self._noting:
            written = state_files.write_token(self.note.run, self.note_folder)
            if written is not None and written == self._written:
                return True
            note = state_files.load(self.note.run, self.note_folder)
            self._written = None if note is None else written
            if note is not None and note != self.note:
                asks = bool(note.off or self.note.off)
                added = note.own != self.note.own
                self.note, self.policies.network = note, note.plan.network
                if asks and not added:
                    self._find(meanwhile=True)
                elif not added:
                    self._power.apply_note(note)
        if added:  # not under the lock: the watch that ends may wait for it
            self._rebuild()
            self.find_off()
        return note is not None

    def watch(
        self,
        recorder: Recorder,
        demand: Sequence[tuple[str, Destination]] = (),
        *,
        since: float | None = None,
        failed: Failed = note_failure,
    ) -> None:
        """Record bridge ends and their changes, demand, and log lines, those from `since` on, until `unwatch`."""
        self._watching = recorder, failed
        wanted, tell = by_broker(demand, self.state.brokers), told_in_words(failed)
        looks = Looks(ends=self.management.ends, demands=self.management.demands)
        self._watch = BridgeWatch(wanted, looks, self._actives, self._power, self.clock, recorder, tell)
        self._watch.begin(self.management.pool)
        self.management.pool.submit(self.router.begin)  # so that a first change is as quick as the next one
        self._logs = log_watch.follow(
            self._docker, self.state.instances, self.clock, recorder, since, tell, self.mask, self._watch.hear
        )
        patterns = {broker.name: broker.identity.observe for broker in self.note.plan.brokers}
        self._observers = ObserverWatch(
            self.state.instances, patterns, self.management.observed, self.clock, recorder, tell, self._observed
        )
        self._observers.begin()

    def watch_demand(self, demand: Sequence[tuple[str, Destination]]) -> None:
        """Replace the destinations whose demand is recorded."""
        if self._watch is not None:
            self._watch.set_demand(by_broker(demand, self.state.brokers))

    def unwatch(self) -> None:
        """Stop recording, after the log lines that are there by now."""
        self._watching = None
        if self._watch is not None:
            self._watch.end()
            self._watch = None
        for log in self._logs:
            log.end()
        self._logs = ()
        if self._observers is not None:
            self._observers.end()
            self._observers = None

    def whereabouts(self) -> Whereabouts:
        """Return the addresses and ports at which this machine reaches the lab."""
        return self.state.whereabouts()

    def status(self) -> Status:
        """Return the current status of all parts, from a fresh look that uses none of the states remembered here."""
        fresh = EmulatedLab(self._docker, self.note)
        try:
            fresh.find_off()
            return look(self._docker, self.note, self.state, fresh.management, fresh.links, fresh.policies.dropped)
        finally:
            fresh.release()

    def logs(self, name: str, *, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        """Return the lines of a container's log, with passwords masked."""
        return map(self.mask().text, logs.lines(self._docker, self.note.run, name, tail=tail, follow=follow))

    def find_off(self) -> None:
        """Send no request to instances that verbs have taken out; if any are, their states are read from the engine."""
        if self.note.off:
            self._find()

    def _find(self, *, meanwhile: bool = False) -> None:
        """Read each instance's state from the engine, and of a frozen one from the note whether it is active."""
        # The watch looks at no standby: one that has ended would be up for good.
        watched = () if self._watch is None else {self._actives.last(each).name for each in self.state.brokers}
        self._power.refresh(self.note, watched=watched, meanwhile=meanwhile)
        for its in self.state.instances:
            if self.note.off.get(its.name):
                self._actives.remember_frozen(its)

    def release(self) -> None:
        """Close this process's connections to the lab; the lab itself lives on."""
        self.unwatch()
        self.management.close()
        self.router.release()

    def _look(self, broker: str) -> None:
        """Let the watch look at a broker at once, since its bridge ends may be lost."""
        if self._watch is not None:
            self._watch.look(broker)
