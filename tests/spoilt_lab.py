"""A simulated lab for tests: open as soon as it is made, its clients at hand, and spoilt where a test needs that."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lab.declare.steps.base import State
from lab.declare.topology import Topology
from lab.errors import BrokerError
from lab.history import BrokerChanged, ConnectorChanged, LinkChanged, Recorder, SendOutcome
from lab.plan.values import Plan
from lab.runtime.client import Client, ClientEvents
from lab.runtime.lab import Attempt, Failed, note_failure
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Look, Outgoing, Session, Terms
from lab.runtime.progress import Logged
from lab.runtime.runtime import Opening, Passwords
from lab.simulation.broker_process import BrokerProcess
from lab.simulation.clock import nanoseconds
from lab.simulation.costs import with_values
from lab.simulation.instances import Instance, Instances
from lab.simulation.lab import SimulatedLab
from lab.simulation.management import Management
from lab.simulation.network import Links, Policies
from lab.simulation.opening import note_of, stand_up
from lab.simulation.tcp.connection import Connection

L = TypeVar("L", bound="SpoiltLab")
RUN = "run-1"
DEADLY = "redeliveryPlugin"  # of a configuration: an instance that starts from it ends, as a real one does
DEADLY_XML = f'<broker xmlns="http://activemq.apache.org/schema/core"><plugins><{DEADLY}/></plugins></broker>'
DIES_AFTER = 0.05  # seconds from when it has its store: sooner than it would serve


class KeptClient:
    """A client of a simulated broker, with its callbacks; a test may lose its connection."""

    def __init__(self, lab: SpoiltLab, name: str, broker: str, events: ClientEvents) -> None:
        self.lab, self.name, self.broker, self.events = lab, name, broker, events
        self.its: Any  # a SimulatedClient, as soon as it is connected
        self.closed = False

    def subscribe(self, terms: Terms) -> None:
        self.its.subscribe(terms)

    def unsubscribe(self, destination: Destination) -> None:
        self.its.unsubscribe(destination)

    def browse(self, queue: Destination, within: float) -> Look:
        return self.its.browse(queue, within)

    def temporary(self) -> str:
        return self.its.temporary()

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        return self.its.acknowledge(tokens)

    def publish(self, message: Outgoing) -> None:
        if self.lab.loses(self, message):  # it never reaches the broker
            self._connection.abort()
            self.its.publish(message)
            self.its.wire.closed("reset")
        else:
            self.its.publish(message)
        self.lab.on_publish(self, message)

    def close(self) -> None:
        self.closed = True
        self.lab.closed.append(self.name)
        self.its.close()
        self.lab.kernel.notify()

    def lose(self) -> None:
        """Reset its connection, at both ends; what it has sent arrives."""
        self._connection.abort()
        self.its.wire.closed("reset")

    @property
    def _connection(self) -> Connection:
        connection: Connection = self.its.wire.connection
        return connection


# Of no machine in particular, so that a calibration changes nothing here; links change at once.
COSTS = {
    "begin": "1.3s",
    "boot": "0.11s",
    "recover": "0.59s",
    "stop": "0.16s",
    "link": "0s",
    "tls": "15ms",
    "first": "0s",
    "message": "0.15ms",
    "handling": "1.5ms",
    "store-sync": "0.5ms",
}


class SpoiltLinks(Links):
    lab: SpoiltLab

    def change(self, *arguments: Any, **options: Any) -> Sequence[LinkChanged]:
        return self.lab.change_link(*arguments, **options)


class SpoiltPolicies(Policies):
    lab: SpoiltLab

    def attempt(self, *arguments: Any, **options: Any) -> Attempt:
        return self.lab.attempt(*arguments, **options)


class SpoiltManagement(Management):
    lab: SpoiltLab

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        return self.lab.change_connector(broker, connector, do)


class SpoiltInstances(Instances):
    lab: SpoiltLab

    def state(self, broker: str, instance: int = 1) -> State:
        return self.lab.instance_state(broker, instance)

    def has_ended(self, broker: str, instance: int = 1) -> bool:
        return self.lab.has_ended(broker, instance)

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        return self.lab.stop(broker, within=within, instance=instance)

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        return self.lab.kill(broker, instance)

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        return self.lab.start(broker, instance)

    def started(self, broker: str, instance: int = 1) -> bool:
        return self.lab.started(broker, instance)

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        return self.lab.pause(broker, instance)

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        return self.lab.resume(broker, instance)


class SpoiltLab(SimulatedLab):
    """A lab of models, in a folder of its own, that keeps its clients; its parts do what its own methods say."""

    links_type, policies_type = SpoiltLinks, SpoiltPolicies
    instances_type, management_type = SpoiltInstances, SpoiltManagement
    links: SpoiltLinks
    policies: SpoiltPolicies
    instances: SpoiltInstances
    management: SpoiltManagement

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening, note_of(opening), with_values(COSTS))
        self.links.lab = self.policies.lab = self.instances.lab = self.management.lab = self
        self.clients: list[KeptClient] = []
        self.closed: list[str] = []  # clients, in the order in which they were closed
        self.unwatched = 0
        self.watch_fails: Failed = note_failure  # to be called with an error that ends a part of the watch
        self.loses: Callable[[KeptClient, Outgoing], bool] = lambda client, message: False  # its connection, and that
        self.on_publish: Callable[[KeptClient, Outgoing], None] = lambda client, message: None  # after it was sent
        self.hears: Callable[[str, ClientEvents], ClientEvents] = lambda client, events: events  # what it hears by
        self.prepared: list[tuple[str, Mapping[str, int]]] = []
        self.dies: Callable[[Instance], bool] = self._is_deadly  # soon after it has the store
        self.ended: set[Instance] = set()  # instances that died so
        stand_up(self, Logged())

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
        made = self.kept(client, broker, events)
        made.its = super().connect(
            client=client,
            broker=broker,
            over=over,
            user=user,
            events=self.hears(client, events),
            session=session,
            approach=approach,
        )
        self.clients.append(made)
        return made

    def kept(self, client: str, broker: str, events: ClientEvents) -> KeptClient:
        return KeptClient(self, client, broker, events)

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        """Call something after so many seconds."""
        self.kernel.after(nanoseconds(seconds), do)

    def watch(
        self,
        recorder: Recorder,
        demand: Sequence[tuple[str, Destination]] = (),
        *,
        since: float | None = None,
        failed: Failed = note_failure,
    ) -> None:
        self.watch_fails = failed
        super().watch(recorder, demand, since=since, failed=failed)

    def unwatch(self) -> None:
        self.unwatched += self._watch is not None
        super().unwatch()

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        self.prepared.append((broker, passwords))
        super().prepare(broker, plan, passwords)

    def _is_deadly(self, its: Instance) -> bool:
        return DEADLY in self.note.plan.broker(its.broker).activemq_xml

    def _launch(self, its: Instance) -> BrokerProcess:
        if self.dies(its):
            self.after(DIES_AFTER, lambda: self.die(its))
        return super()._launch(its)

    def die(self, its: Instance) -> None:
        """End an instance by itself."""
        self.ended.add(its)
        its.kill()
        self._changed(its.broker)

    def change_link(self, *arguments: Any, **options: Any) -> Sequence[LinkChanged]:
        return Links.change(self.links, *arguments, **options)

    def attempt(self, *arguments: Any, **options: Any) -> Attempt:
        return Policies.attempt(self.policies, *arguments, **options)

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        return Management.change_connector(self.management, broker, connector, do)

    def instance_state(self, broker: str, instance: int = 1) -> State:
        return Instances.state(self.instances, broker, instance)

    def has_ended(self, broker: str, instance: int = 1) -> bool:
        return Instances.has_ended(self.instances, broker, instance)

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        return Instances.stop(self.instances, broker, within=within, instance=instance)

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        return Instances.kill(self.instances, broker, instance)

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        self.ended.discard(self.instances.instance(broker, instance))
        return Instances.start(self.instances, broker, instance)

    def started(self, broker: str, instance: int = 1) -> bool:
        if self.instances.instance(broker, instance) in self.ended:
            raise BrokerError(f"broker {broker} ended while starting")
        return Instances.started(self.instances, broker, instance)

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        return Instances.pause(self.instances, broker, instance)

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        return Instances.resume(self.instances, broker, instance)


def opening_of(plan: Plan, passwords: Passwords, *, reboot_time: float = 0.0) -> Opening:
    """Return how a lab of a Plan is opened, in a new folder."""
    folder = Path(tempfile.mkdtemp(prefix="mqlab-test-"))
    return Opening(
        plan=plan,
        run=RUN,
        scenario="s",
        folder=folder,
        note_folder=folder / "notes",
        passwords=passwords,
        reboot_time=reboot_time,
    )


def removing_folder(lab: L) -> L:
    """Return a lab whose folder goes with it."""
    weakref.finalize(lab, shutil.rmtree, lab.note.folder, ignore_errors=True)
    return lab


def opened(plan: Plan, topology: Topology, kind: type[L]) -> L:
    """Return the lab of a Plan and its topology, open."""
    reboot_time = topology.reboot_time.total_seconds()
    return removing_folder(kind(opening_of(plan, topology.passwords(), reboot_time=reboot_time)))
