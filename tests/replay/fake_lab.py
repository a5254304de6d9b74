"""A Lab in memory, in virtual time: two brokers' worth of topics and queues, bridges that forward, links that delay."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lab.declare.destinations import hears
from lab.errors import BrokerError
from lab.history import (
    BridgeSeen,
    Counted,
    Demand,
    DestinationSeen,
    LinkChanged,
    LinkSeen,
    Recorder,
    SendOutcome,
    SnapshotTaken,
)
from lab.network.link import Impairment, LinkState
from lab.plan import Plan
from lab.replay.paths import carries, initial_states
from lab.runtime.base import ClientEvents, Destination, Incoming, Outgoing

RECEIPT, LOCAL, OCEAN, LEARNT = 0.002, 0.004, 0.035, 0.1  # seconds


class VirtualClock:
    """Time that passes only while somebody waits."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> float:
        return self._now

    def at(self, moment: float, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (moment, self._count, what))

    def sleep(self, seconds: float) -> None:
        self.wait(lambda: False, seconds)

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        end = self._now + seconds
        while not until():
            if not self._due or self._due[0][0] > end:
                self._now = end
                return until()
            moment, _, what = heapq.heappop(self._due)
            self._now = max(self._now, moment)
            what()
        return True

    def notify(self) -> None:
        pass


@dataclass
class FakeClient:
    lab: FakeLab
    name: str
    broker: str
    events: ClientEvents
    subscriptions: list[Destination] = field(default_factory=list)
    flying: dict[str, None] = field(default_factory=dict)
    gone: bool = False
    closed: bool = False

    def subscribe(self, destination: Destination, *, qos: int) -> None:
        if destination.name == "forbidden":
            raise BrokerError(f"subscribe to {destination}: refused")
        self.subscriptions.append(destination)
        self.lab.subscribed_at[self.broker, destination] = self.lab.clock.now()

    def unsubscribe(self, destination: Destination) -> None:
        self.subscriptions.remove(destination)

    def publish(self, message: Outgoing) -> None:
        if self.gone:
            self.events.acknowledged(message.id, SendOutcome.FAILED, "not sent: the connection was lost")
            return
        self.flying[message.id] = None
        self.lab.publish(self, message)

    def close(self) -> None:
        self.closed = True
        for each in tuple(self.flying):
            self.settle(each, SendOutcome.UNKNOWN, "no receipt came: the client was closed")
        self.lab.closed.append(self.name)

    def settle(self, id: str, outcome: SendOutcome = SendOutcome.OK, note: str = "") -> None:
        if id in self.flying:
            del self.flying[id]
            self.events.acknowledged(id, outcome, note)

    def lose(self) -> None:
        self.gone = True
        for each in tuple(self.flying):
            self.settle(each, SendOutcome.UNKNOWN, "no receipt came: the connection was lost")
        self.events.lost("the connection was lost")


class FakeLab:
    """What a replay may ask of a lab, answered from memory."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock = VirtualClock()
        self.states = initial_states(plan)
        self.clients: list[FakeClient] = []
        self.closed: list[str] = []
        self.subscribed_at: dict[tuple[str, Destination], float] = {}
        self.published: list[Outgoing] = []
        self.unwatched = 0
        self.silent: set[str] = set()
        self.on_publish: Callable[[FakeClient, Outgoing], bool] = lambda client, message: False

    def connect(self, *, client: str, broker: str, over: str, user: str, events: ClientEvents) -> FakeClient:
        if user == "stranger":
            raise BrokerError("not authorised: wrong user or password, or no permission")
        made = FakeClient(self, client, broker, events)
        self.clients.append(made)
        return made

    def publish(self, sender: FakeClient, message: Outgoing) -> None:
        self.published.append(message)
        if self.on_publish(sender, message):
            return
        now = self.clock.now()
        self.clock.at(now + RECEIPT, lambda: sender.settle(message.id))
        for listener in self.clients:
            for own in listener.subscriptions:
                if hears(str(own), str(message.destination)) and carries(
                    self.plan, sender.broker, listener.broker, self.states
                ):
                    self.deliver(listener, own, message, now + LOCAL + OCEAN * (listener.broker != sender.broker))

    def deliver(self, listener: FakeClient, own: Destination, message: Outgoing, moment: float) -> None:
        headers = message.headers if sends_headers(message) else {}
        incoming = Incoming(
            destination=own, body=message.body, headers=headers, retained=message.retained, redelivered=False
        )
        self.clock.at(moment, lambda: None if listener.closed else listener.events.received(incoming))

    def change_link(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        ways = [way for way in self.plan.link(link).directions if leaving in (None, way.leaving)]
        for way in ways:
            self.states[link, way.leaving] = state or self.states[link, way.leaving]
        return [
            LinkChanged(
                t=self.clock.now(),
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                state=str(self.states[link, way.leaving]),
                impairment=str(impairment or way.impairment),
            )
            for way in ways
        ]

    def demand(self, broker: str, destination: Destination) -> bool:
        self.clock.at(self.clock.now() + 0.05, lambda: None)
        return any(
            at != broker and own == destination and since + LEARNT <= self.clock.now()
            for (at, own), since in self.subscribed_at.items()
        ) and all(state is LinkState.OPEN for state in self.states.values())

    def bridges(self) -> Sequence[BridgeSeen]:
        return [end for bridge in self.plan.bridges for end in self._ends(bridge.connector, bridge.initiator)]

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

    def watch(self, recorder: Recorder, demand: Sequence[tuple[str, Destination]] = ()) -> None:
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
