"""A living simulated lab: the protocol of `lab.runtime.lab`, done by models in virtual time."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from lab.activemq.bridge_logins import INBOUND, OUTBOUND
from lab.amazonmq.files.activemq_xml import LOCK_INTERVAL
from lab.amazonmq.files.broker_files import STRANGER_PASSWORD
from lab.errors import BrokerError, InputError
from lab.history import (
    BridgeSeen,
    BrokerChanged,
    ConnectorChanged,
    Counted,
    DestinationSeen,
    Recorder,
    SnapshotTaken,
)
from lab.masking import Mask
from lab.plan.control import Control
from lab.plan.values import BridgePlan, BrokerPlan, Plan
from lab.run_folder import keep_next
from lab.runtime.client import Client, ClientEvents, Endpoint
from lab.runtime.lab import Failed, Silent, by_broker, note_failure
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session
from lab.runtime.note import Note
from lab.runtime.runtime import Opening
from lab.runtime.status import Status, Whereabouts
from lab.simulation import broker_counters, status
from lab.simulation.beyond import Boundary
from lab.simulation.broker_process import BrokerProcess
from lab.simulation.clock import VirtualClock, nanoseconds
from lab.simulation.costs import Costs, with_values
from lab.simulation.ignoring import without
from lab.simulation.instances import Instance, Machine, Power, StoreLock
from lab.simulation.kernel import Kernel
from lab.simulation.logs import InstanceLog
from lab.simulation.network import SimulatedNetwork
from lab.simulation.passwords import Passwords
from lab.simulation.switches import Switches
from lab.simulation.tcp.fabric import Fabric
from lab.simulation.watch import Watch

_STORM, _EACH = 2_000_000, 100_000  # events within a second that no lab has, and for each broker: 15 a message at most


class SimulatedLab(SimulatedNetwork, Switches):
    """A lab of models, which lives in this process alone."""

    note_folder: Path | None = None  # no other process can reach it

    def __init__(
        self,
        opening: Opening,
        note: Note,
        costs: Costs | None = None,
        limit: timedelta | None = None,
        ignored: Sequence[str] = (),
    ) -> None:
        plan, storm = note.plan, _STORM + _EACH * len(note.plan.brokers)
        horizon = {} if limit is None else {"horizon": nanoseconds(limit.total_seconds())}
        self.note, self.costs = note, costs or with_values({})
        self.kernel = kernel = Kernel(storm=storm, **horizon)
        self.clock, self.fabric = VirtualClock(kernel), Fabric(kernel, plan, tls=self.costs.tls, first=self.costs.first)
        super().__init__(kernel, self.fabric, plan.links, plan.network, takes=self.costs.link)
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
        self.power = Power(kernel, {broker.name: self._instances(broker) for broker in plan.brokers})

    def _instances(self, broker: BrokerPlan) -> tuple[Instance, ...]:
        lock, pair = StoreLock(), len(broker.instances) > 1
        found = []
        for its in broker.instances:
            mark = its.number if pair else 0
            log = InstanceLog(self.kernel, self.note.opened, broker.name, mark, self.mask)
            found.append(Instance(its.name, broker.name, its.number, mark, lock, log, self._machine))
        return tuple(found)

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
        )
        return running

    def stand(self, age: int) -> None:
        """Have the brokers' periodic timers be where they would be had the lab stood for so many ns longer."""
        for running in self._running.values():
            running.stand(age)
        self.power.stand(age)

    def started(self, broker: str, instance: int = 1) -> bool:
        """Return whether an instance serves, or waits for its store's lock, which another one has."""
        return self.power.instance(broker, instance).ready

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

        holder = self.power.holder(broker)
        if holder is None or (holder.mark and self.power.answering(broker) is None):
            raise BrokerError(f"no instance of broker {broker} is active", how="refused")
        password = self._passwords.password(broker, user) if approach.knows_password else STRANGER_PASSWORD
        where = next(its for its in self.note.plan.broker(broker).instances if its.number == holder.number)
        client_id = session.client_id or f"mqlab-{self.note.run}-{client}"
        target = Target.of(where, over, user, password, client_id, approach)
        return connect(over, self.kernel, self.clock, self.fabric, target, events, session)

    def endpoint(self, broker: str, over: str, user: str, client_id: str) -> Endpoint:
        """Raise InputError: no other program can reach a simulated broker."""
        raise InputError.of(
            "a simulated broker has no address that another program could connect to",
            "connect with the lab's own clients, or open the lab with the runtime emulation",
        )

    def password(self, broker: str, user: str) -> SecretStr:
        """Return a user's password."""
        return SecretStr(self._passwords.password(broker, user))

    def mask(self) -> Mask:
        """Return the mask of all passwords."""
        return self._passwords.mask()

    def delete(self, broker: str) -> BrokerChanged:
        """Remove a broker with its store."""
        for its in self.power.brokers[broker]:
            its.delete()
        self._changed(broker)
        return BrokerChanged(t=self.clock.now(), broker=broker, state="deleted")

    def keep_password(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Keep a password under a number."""
        self._passwords.keep(broker, user, number, password)

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        """Have a broker start with the files of `plan` next time."""
        self._passwords.apply(broker, passwords)
        keep_next(Path(self.note.folder), broker, self.mask().text(plan.broker(broker).activemq_xml))
        self.note = self.note.with_fields(plan=plan)

    def keep_control(self, control: Control) -> None:
        """Keep the service's records."""
        self.note = self.note.with_fields(plan=replace(self.note.plan, network=control.network), control=control)

    def keep_off(self, instances: Mapping[str, bool], recorded: Mapping[str, tuple[str, float]]) -> None:
        """Keep the instances that verbs have stopped, and their records."""
        self.note = self.note.with_fields(off=instances, recorded=recorded)

    def refresh(self) -> bool:
        """Return True: no other process can change the lab."""
        return True

    def _answering(self, broker: str) -> BrokerProcess:
        its = self.power.answering(broker)
        if its is None:
            raise Silent(f"broker {broker} does not run, or is frozen: its management does not answer")
        return self._running[its.name]

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        """Stop or start a network connector."""
        wire = self._answering(broker).wire
        assert wire is not None  # it answers
        wire.change_connector(connector, do)
        self._changed(broker)
        state = {"stop": "stopped", "start": "started"}[do]
        return ConnectorChanged(t=self.clock.now(), broker=broker, connector=connector, state=state)

    def demand(self, broker: str, destination: Destination, towards: str | None = None) -> bool:
        """Return whether a bridge's consumer is on the destination, or one of a bridge towards a broker."""
        return self._answering(broker).broker.demand(str(destination), towards)

    def has_demand(self, broker: str, destination: Destination) -> bool:
        """Return the same; False of a broker that does not run."""
        return self.power.answering(broker) is not None and self.demand(broker, destination)

    def ends(self, broker: str) -> Sequence[BridgeSeen]:
        """Return the bridge ends that a broker lists; none of one that does not run."""
        if self.power.answering(broker) is None or (wire := self._answering(broker).wire) is None:
            return ()
        return wire.bridges()

    def bridges(self) -> Sequence[BridgeSeen]:
        """Return every bridge end."""
        return tuple(end for broker in self.power.brokers for end in self.ends(broker))

    def bridge_is_up(self, bridge: BridgePlan) -> bool:
        """Return whether both ends list a bridge, and each has accepted the other's subscription to advisories."""
        here, there, name = bridge.initiator, bridge.responder, bridge.connector
        if self.power.answering(here) is None or self.power.answering(there) is None:
            return False
        seen = {(e.broker, e.created_by_duplex) for at in (here, there) for e in self.ends(at) if e.connector == name}
        if not {(here, False), *([(there, True)] if bridge.duplex else [])} <= seen:
            return False
        at_responder = (name, here, INBOUND, there) if bridge.duplex else (name, here, OUTBOUND)
        return self._answering(there).broker.follows(*at_responder) and (
            not bridge.duplex or self._answering(here).broker.follows(name, there, INBOUND, here)
        )

    def purge(self, brokers: Sequence[str]) -> None:
        """Remove the brokers' messages, and the subscriptions that kept them."""
        for broker in brokers:
            self._answering(broker).broker.purge()

    def destinations(self, wanted: Sequence[tuple[str, Destination]]) -> Sequence[DestinationSeen]:
        """Return the counters of the destinations named; a broker that is down has none."""
        return tuple(
            seen
            for broker in dict.fromkeys(name for name, _ in wanted)
            if self.power.answering(broker) is not None
            for seen in self._answering(broker).broker.destinations_seen(
                self.clock.now(), [str(destination) for name, destination in wanted if name == broker]
            )
        )

    def snapshot(self, name: str) -> Sequence[Counted | SnapshotTaken]:
        """Return the counters of all brokers at one moment."""
        t = self.clock.now()
        return tuple(
            seen
            for broker in self.power.brokers
            for seen in (
                broker_counters.silent(name, broker, t)
                if self.power.answering(broker) is None
                else broker_counters.read(name, broker, self._answering(broker), t)
            )
        )

    def watch(
        self,
        recorder: Recorder,
        demand: Sequence[tuple[str, Destination]] = (),
        *,
        since: float | None = None,
        failed: Failed = note_failure,
    ) -> None:
        """Record bridge ends and demand as they change, and log lines, until `unwatch`."""
        logs = [its.log for instances in self.power.brokers.values() for its in instances]
        self._watch = Watch(self.kernel, self.power, logs, self, recorder, by_broker(demand, self.power.brokers), since)
        self._boundary.follow(recorder.record)

    def watch_demand(self, demand: Sequence[tuple[str, Destination]]) -> None:
        """Replace the destinations whose demand is recorded."""
        if self._watch is not None:
            self._watch.set_demand(by_broker(demand, self.power.brokers))

    def unwatch(self) -> None:
        """Stop recording."""
        if self._watch is not None:
            self._watch.end()
            self._watch = None
            self._boundary.unfollow()

    def whereabouts(self) -> Whereabouts:
        """Return nothing: the lab has no address on this machine."""
        return Whereabouts(ca_file="", reached_at="", networks={}, brokers=dict.fromkeys(self.power.brokers, ()))

    def status(self) -> Status:
        """Return the current status of all parts."""
        return status.look(
            self.note,
            self.whereabouts(),
            self.power,
            self,
            self.bridge_is_up,
            self.links(),
            self.link_now,
            self.dropped(),
        )

    def logs(self, name: str, *, tail: int | None = None, follow: bool = False) -> Iterator[str]:
        """Yield the lines of an instance's log."""
        for instances in self.power.brokers.values():
            for its in instances:
                if its.name == name:
                    return its.log.tail(tail)
        known = ", ".join(its.name for instances in self.power.brokers.values() for its in instances)
        raise InputError.of(f'no log of "{name}" in a simulation', f"there is: {known}")

    def keep_logs(self) -> None:
        """Write every instance's log into the run folder; one that cannot be written makes a warning."""
        folder = Path(self.note.folder) / "logs"
        try:
            folder.mkdir(exist_ok=True)
            for instances in self.power.brokers.values():
                for its in instances:
                    (folder / f"{its.name}.log").write_text("".join(f"{line}\n" for line in its.log.lines), "utf-8")
        except OSError as error:
            logging.getLogger("lab").warning("not every log could be kept: %s", error)
