"""A broker's process: the clients logged in, the destinations, and the path of a message.

All its work is in virtual time: nothing blocks. A message costs the broker's processor its time, one after
the other; each persistent message of a queue costs a sync of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from lab.activemq.bridge_logins import INBOUND, is_login
from lab.activemq.destinations import is_on
from lab.activemq.forwarding.filters import parts
from lab.history import DestinationSeen
from lab.plan.values import BrokerPlan, InstancePlan
from lab.simulation.broker.advisories import (
    CONNECTIONS,
    CONSUMERS,
    Advisories,
    Forgotten,
    Told,
    of_destinations,
    of_producers,
)
from lab.simulation.broker.authorization import ADMIN, READ, WRITE, Authorization
from lab.simulation.broker.calibrated_range import Tell, refuse
from lab.simulation.broker.capacity import Capacity
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.counters import Counters, counters, seen
from lab.simulation.broker.dead_letters import Undertaker
from lab.simulation.broker.durable_subscriptions import DurableSubscription
from lab.simulation.broker.intake import Intake
from lab.simulation.broker.limits import limits
from lab.simulation.broker.logins import Logins
from lab.simulation.broker.message import Message
from lab.simulation.broker.network_filter import network_filter
from lab.simulation.broker.observer import Observer
from lab.simulation.broker.policies import policies
from lab.simulation.broker.process import Process
from lab.simulation.broker.queue import Queue
from lab.simulation.broker.regions import Regions
from lab.simulation.broker.releases import check_release
from lab.simulation.broker.selectors import selection
from lab.simulation.broker.session import Refused, Session
from lab.simulation.broker.settings import FREE, Costs, settings
from lab.simulation.broker.store import Journal, Store
from lab.simulation.broker.subscriptions import Deliver, Subscription, Test
from lab.simulation.broker.topic import Topic
from lab.simulation.broker.upkeep import Upkeep
from lab.simulation.broker.virtual_destinations import VirtualDestinations
from lab.simulation.kernel import MILLISECOND, Kernel

Log = Callable[[str, str, str], None]  # level, logger, text


class Broker:
    """A running process of an instance. Its memory is lost when it ends; its Store remains."""

    def __init__(
        self,
        kernel: Kernel,
        plan: BrokerPlan,
        instance: InstancePlan,
        store: Store,
        *,
        passwords: Mapping[str, str],  # by user
        log: Log,
        costs: Costs = FREE,
        leave_range: Tell = refuse,
        observer: Observer | None = None,
    ) -> None:
        self.kernel, self.process, self._temporary = kernel, Process(kernel), 0
        self.name, self.leave_range, self._observer = plan.name, leave_range, observer
        self.handling = costs.handling  # ns from thread to thread
        # Of the host, a port of a moment, and the moment of the start in ms: another one after each start.
        port = 32768 + zlib.crc32(f"{instance.name} {kernel.now}".encode()) % 28000
        self.id = f"ID:{instance.name}-{port}-{kernel.now // MILLISECOND}-0:1"
        check_release(plan.activemq_version)
        self.settings = settings(plan)
        self.store = store = store if self.settings.persistent else Store()
        groups = {user.name: frozenset(user.groups) for user in plan.identity.users}
        self._rights = Authorization(self.settings.xml)
        self._advisories = Advisories(self._rights, reported=self.settings.advisories)
        self._logins = Logins(
            self.name,
            self.id,
            passwords=passwords,
            groups=groups,
            log=log,
            admit=lambda session: self._advisories.check(session, CONNECTIONS),
            closed=self._closed,
        )
        self._journal = Journal(self.process, costs.sync if self.settings.persistent else 0, self.settings.checkpoint)
        undertaker = Undertaker(self._now, lambda message, done: self._intake.put(message, done), observer)
        self._regions = Regions(
            now=self._now,
            store=store,
            journal=self._journal,
            choose=(choose := policies(self.settings.xml)),
            dead_letters=undertaker,
            log=log,
            made=lambda name: self._advisories.send(of_destinations(name)),
            removed=self._advisories.removed,
            emptied=kernel.notify_of_message,
            limits=limits(self.settings, self.name, plan.heap, self._now, leave_range, choose),
            settings=self.settings,
        )
        self._upkeep = Upkeep(self.process, self._regions, self.settings, log)
        self._intake = Intake(
            self.process,
            self._regions,
            self._rights,
            self._advisories,
            VirtualDestinations(
                self.settings.xml,
                usual=self.settings.virtual_topics,
                refuses_nameless=self.settings.refuses_nameless_topics,
            ),
            watch=self._upkeep.watch,
            stamping=self.settings.stamping,
            costs=costs,
            capacity=Capacity(self.name, leave_range) if costs.capped else None,
            log=log,
            observer=observer,
        )
        self.send = self._intake.send
        store.open()
        self._regions.recover(self._test)
        for name in self.settings.destinations:
            self._regions.get(name)

    def stand(self, age: int) -> None:
        """Set periodic timers as if the process had run for so many ns longer."""
        self._upkeep.stand(age)

    def password(self, user: str) -> str:
        """Return a user's password, as the process was started with it; "" for a user that it does not have."""
        return self._logins.passwords.get(user, "")

    def login(
        self,
        user: str,
        password: str,
        client_id: str,
        address: str,
        *,
        steals: bool = False,
        ended: Callable[[str], None] | None = None,
        connector: str = "",
        network: bool = False,
        connection: str = "",
    ) -> Session:
        """Log in a connection; raise Refused, and log it.

        With `steals` another connection with the same client id is ended: MQTT's connector allows it.
        """
        session = self._logins.login(
            user,
            password,
            client_id,
            address,
            steals=steals,
            ended=ended,
            connector=connector,
            network=network,
            connection=connection,
        )
        self._advisories.send(CONNECTIONS)
        if self._observer is not None:
            self._observer.connected(session)
        return session

    def produce(self, destination: str, *, by: Session) -> Callable[[], None]:
        """Note a producer of one destination, which is created; return the function that ends it; raise Refused.

        Clients of MQTT and STOMP, and bridges, have producers of no destination, which are not counted.
        """
        self._intake.check(by, WRITE, destination)
        its = self._regions.get(destination)
        its.producers += 1
        its.idle_since = None
        self._advisories.send(of_producers(destination))

        def end() -> None:
            if by.producers.pop(id(end), None) is not None:
                its.producers -= 1
                self._advisories.send(of_producers(destination))

        by.producers[id(end)] = end
        return end

    def subscribe(self, info: ConsumerInfo, deliver: Deliver, *, by: Session) -> Subscription:
        """Add a consumer, whose first message comes after this has returned; raise Refused."""
        if self._observer is None:
            return self._subscribe(info, deliver, by)
        return self._observer.subscribe(info, by, lambda: self._subscribe(info, deliver, by))

    def _subscribe(self, info: ConsumerInfo, deliver: Deliver, by: Session) -> Subscription:
        for part in parts(info.destination):
            self._intake.make_virtual(part)
            self._intake.check(by, READ, part)
        subscription: Subscription
        if info.durable is not None and info.destination.startswith("topic://"):
            subscription = self._take_up(info, deliver, by)
        else:
            test = self._test(info, by.connector)
            subscription = self._regions.subscription(info, deliver, test, self._ended, by.address)
            self.process.after(0, self._join, subscription)
        by.subscriptions[info.id] = subscription
        return subscription

    def create_temporary(self, kind: str, *, by: Session) -> str:
        """Return a new temporary destination, gone when its session ends; `kind` is temp-queue or temp-topic."""
        self._temporary += 1
        name = f"{kind}://{self.id.rpartition(':')[0]}:{self._temporary}:1"
        self._rights.check(by, ADMIN, name)
        by.temporary[name] = None
        self._regions.get(name)
        return name

    def forget(self, client: str, name: str, *, by: Session) -> None:
        """End a durable subscription whose client is away; raise Refused."""
        durable = self._regions.durables.get((client, name))
        if durable is None:
            raise Refused(f"No durable subscription exists for clientID: {client} and subscriptionName: {name}")
        if durable.open:
            raise Refused("Durable consumer is in use")
        self._forget(client, name, durable)

    def _forget(self, client: str, name: str, durable: DurableSubscription) -> None:
        self._regions.forget((client, name))
        self._advisories.forget(client, name, durable.info.destination)
        if self._observer is not None:
            self._observer.forgotten(client, name)

    def purge(self) -> None:
        """Empty all queues, end durable subscriptions whose clients are away, and remove topics without consumers.

        As its management does by `purge`, `destroyDurableSubscriber` and `removeTopic`.
        """
        for (client, name), durable in list(self._regions.durables.items()):
            if not durable.open and not durable.info.network:
                self._forget(client, name, durable)
        for name, destination in list(self._regions.all.items()):
            if name.startswith("queue://") and isinstance(destination, Queue):
                destination.purge()
            elif name.startswith("topic://") and not destination.consumers:
                self._regions.remove(name)
        self.kernel.notify()

    def durables(self, client: str) -> tuple[ConsumerInfo, ...]:
        """Return the durable subscriptions that are kept for a client id."""
        return tuple(each.info for (its, _), each in self._regions.durables.items() if its == client)

    def all_durables(self) -> tuple[ConsumerInfo, ...]:
        """Return all durable subscriptions, each with the client id under which it is kept."""
        return tuple(replace(each.info, client=client) for (client, _), each in self._regions.durables.items())

    def browse(self, queue: str, *, by: Session, consumer: str = "") -> tuple[Message, ...]:
        """Return the messages of a queue that a browser gets, and remove none; raise Refused.

        Without the id of a consumer, the client asks only whether it may browse.
        """
        self._intake.check(by, READ, queue)
        found = self._regions.get(queue)
        shown = tuple(found.shown()) if isinstance(found, Queue) else ()
        if self._observer is not None and consumer:
            info = ConsumerInfo(id=consumer, client=by.client, destination=queue, prefetch=0, browser=True)
            self._observer.browsed(info, shown, by)
        return shown

    def consumers(self) -> Iterable[ConsumerInfo]:
        """Return all consumers without those of advisories."""
        return self._advisories.consumers.values()

    def follow_consumers(
        self, on_consumer: Told, forgotten: Forgotten | None = None, *, by: Session | None = None
    ) -> Callable[[], None]:
        """Report each consumer, then each that comes (True) or goes (False); return a function that stops this.

        `forgotten` learns of durable subscriptions that end for good, by client id and name. Raise Refused if `by` may
        not read the advisories.
        """
        if by is not None:
            self._intake.check(by, READ, CONSUMERS)
        self.kernel.notify()
        return self._advisories.follow(on_consumer, forgotten, client="" if by is None else by.client)

    def follows(self, *login: str) -> bool:
        """Return whether a bridge with the parts of this login has a subscription to the advisories on consumers."""
        return self._advisories.follows(*login)

    def demand(self, destination: str, towards: str | None = None) -> bool:
        """Return whether a bridge (`towards` a broker, if given) consumes a destination, by name or wildcard."""
        return any(
            info.network
            and (towards is None or is_login(info.client, info.connector or "", towards, INBOUND, self.name))
            and is_on(info.destination, destination)
            for info in self.consumers()
        )

    def counters(self) -> Counters:
        """Return all counters."""
        told = self._advisories
        connections = len(self._logins.sessions)
        return counters(self._regions, listeners=told.listeners, connections=connections)

    def destinations_seen(self, t: float, destinations: Sequence[str]) -> tuple[DestinationSeen, ...]:
        """Return the counters of the destinations named."""
        return seen(self.name, self._regions, destinations, t)

    def pause(self) -> None:
        """Freeze the process."""
        if self._observer is not None:
            self._observer.process("paused")
        self.process.pause()

    def resume(self) -> None:
        """Resume the process."""
        for session in self._logins.sessions.values():
            session.late = 0  # what has waited meanwhile has not waited for the store
        if self._observer is not None:
            self._observer.process("resumed")
        self.process.resume()

    def halt(self) -> None:
        """End the process at once: writes that were not synced are lost."""
        if self._observer is not None and self.process.alive:
            self._observer.process("halted")
        self.process.end()

    def stop(self) -> None:
        """End the process in order: all accepted messages are in the store."""
        self._journal.flush()
        self.store.clean = True
        if self._observer is not None:
            self._observer.stopped()
        self.process.end()

    def _join(self, subscription: Subscription) -> None:
        if subscription.open:
            self._regions.join(subscription)
            self._tell(subscription)

    def _take_up(self, info: ConsumerInfo, deliver: Deliver, by: Session) -> DurableSubscription:
        key = (by.client, info.durable or "")
        durable = self._regions.durable(info, key, self._test(info, by.connector))
        if durable.open:
            raise Refused(f"Durable consumer is in use for client: {by.client} and subscriptionName: {info.durable}")
        durable.take_up(info, deliver, self._ended, self._regions.durable_prefetch(info))
        self.process.after(0, self._activate, durable)
        return durable

    def _activate(self, durable: DurableSubscription) -> None:
        if durable.open:
            self._tell(durable)
            for destination in durable.destinations:
                if isinstance(destination, Topic):
                    destination.recover(durable)
            durable.more()

    def _tell(self, subscription: Subscription) -> None:
        self._advisories.add(subscription.info)
        self.kernel.notify()

    def _ended(self, subscription: Subscription, redelivered: bool) -> None:
        """Let go of a subscription whose consumer has closed it."""
        if not self.process.alive:
            return
        for session in self._logins.sessions.values():
            session.subscriptions.pop(subscription.info.id, None)
        if isinstance(subscription, DurableSubscription):
            subscription.put_away(redelivered=redelivered)
        else:
            self._regions.leave(subscription, redelivered=redelivered)
        self._advisories.remove(subscription.info)
        if self._observer is not None:
            self._observer.unsubscribed(subscription)
        self.kernel.notify()

    def _closed(self, session: Session) -> None:
        """Let go of a connection that has ended."""
        if not self.process.alive:
            return
        self._advisories.send(CONNECTIONS)
        if self._observer is not None:
            self._observer.disconnected(session)
        for name in session.temporary:
            self._regions.remove(name)

    def _test(self, info: ConsumerInfo, connector: str = "openwire") -> Test | None:
        """Return the test that selects a consumer's messages; None if it gets all."""
        passes = network_filter(info, self._now) if info.network else None
        if info.selector is None:
            return passes
        selects = selection(info.selector, connector)
        return lambda node: selects(node.message) and (passes is None or passes(node))

    def _now(self) -> int:
        return self.kernel.now
