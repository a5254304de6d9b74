"""A simulated lab: models in virtual time with the protocol of `lab.runtime.lab`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from lab.amazonmq.files.activemq_xml import LOCK_INTERVAL
from lab.amazonmq.files.broker_files import STRANGER_PASSWORD
from lab.base.masking import Mask
from lab.errors import BrokerError, InputError
from lab.history import (
    Recorder,
)
from lab.network.vpc import Network
from lab.plan.control import Control
from lab.plan.values import BrokerPlan, Plan
from lab.report.run_folder import keep_next
from lab.runtime.client import Client, ClientEvents, Endpoint
from lab.runtime.lab import Failed, by_broker, note_failure
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session
from lab.runtime.runtime import Addition, Opening
from lab.runtime.state_file import StateFile
from lab.runtime.status import Status, Whereabouts
from lab.simulation import status
from lab.simulation.broker_process import BrokerProcess
from lab.simulation.calibrated_range import Boundary
from lab.simulation.clock import VirtualClock, nanoseconds
from lab.simulation.costs import Costs, with_values
from lab.simulation.hosts import SimulatedHosts
from lab.simulation.ignoring import without
from lab.simulation.instances import Instance, Instances, Machine, StoreLock
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.logs import InstanceLog
from lab.simulation.management import Management
from lab.simulation.network import Links, Policies
from lab.simulation.observers import Observed, Observers
from lab.simulation.passwords import Passwords
from lab.simulation.tcp.fabric import Fabric
from lab.simulation.watch import Watch

_STORM, _EACH = 2_000_000, 100_000  # events within a second that no lab has, and for each broker: 15 a message at most


class SimulatedLab:
    """A lab of models, which exists only in this process."""

    note_folder: Path | None = None  # no other process can reach it
    links_type, policies_type, instances_type, management_type = Links, Policies, Instances, Management

    def __init__(
        self,
        opening: Opening,
        note: StateFile,
        costs: Costs | None = None,
        limit: timedelta | None = None,
        ignored: Sequence[str] = (),
    ) -> None:
        plan, storm = note.plan, _STORM + _EACH * len(note.plan.brokers)
        horizon = {} if limit is None else {"horizon": nanoseconds(limit.total_seconds())}
        self.note, self.costs = note, costs or with_values({})
        self.kernel = kernel = Kernel(storm=storm, **horizon)
        self.clock, self.fabric = VirtualClock(kernel), Fabric(kernel, plan, tls=self.costs.tls, first=self.costs.first)
        self.links = self.links_type(kernel, self.fabric.paths, plan.links, takes=self.costs.link)
        self.policies = self.policies_type(kernel, self.fabric, plan.network)
        self.hosts = SimulatedHosts()
        self._passwords = Passwords(opening.passwords, opening.masked, note.control)
        self._watch: Watch | None = None
        self._boundary, self._ignored = Boundary(kernel), ignored
        self._running: dict[str, BrokerProcess] = {}  # by instance
        self._machine = Machine(
            kernel=kernel,
            costs=self.costs,
            host=self.fabric,
            lock_interval=nanoseconds(LOCK_INTERVAL / 1000),
            launch=self._launch,
            version=lambda broker: self.note.plan.broker(broker).activemq_version,
            served=self._changed,
        )
        brokers = {broker.name: self._made(broker) for broker in plan.brokers}
        self.instances = self.instances_type(kernel, brokers, self._changed)
        self._observers = self._made_observers(plan)
        self.management = self.management_type(kernel, self.instances, self._running, self._changed)

    def add(self, addition: Addition) -> None:
        """Add a broker, which is not started; an earlier broker of its name has been deleted."""
        plan, name = addition.plan, addition.broker
        broker = plan.broker(name)
        record = next(each for each, _ in addition.control.account.later if each.name == name)
        self.note = self.note.with_fields(plan=plan, control=addition.control)
        self._passwords.add(record, addition.passwords)
        self.fabric.add(plan, broker)
        self.instances.add(name, self._made(broker))
        made = self.instances.brokers[name]
        self._observers.add(name, broker.identity.observe, {each.name: self._observed(each) for each in made})
        self.policies.apply(plan.network)
        if self._watch is not None:
            self._watch.add(name)

    def _made(self, broker: BrokerPlan) -> tuple[Instance, ...]:
        lock, pair = StoreLock(), len(broker.instances) > 1
        found = []
        for its in broker.instances:
            mark = its.number if pair else 0
            log = InstanceLog(self.kernel, self.note.opened, broker.name, mark, self.mask)
            found.append(Instance(its.name, broker.name, its.number, mark, lock, log, self._machine))
        return tuple(found)

    def _made_observers(self, plan: Plan) -> Observers:
        patterns = {broker.name: broker.identity.observe for broker in plan.brokers}
        instances = {each.name: self._observed(each) for each in self.instances.all}
        return Observers(patterns, instances, self.kernel)

    def _observed(self, instance: Instance) -> Observed:
        return Observed(broker=instance.broker, mark=instance.mark, answers=partial(self._answers, instance))

    def _answers(self, instance: Instance) -> bool:
        return self.instances.answering(instance.broker) is instance

    def _launch(self, instance: Instance) -> BrokerProcess:
        broker = instance.broker
        made = without(self.note.plan, broker, self._ignored)
        plan = made.plan
        self._boundary.tell_ignored(made.ignored)
        self._running[instance.name] = running = BrokerProcess(
            self.kernel,
            self.fabric,
            plan,
            broker,
            next(each for each in plan.broker(broker).instances if each.number == instance.number),
            instance.lock.store,
            self._passwords.of(broker),
            self.costs,
            instance.log.write,
            lambda: self._changed(broker),
            partial(self._boundary.tell, broker),
            self._observers.begin(instance.name),
        )
        return running

    def stand(self, age: int) -> None:
        """Set the brokers' periodic timers as if the lab had run for so many ns longer."""
        for running in self._running.values():
            running.stand(age)
        self.instances.stand(age)

    def _changed(self, broker: str) -> None:
        if self._watch is not None:
            self._watch.look(broker)
        self.kernel.notify()

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
        """Connect a client to the broker's active instance."""
        from lab.simulation.clients import Target, connect  # here, since a lab may stand without any client

        holder = self.instances.holder(broker)
        if holder is None or (holder.mark and self.instances.answering(broker) is None):
            raise BrokerError(f"no instance of broker {broker} is active", how="refused")
        password = self._passwords.password(broker, user) if approach.knows_password else STRANGER_PASSWORD
        where = next(its for its in self.note.plan.broker(broker).instances if its.number == holder.number)
        client_id = session.client_id or f"mqlab-{self.note.run}-{client}"
        target = Target.of(where, over, user, password, client_id, approach)
        return connect(over, self.kernel, self.clock, self.fabric, target, events, session)

    def endpoint(self, broker: str, over: str, user: str, client_id: str) -> Endpoint:
        """Raise InputError: no other program can reach a simulated broker."""
        raise InputError.of(
            "another program cannot connect to a simulated broker, which has no address",
            "connect with the lab's clients, or open the lab with --runtime emulation",
        )

    def password(self, broker: str, user: str) -> SecretStr:
        """Return a user's password."""
        return SecretStr(self._passwords.password(broker, user))

    def mask(self) -> Mask:
        """Return the mask of all passwords."""
        return self._passwords.mask()

    def enforce(self, network: Network) -> None:
        """Apply a Network's policies."""
        self.policies.apply(network)

    def keep_password(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Keep a password under a number."""
        self._passwords.keep(broker, user, number, password)

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        """Prepare a broker to start with the files of `plan` next time."""
        self._passwords.apply(broker, passwords)
        keep_next(Path(self.note.folder), broker, self.mask().text(plan.broker(broker).activemq_xml))
        self.note = self.note.with_fields(plan=plan)

    def keep_control(self, control: Control) -> None:
        """Keep the service's records."""
        self.note = self.note.with_fields(plan=replace(self.note.plan, network=control.network), control=control)

    def keep_off(self, instances: Mapping[str, bool], recorded: Mapping[str, tuple[str, float]]) -> None:
        """Keep the instances that verbs have stopped, and their records."""
        self.note = self.note.with_fields(off=instances, recorded=recorded)

    @property
    def time(self) -> datetime:
        """Return the virtual clock's date and time."""
        return self.note.opened + timedelta(seconds=self.kernel.now / SECOND)

    def refresh(self) -> bool:
        """Return True: no other process can change the lab."""
        return True

    def watch(
        self,
        recorder: Recorder,
        demand: Sequence[tuple[str, Destination]] = (),
        *,
        since: float | None = None,
        failed: Failed = note_failure,
    ) -> None:
        """Record bridge ends and demand as they change, and log lines, until `unwatch`."""
        logs, wanted = [its.log for its in self.instances.all], by_broker(demand, self.instances.brokers)
        self._watch = Watch(self.kernel, self.instances, logs, self.management, recorder, wanted, since)
        self._boundary.follow(recorder.record)
        self._observers.follow(recorder)

    def watch_demand(self, demand: Sequence[tuple[str, Destination]]) -> None:
        """Replace the destinations whose demand is recorded."""
        if self._watch is not None:
            self._watch.set_demand(by_broker(demand, self.instances.brokers))

    def unwatch(self) -> None:
        """Stop recording."""
        if self._watch is not None:
            self._watch.end()
            self._watch = None
            self._boundary.unfollow()
            self._observers.unfollow()

    def whereabouts(self) -> Whereabouts:
        """Return nothing: the lab has no address on this machine."""
        return Whereabouts(ca_file="", reached_at="", networks={}, brokers=dict.fromkeys(self.instances.brokers, ()))

    def status(self) -> Status:
        """Return the current status of all parts."""
        return status.look(
            self.note, self.whereabouts(), self.instances, self.management, self.links, self.policies.dropped()
        )

    def logs(self, name: str, *, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        """Yield the lines of an instance's log."""
        for instance in self.instances.all:
            if instance.name == name:
                return instance.log.tail(tail)
        known = ", ".join(instance.name for instance in self.instances.all)
        raise InputError.of(f'a simulation has no log of "{name}"', f"name one of: {known}")

    def keep_logs(self) -> None:
        """Write every instance's log into the run folder; one that cannot be written makes a warning."""
        folder = Path(self.note.folder) / "logs"
        try:
            folder.mkdir(exist_ok=True)
            for instance in self.instances.all:
                (folder / f"{instance.name}.log").write_text(
                    "".join(f"{line}\n" for line in instance.log.lines), "utf-8"
                )
        except OSError as error:
            logging.getLogger("lab").warning("not every log could be kept: %s", error)
