"""A Lab in memory, in virtual time: two brokers' worth of topics and queues, bridges that forward, links that delay."""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf

from pydantic import SecretStr

from lab.activemq.destinations import hears
from lab.activemq.selectors import matches
from lab.errors import BrokerError, LabTimeout
from lab.history import (
    BridgeSeen,
    BrokerChanged,
    ConnectorChanged,
    Counted,
    Demand,
    DestinationSeen,
    LinkChanged,
    LinkSeen,
    LogLine,
    PacketsDropped,
    PolicyApplied,
    Recorder,
    SendOutcome,
    SnapshotTaken,
)
from lab.link.impairment import Impairment, LinkState
from lab.network.link import impairment_text
from lab.network.reach import reach
from lab.network.vpc import Network
from lab.plan.values import Plan
from lab.replay.bridge_paths import carries, initial_states
from lab.runtime.client import ClientEvents
from lab.runtime.lab import Attempt, Failed, note_failure
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Incoming, Look, Outgoing, Session, Terms

RECEIPT, LOCAL, OCEAN, LEARNT = 0.002, 0.004, 0.035, 0.1  # seconds
ENDING, BOOTING = 1.5, 3.0  # seconds that a broker takes to stop, and to start
TAKEOVER = 0.7  # seconds that a standby takes
LOOK_EVERY = 0.05  # seconds between two looks at a condition, as the real clock does


@dataclass(eq=False)
class Waiting:
    """Somebody who waits: until a condition holds, or an end."""

    until: Callable[[], bool]
    end: float
    held: bool = False
    error: Exception | None = None
    turn: threading.Event = field(default_factory=threading.Event)


class VirtualClock:
    """Time that passes only while everybody waits. One at a time goes on, always in the same order."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._waiting: list[Waiting] = []

    def now(self) -> float:
        return self._now

    def at(self, moment: float, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (moment, self._count, what))

    def pass_at_once(self, seconds: float) -> None:
        """Let time pass without anybody's noticing, as for a process that was stopped."""
        self._now += seconds

    def sleep(self, seconds: float) -> None:
        self.wait(lambda: False, seconds)

    def begin(self, name: str, work: Callable[[], None]) -> None:
        mine = Waiting(until=lambda: True, end=self._now)
        self._waiting.append(mine)

        def run() -> None:
            mine.turn.wait()
            try:
                work()
            finally:
                if self._waiting:
                    self._next()

        threading.Thread(target=run, name=name, daemon=True).start()

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        if until():
            return True
        mine = Waiting(until=until, end=self._now + seconds)
        self._waiting.append(mine)
        self._next()
        mine.turn.wait()
        if mine.error is not None:
            raise mine.error
        return mine.held

    def notify(self) -> None:
        pass

    def _next(self) -> None:
        """Let the next one go on: whose condition holds, else whose end comes first; time passes in between."""
        while True:
            for each in self._waiting:
                try:
                    each.held = each.until()
                except Exception as error:  # noqa: BLE001 (it is for whoever waits, not for who looks)
                    each.error = error
                if each.held or each.error is not None:
                    return self._go(each)
            first = min(self._waiting, key=lambda each: each.end)
            look = self._now + LOOK_EVERY
            if look < first.end < inf and not (self._due and self._due[0][0] <= look):
                self._now = look  # a condition may be one of time alone
                continue
            if not self._due or self._due[0][0] > first.end:
                assert first.end < inf, "everybody waits for what nobody will ever do"
                self._now = max(self._now, first.end)
                first.held = first.until()
                return self._go(first)
            moment, _, what = heapq.heappop(self._due)
            self._now = max(self._now, moment)
            what()

    def _go(self, who: Waiting) -> None:
        self._waiting.remove(who)
        who.turn.set()


@dataclass
class FakeClient:
    lab: FakeLab
    name: str
    broker: str
    events: ClientEvents
    subscriptions: list[Terms] = field(default_factory=list)
    unsettled: dict[str, tuple[Terms, str, Outgoing]] = field(default_factory=dict)  # by token, in order
    flying: dict[str, None] = field(default_factory=dict)
    gone: bool = False
    closed: bool = False

    def subscribe(self, terms: Terms) -> None:
        destination = terms.destination
        if destination.name == "forbidden":
            raise BrokerError(f"subscribe to {destination}: refused")
        self.subscriptions.append(terms)
        self.lab.subscribed_at[self.broker, destination] = self.lab.clock.now()
        self.lab.give_kept(self, terms)

    def unsubscribe(self, destination: Destination) -> None:
        self.subscriptions = [terms for terms in self.subscriptions if terms.destination != destination]
        self._give_back(destination)

    def browse(self, queue: Destination, within: float) -> Look:
        if queue.name == "forbidden":
            raise BrokerError(f"browse {queue}: refused")
        self.lab.clock.sleep(RECEIPT)
        heard = any(to == queue for _, to in self.lab.subscribed_at)
        left = () if heard else tuple(each for each in self.lab.published if each.destination == queue)
        return Look(
            tuple(Incoming(queue, each.body, each.headers, False, False) for each in left), queue.name != "deep"
        )

    def temporary(self) -> str:
        self.subscriptions.append(Terms(destination=Destination(kind="temp-queue", name=self.name)))
        return self.name

    def acknowledge(self, tokens: Sequence[str]) -> Sequence[SendOutcome]:
        self.lab.clock.sleep(RECEIPT)
        outcomes = []
        for token in tokens:
            if self.gone or token not in self.unsettled:
                outcomes.append(SendOutcome.UNKNOWN if self.gone else SendOutcome.FAILED)
                continue
            terms = self.unsettled[token][0]
            before = list(self.unsettled)[: list(self.unsettled).index(token)] if terms.ack == "client" else []
            for each in (*before, token):
                del self.unsettled[each]
            outcomes.append(SendOutcome.OK)
        return outcomes

    def _give_back(self, destination: Destination | None = None) -> None:
        for token, (terms, sender, message) in tuple(self.unsettled.items()):
            if destination in (None, terms.destination):
                del self.unsettled[token]
                self.lab.again(self, terms, sender, message)

    def _go(self) -> None:
        own, self.subscriptions = self.subscriptions, []
        self.lab.away.update({(self.broker, self.name, terms.destination): terms for terms in own if terms.durable})
        self._give_back()

    def publish(self, message: Outgoing) -> None:
        if self.gone:
            self.events.acknowledged(message.id, SendOutcome.FAILED, "not sent: the connection was lost")
            return
        self.flying[message.id] = None
        self.lab.publish(self, message)

    def close(self) -> None:
        self.closed = True
        self._go()
        for each in tuple(self.flying):
            self.settle(each, SendOutcome.UNKNOWN, "no receipt came: the client was closed")
        self.lab.closed.append(self.name)

    def settle(self, id: str, outcome: SendOutcome = SendOutcome.OK, note: str = "") -> None:
        if id in self.flying:
            del self.flying[id]
            self.events.acknowledged(id, outcome, note)

    def lose(self) -> None:
        self.gone = True
        self._go()
        for each in tuple(self.flying):
            self.settle(each, SendOutcome.UNKNOWN, "no receipt came: the connection was lost")
        self.events.lost("the connection was lost")


class FakeLab:
    """What a replay may ask of a lab, answered from memory."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock = VirtualClock()
        self.states = initial_states(plan)
        self.impairments = {(each.name, way.leaving): way.impairment for each in plan.links for way in each.directions}
        self.clients: list[FakeClient] = []
        self.closed: list[str] = []
        self.subscribed_at: dict[tuple[str, Destination], float] = {}
        self.published: list[Outgoing] = []
        self.unwatched = 0
        self.down: dict[str, str] = {}  # brokers that do not run, by how that came
        self.broken_revisions = 0  # how many starts to come end before a broker listens
        self.deadly: set[str] = set()  # brokers whose files end an instance when it becomes the active one
        self.died: set[tuple[str, int]] = set()
        self.out: set[tuple[str, int]] = set()  # instances of pairs that do not run
        self.down |= {broker.name: "not created yet" for broker in plan.brokers if broker.later}
        self.actives = {broker.name: 1 for broker in plan.brokers}
        self.kept: list[tuple[str, Outgoing]] = []  # what a broker's store holds for one that is down
        self.away: dict[tuple[str, str, Destination], Terms] = {}  # durable subscriptions, by broker and client
        self.kept_for: dict[tuple[str, str, Destination], list[tuple[str, Outgoing]]] = {}
        self.returned: list[tuple[str, Outgoing]] = []  # of queues, given back when nobody else listened
        self.tokens = 0
        self.recorder: Recorder | None = None
        self.watch_fails: Failed = note_failure
        self.silent: set[str] = set()
        self.network = plan.network
        self.drops: Counter[tuple[str, str, str, str]] = Counter()
        self.lying = False  # packets do not do what the network says
        self.passwords: dict[tuple[str, str, int], SecretStr] = {}
        self.prepared: list[tuple[str, dict[str, int]]] = []
        self.on_publish: Callable[[FakeClient, Outgoing], bool] = lambda client, message: False

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
    ) -> FakeClient:
        if broker in self.down and self.down[broker] != "paused":
            raise BrokerError("the connection was refused", how="refused")
        if broker in self.down:
            self.clock.sleep(10.0 if approach.within is None else approach.within)
            raise LabTimeout("no answer")
        if approach.tls != "verified":
            raise BrokerError("its certificate is not to be trusted", how="tls-failed")
        if user == "stranger" or not approach.knows_password:
            raise BrokerError("not authorised: wrong user or password, or no permission", how="not-authorised")
        made = FakeClient(self, client, broker, events)
        self.clients.append(made)
        return made

    def publish(self, sender: FakeClient, message: Outgoing) -> None:
        self.published.append(message)
        if self.on_publish(sender, message):
            return
        now = self.clock.now()
        if message.destination.name == "closed":
            why = f"User testuser is not authorized to write to: {message.destination}"
            self.clock.at(now + RECEIPT, lambda: sender.settle(message.id, SendOutcome.FAILED, why))
            return
        self.clock.at(now + RECEIPT, lambda: sender.settle(message.id))
        self._forward(sender.broker, message)

    def _forward(self, sender: str, message: Outgoing) -> None:
        for listener in self.clients:
            for own in () if listener.gone else listener.subscriptions:
                if not hears(str(own.destination), str(message.destination)) or not lets(own, message):
                    continue
                if self.down and message.destination.kind == "queue":
                    self.kept.append((sender, message))
                elif not self.down and carries(self.plan, sender, listener.broker, self.states):
                    ocean = OCEAN * (listener.broker != sender)
                    self.deliver(listener, own, message, self.clock.now() + LOCAL + ocean)

        for key, terms in self.away.items():
            reached = hears(str(terms.destination), str(message.destination)) and lets(terms, message)
            if reached and carries(self.plan, sender, key[0], self.states):
                self.kept_for.setdefault(key, []).append((sender, message))

    def give_kept(self, client: FakeClient, terms: Terms) -> None:
        """Return what was kept for a durable subscription, and what others gave back to a queue."""
        key = (client.broker, client.name, terms.destination)
        self.away.pop(key, None)
        for _, message in self.kept_for.pop(key, ()):
            self.deliver(client, terms, message, self.clock.now() + LOCAL)
        its = [each for each in self.returned if each[1].destination == terms.destination]
        self.returned = [each for each in self.returned if each not in its]
        for _, message in its:
            self.deliver(client, terms, message, self.clock.now() + LOCAL, redelivered=True)

    def again(self, giver: FakeClient, terms: Terms, sender: str, message: Outgoing) -> None:
        """Take back what a client had and did not acknowledge."""
        for other in self.clients:
            for own in other.subscriptions:
                if other is not giver and terms.destination.kind == "queue" and own.destination == terms.destination:
                    self.deliver(other, own, message, self.clock.now() + LOCAL, redelivered=True)
                    return
        self.returned.append((sender, message))

    def deliver(
        self, listener: FakeClient, own: Terms, message: Outgoing, moment: float, *, redelivered: bool = False
    ) -> None:
        headers = message.headers if sends_headers(message) else {}
        token = None
        if own.ack != "auto":
            self.tokens += 1
            token = f"token-{self.tokens}"
        asks = own.replies and message.reply_to is not None
        back = Destination(kind="temp-queue", name=str(message.reply_to)) if asks else None
        incoming = Incoming(own.destination, message.body, headers, message.retained, redelivered, token, back)

        def arrive() -> None:
            if listener.closed or listener.gone:
                key = (listener.broker, listener.name, own.destination)
                if key in self.away:  # it went while this was on its way
                    self.kept_for.setdefault(key, []).append((listener.broker, message))
                return
            if token is not None:
                listener.unsettled[token] = (own, listener.broker, message)
            listener.events.received(incoming)

        self.clock.at(moment, arrive)

    def change_link(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        ways = [way for way in self.plan.link(link).directions if leaving in (None, way.leaving)]
        for way in ways:
            self.states[link, way.leaving] = state or self.states[link, way.leaving]
            self.impairments[link, way.leaving] = impairment or self.impairments[link, way.leaving]
        return [
            LinkChanged(
                t=self.clock.now(),
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                state=str(self.states[link, way.leaving]),
                impairment=impairment_text(impairment or way.impairment),
            )
            for way in ways
        ]

    def active(self, broker: str) -> int | None:
        return None if self.down.get(broker, "paused") != "paused" else self.actives[broker]

    def apply_network(self, network: Network) -> PolicyApplied:
        self.network = network
        return PolicyApplied(t=self.clock.now(), took_ms=0.0)

    def dropped(self) -> Sequence[PacketsDropped]:
        return [
            PacketsDropped(t=self.clock.now(), source=source, target=target, at=at, cause=cause, packets=packets)
            for (source, target, at, cause), packets in self.drops.items()
        ]

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        found = reach(self.network, source, target, port)
        if self.lying:
            return Attempt("open", 2 * OCEAN)
        if not found.yes:
            at = {"no-ingress-rule": "in", "no-egress-rule": "out"}.get(str(found.stop), "way")
            ends = (target, source) if found.stop == "no-return-route" else (source, target)
            self.drops[(*ends, at, found.words.removeprefix("no way back: "))] += 2
            self.clock.sleep(within)
            return Attempt("silent", within)
        if not all(state is LinkState.OPEN for state in self.states.values()):
            self.clock.sleep(within)
            return Attempt("silent", within)
        self.clock.sleep(2 * OCEAN)
        return Attempt("refused" if target in self.down else "open", 2 * OCEAN)

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        self.clock.sleep(min(ENDING, within))
        return self._out(broker, "stopped" if within >= ENDING else "killed", instance)

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        return self._out(broker, "killed", instance)

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        self.died.discard((broker, instance))
        standby = self.active(broker) not in (None, instance)
        if broker in self.deadly and not standby:
            self.clock.at(self.clock.now() + 1, lambda: self.died.add((broker, instance)))
        elif standby and not self.broken_revisions:
            self.clock.at(self.clock.now() + BOOTING, lambda: self.out.discard((broker, instance)))
        elif standby:
            pass  # it ends before it could take over
        else:
            self.down[broker], self.actives[broker] = "starting", instance
            self.clock.at(self.clock.now() + BOOTING, lambda: self._booted(broker))
        return self._changed(broker, "starting", instance, standby=standby)

    def started(self, broker: str, instance: int = 1) -> bool:
        if (broker, instance) in self.died:
            raise BrokerError(f"broker {broker} ended while starting")
        if self.broken_revisions and (self.down.get(broker) == "starting" or (broker, instance) in self.out):
            self.broken_revisions -= 1
            if broker in self.down:
                self.down[broker] = "stopped"
            raise BrokerError(f"broker {broker} ended while starting")
        return broker not in self.down and (broker, instance) not in self.out

    def keep_password(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        self.passwords[broker, user, number] = password

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        ended = self.down.get(broker) in ("stopped", "killed") or any(name == broker for name, _ in self.out)
        assert ended, "an instance reads its files when it starts"
        self.deadly.discard(broker)
        if "redeliveryPlugin" in plan.broker(broker).activemq_xml:
            self.deadly.add(broker)
        self.plan = plan
        self.prepared.append((broker, dict(passwords)))

    def delete(self, broker: str) -> BrokerChanged:
        self.out |= {(broker, its.number) for its in self.plan.broker(broker).instances}
        return self._out(broker, "deleted", self.actives[broker])

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        self.down[broker] = "paused"
        return self._changed(broker, "paused", instance)

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        self._back(broker)
        return self._changed(broker, "resumed", instance)

    def change_connector(self, broker: str, connector: str, do: str) -> ConnectorChanged:
        if broker in self.down:
            raise BrokerError(f"broker {broker}'s management does not answer")
        self._ends_turn(connector, broker, up=do == "start")
        return ConnectorChanged(
            t=self.clock.now(), broker=broker, connector=connector, state="stopped" if do == "stop" else "started"
        )

    def _changed(self, broker: str, state: str, instance: int, *, standby: bool = False) -> BrokerChanged:
        number = instance if len(self.plan.broker(broker).instances) > 1 else 0
        return BrokerChanged(t=self.clock.now(), broker=broker, state=state, instance=number, standby=standby)

    def _take_over(self, broker: str, instance: int) -> None:
        if broker in self.deadly:
            self.died.add((broker, instance))
            self.out.add((broker, instance))
            return
        self.actives[broker] = instance
        if self.recorder is not None:
            self.recorder.record(self._changed(broker, "active", instance))
        self._back(broker)
        self.clock.at(self.clock.now() + 1, lambda: self._bridges_turn(broker, up=True))

    def _out(self, broker: str, state: str, instance: int) -> BrokerChanged:
        others = [its.number for its in self.plan.broker(broker).instances if its.number != instance]
        if others:
            self.out.add((broker, instance))
        if self.actives[broker] != instance:
            return self._changed(broker, state, instance, standby=True)
        for other in (each for each in others if (broker, each) not in self.out):
            self.clock.at(self.clock.now() + TAKEOVER, partial(self._take_over, broker, other))
        self.down[broker] = state
        for client in self.clients:
            if client.broker == broker and not client.closed:
                client.lose()
        self._bridges_turn(broker, up=False)
        return self._changed(broker, state, instance)

    def _booted(self, broker: str) -> None:
        self.out.discard((broker, self.actives[broker]))
        self._say(broker, "BrokerService | Apache ActiveMQ 5.18.3 (it, ID:it-1-1-0:1) started", "broker-started")
        self._back(broker)
        self.clock.at(self.clock.now() + 1, lambda: self._bridges_turn(broker, up=True))

    def _back(self, broker: str) -> None:
        del self.down[broker]
        kept, self.kept = self.kept, []
        for sender, message in kept:
            self._forward(sender, message)

    def _bridges_turn(self, broker: str, *, up: bool) -> None:
        for bridge in self.plan.bridges:
            if broker in (bridge.initiator, bridge.responder) and not (up and self.down):
                self._ends_turn(bridge.connector, bridge.initiator, up=up)

    def _ends_turn(self, connector: str, initiator: str, *, up: bool) -> None:
        for end in self._ends(connector, initiator):
            if self.recorder is not None:
                self.recorder.record(end.with_fields(up=up))

    def _say(self, broker: str, text: str, name: str) -> None:
        if self.recorder is not None:
            self.recorder.record(LogLine(t=self.clock.now(), broker=broker, level="INFO", text=text, name=name))

    def demand(self, broker: str, destination: Destination, towards: str | None = None) -> bool:
        self.clock.at(self.clock.now() + 0.05, lambda: None)
        return any(
            at != broker and own == destination and since + LEARNT <= self.clock.now()
            for (at, own), since in self.subscribed_at.items()
        ) and all(state is LinkState.OPEN for state in self.states.values())

    def bridges(self) -> Sequence[BridgeSeen]:
        return [
            end
            for bridge in self.plan.bridges
            if not {"deleted", "not created yet"} & {self.down.get(bridge.initiator), self.down.get(bridge.responder)}
            for end in self._ends(bridge.connector, bridge.initiator)
        ]

    def destinations(self, of: Sequence[tuple[str, Destination]]) -> Sequence[DestinationSeen]:
        return [
            DestinationSeen(
                t=self.clock.now(),
                broker=broker,
                destination=str(destination),
                enqueued=sum(message.destination == destination for message in self.published),
                dequeued=0,
                forwarded=0,
                queued=0,
                consumers=0,
            )
            for broker, destination in of
        ]

    def links(self) -> Sequence[LinkSeen]:
        return []

    def snapshot(self, name: str) -> Sequence[Counted | SnapshotTaken]:
        now = self.clock.now()
        seen: list[Counted | SnapshotTaken] = []
        for broker in (each.name for each in self.plan.brokers):
            if broker in self.silent:
                seen.append(SnapshotTaken(t=now, snapshot=name, broker=broker, answered=False))
                continue
            for destination in dict.fromkeys(str(message.destination) for message in self.published):
                of = sum(str(message.destination) == destination for message in self.published)
                seen.append(
                    Counted(
                        t=now,
                        snapshot=name,
                        broker=broker,
                        of="destination",
                        name=destination,
                        counters={"enqueued": of},
                    )
                )
            seen.append(SnapshotTaken(t=now, snapshot=name, broker=broker))
        return seen

    def watch_demand(self, demand: Sequence[tuple[str, Destination]]) -> None:
        self.wanted = demand

    def watch(
        self,
        recorder: Recorder,
        demand: Sequence[tuple[str, Destination]] = (),
        *,
        since: float | None = None,
        failed: Failed = note_failure,
    ) -> None:
        self.recorder, self.watch_fails = recorder, failed
        for end in self.bridges():
            recorder.record(end)

        def look() -> None:
            for broker, destination in demand:
                present, now = self.demand(broker, destination), self.clock.now()
                recorder.record(Demand(t=now, broker=broker, destination=str(destination), present=present))
            if not self.unwatched:
                self.clock.at(self.clock.now() + 0.5, look)

        if demand:
            look()

    def unwatch(self) -> None:
        self.unwatched += 1

    def _ends(self, connector: str, initiator: str) -> list[BridgeSeen]:
        (responder,) = (b.responder for b in self.plan.bridges if (b.connector, b.initiator) == (connector, initiator))
        return [
            BridgeSeen(
                t=self.clock.now(),
                connector=connector,
                broker=here,
                remote=there,
                remote_address="192.0.2.1:61617",
                created_by_duplex=by_duplex,
                up=True,
            )
            for here, there, by_duplex in ((initiator, responder, False), (responder, initiator, True))
        ]


def sends_headers(message: Outgoing) -> bool:
    return not message.destination.name.startswith("bare")  # a name for what MQTT would carry


def lets(terms: Terms, message: Outgoing) -> bool:
    """Tell whether a subscription's selector lets a message through."""
    return terms.selector is None or matches(terms.selector, message.headers)
