"""Worlds of applications, drawn from seeds: the events that observers report, and the deliveries that were made.

A shop at Tokyo sends to Singapore, where billing listens. The link is cut, clients crash, Singapore's broker dies, and
observers lose events. The truth knows which messages billing read, also those that it never acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from random import Random

from lab.history import (
    BEAT,
    BrokerChanged,
    ConsumerSeen,
    Ended,
    Marked,
    MessageSeen,
    Observation,
    ObserverChanged,
    Watched,
)

END, WITHIN, MARK = 45.0, 5.0, "from here on"
LOST = "its buffer of events was full"


@dataclass(kw_only=True)
class Session:
    """One consumer of billing at Singapore."""

    consumer: str
    client_id: str
    begin: float
    end: float = inf


@dataclass(kw_only=True)
class Message:
    """A message that the shop sent and Tokyo accepted, and its deliveries.

    A delivery is an acknowledgement. Of a copy that was never acknowledged it is the moment at which billing read it.
    """

    id: str
    sent: float
    expected: bool = True
    had: list[float] = field(default_factory=list)
    unacknowledged: bool = False
    expired: bool = False


@dataclass(kw_only=True)
class World:
    """What happened, and the observations of it."""

    seed: int
    destination: str
    automatic: bool = False  # the broker acknowledges by itself
    persistent: bool = True
    lifetime: float | None = None  # of each message, in seconds
    numbered: bool = False  # an AMQP sender numbers its messages from 1 at each start
    sessions: list[Session] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    cut: tuple[float, float] = (inf, inf)
    death: float = inf  # of Singapore's broker, which is back after 2 s
    killed: bool = True  # the lab killed it
    mark: float = 0.0
    faulty: bool = False  # something happened that may leave a verdict unknown
    lines: list[Observation] = field(default_factory=list)

    def holds(self, promise: str) -> bool | None:
        """Return whether a promise was kept; None if no message was expected."""
        expected = [each for each in self.messages if each.expected and each.sent >= self.mark]
        if not expected:
            return None
        if promise == "nothing":
            return not any(each.had for each in expected)
        most = promise == "at-least-once" or all(len(each.had) <= 1 for each in expected)
        least = promise == "at-most-once" or all(each.had for each in expected)
        timed = [each for each in expected if each.had and not (each.unacknowledged and promise == "at-most-once")]
        in_time = all(min(each.had) <= each.sent + WITHIN for each in timed)
        return most and least and in_time


def draw(seed: int) -> World:
    """Return the world of a seed."""
    dice = Random(seed)
    kind = dice.choice(("queue", "queue", "topic"))
    world = World(seed=seed, destination=f"{kind}://orders")
    world.automatic = dice.random() < 0.1
    world.persistent = dice.random() < 0.8
    world.numbered = dice.random() < 0.15
    if dice.random() < 0.3:
        begin = dice.uniform(5, 20)
        world.cut = (begin, begin + dice.choice((0.3, 3.0, 8.0)))
        world.faulty = True
    if dice.random() < 0.25:
        world.death, world.killed = dice.uniform(6, 22), dice.random() < 0.5
        world.faulty = True
    if kind == "queue" and dice.random() < 0.25:
        world.lifetime = dice.choice((2.0, 6.0))
    if dice.random() < 0.3:
        world.mark = dice.uniform(8, 20)
    _sessions(world, dice, kind)
    _send(world, dice)
    _note(world, dice)
    return world


def _sessions(world: World, dice: Random, kind: str) -> None:
    number = 0

    def open_(begin: float, end: float) -> None:
        nonlocal number
        number += 1
        its = Session(consumer=f"c{number}", client_id=f"billing-{number % 2}", begin=begin, end=end)
        world.sessions.append(its)

    crash = dice.uniform(8, 25) if dice.random() < 0.4 else inf
    world.faulty |= crash < inf
    back = world.death + dice.uniform(2.5, 4)
    for begin, end in ((1.0, world.death), (back, inf)):
        if begin >= END:
            continue
        if begin < crash < end:
            open_(begin, crash)
            if dice.random() < 0.7 and crash + 3 < end:
                open_(crash + dice.uniform(0.5, 3), end)
        else:
            open_(begin, end)
    if kind == "queue" and dice.random() < 0.3:
        open_(2.0, world.death)


def _is_between(world: World, t: float) -> bool:
    """Return whether the audience changes around a moment, so that both words would be true."""
    edges = [edge for each in world.sessions for edge in (each.begin, each.end)]
    if world.destination.startswith("queue"):
        edges = [max(each.end for each in world.sessions)]
    return any(abs(t - edge) < 1.2 for edge in edges)


def _send(world: World, dice: Random) -> None:
    t, number, start = 2.5, 0, 0
    renumbers = dice.uniform(5, 25) if world.numbered else inf
    over = "amqp+ssl" if world.numbered else "stomp+ssl"
    while t < 30:
        t += dice.choice((0.05, 0.4, 1.5, 3.0))
        if _is_between(world, t):
            continue
        if t > renumbers:
            number, renumbers, world.faulty = 0, inf, True
        number += 1
        id_ = f"{number}" if world.numbered else f"ID:shop-{start}:{number}"
        if dice.random() < 0.04:
            world.faulty = True
            _event(
                world, t, "tokyo", "sent", id_, over=over, client_id="shop", why="the broker is stopping", took=0.001
            )
            if dice.random() < 0.5:
                continue
            t += 0.3
            if _is_between(world, t):
                continue
        _event(world, t, "tokyo", "sent", id_, over=over, client_id="shop", took=0.001, lifetime=world.lifetime)
        message = Message(id=id_, sent=t)
        world.messages.append(message)
        if world.destination.startswith("topic"):
            message.expected = any(each.begin < t < each.end for each in world.sessions)
        else:  # a client that does not come back is not expected to receive more
            message.expected = t < max(each.end for each in world.sessions)
        _cross(world, dice, message)


def _cross(world: World, dice: Random, message: Message) -> None:
    begin, heal = world.cut
    if not message.expected:
        return  # no demand crossed the bridge
    arrival = message.sent + 0.04
    _event(world, message.sent + 0.001, "tokyo", "dispatched", message.id, consumer="bridge", network=True)
    twice = False
    if begin <= arrival < heal:
        if world.destination.startswith("topic") and heal - begin > 5 and not world.persistent:
            return  # its bridge ended, and nothing keeps the message
        twice = message.sent < begin or dice.random() < 0.05
        arrival = heal + dice.uniform(0.1, 0.6)
    if world.death - 0.05 <= arrival < world.death + 2.2:
        if world.destination.startswith("topic"):
            return  # its audience is gone
        arrival = world.death + dice.uniform(2.3, 4)
    if _is_over(world, message, arrival):
        _event(world, arrival, "tokyo", "expired", message.id)
        message.expired = True
        return
    _event(world, arrival + 0.04, "tokyo", "acknowledged", message.id, consumer="bridge", network=True)
    for number in range(2 if twice else 1):
        t = arrival + 0.3 * number
        _event(world, t, "singapore", "sent", message.id, network=True, client_id="bridge", took=0.001)
        _deliver(world, dice, message, t, t)


def _is_over(world: World, message: Message, t: float) -> bool:
    return world.lifetime is not None and t > message.sent + world.lifetime


def _deliver(
    world: World, dice: Random, message: Message, arrived: float, t: float, again: int = 0, read_before: float = inf
) -> None:
    """Hand a copy that arrived at Singapore to billing, until billing acknowledges the copy."""
    later = [each for each in world.sessions if each.end > t + 0.002]
    if world.destination.startswith("topic"):
        later = [each for each in later if each.begin < t]
    t = max(t, min((each.begin for each in later), default=END)) + 0.001
    if t > END or (arrived < world.death <= t and not world.persistent):  # nobody came, or the broker forgot it
        if read_before < inf:
            _read(message, read_before)
        return
    if _is_over(world, message, t):
        _event(world, t, "singapore", "expired", message.id)
        message.expired = True
        if read_before < inf:
            _read(message, read_before)
        return
    session = dice.choice([each for each in later if each.begin < t])
    _event(world, t, "singapore", "dispatched", message.id, consumer=session.consumer, redelivered=again)
    read = t + dice.uniform(0.001, 0.01)
    acknowledged = read + dice.choice((0.005, 0.005, 0.005, 0.7, 3.0))
    if dice.random() < 0.03:
        acknowledged, world.faulty = inf, True
        if dice.random() < 0.5:
            read = inf
    if world.automatic:
        _event(world, t + 0.0001, "singapore", "acknowledged", message.id, consumer=session.consumer, automatic=True)
        if read < session.end and dice.random() < 0.95:
            message.had.append(read)
        return
    if acknowledged < session.end:
        _event(world, acknowledged, "singapore", "acknowledged", message.id, consumer=session.consumer)
        message.had.append(acknowledged)
        return
    read_before = read if read < session.end else read_before
    if session.end < END and not world.destination.startswith("topic"):
        died = session.end == world.death  # a broker that died knows of no delivery
        _deliver(world, dice, message, arrived, session.end + 0.002, 0 if died else again + 1, read_before)
    elif read_before < inf:
        _read(message, read_before)


def _read(message: Message, t: float) -> None:
    message.had.append(t)
    message.unacknowledged = True


def _event(world: World, t: float, broker: str, name: str, message: str, **fields: object) -> None:
    seen = MessageSeen(t=t, broker=broker, event=name, message=message, destination=world.destination)
    if t < END - 2:
        world.lines.append(seen.with_fields(persistent=world.persistent, bytes=5, **fields))


def _note(world: World, dice: Random) -> None:
    """Put the world's other lines beside its messages, and take out the events that no observer told."""
    for broker in ("tokyo", "singapore"):
        world.lines.append(ObserverChanged(t=0.1, broker=broker, state="began", patterns=("orders", "topic:orders")))
    for each in world.sessions:
        told = ConsumerSeen(t=each.begin, broker="singapore", consumer=each.consumer, state="subscribed")
        world.lines.append(told.with_fields(destination=world.destination, client_id=each.client_id, over="stomp+ssl"))
        if each.end < END and each.end != world.death:
            gone = ConsumerSeen(t=each.end, broker="singapore", consumer=each.consumer, state="unsubscribed")
            world.lines.append(gone.with_fields(destination=world.destination))
    if world.death < END:
        read = world.death - dice.uniform(0.0, 0.5)
        world.lines = [each for each in world.lines if not _is_of(each, "singapore", read, world.death)]
        if world.killed:
            world.lines.append(BrokerChanged(t=world.death, broker="singapore", state="killed"))
            world.lines.append(BrokerChanged(t=world.death + 2, broker="singapore", state="started"))
        else:
            its = ObserverChanged(t=world.death + 0.2, broker="singapore", state="lost", since=read)
            world.lines.append(its.with_fields(why="its process ended"))
        began = ObserverChanged(t=world.death + 2.1, broker="singapore", state="began")
        world.lines.append(began.with_fields(patterns=("orders", "topic:orders")))
    if dice.random() < 0.2:
        broker, begin = dice.choice(("tokyo", "singapore")), dice.uniform(3, 25)
        end = begin + dice.choice((0.5, 5.0))
        lost = [each for each in world.lines if _is_of(each, broker, begin, end) and dice.random() < 0.6]
        if lost:
            world.faulty = True
            world.lines = [each for each in world.lines if not any(each is one for one in lost)]
            its = ObserverChanged(t=end + 0.1, broker=broker, state="lost", since=begin, lost_events=len(lost))
            world.lines.append(its.with_fields(why=LOST))
    if dice.random() < 0.5:
        world.lines += [Watched(t=n * BEAT) for n in range(1, int(END / BEAT))]
    if world.mark:
        world.lines.append(Marked(t=world.mark, text=MARK))
    world.lines = [*sorted(world.lines, key=lambda each: each.t), Ended(t=END, complete=True)]


def _is_of(seen: Observation, broker: str, begin: float, end: float) -> bool:
    """Return whether an observer's buffer had an event of a time."""
    return isinstance(seen, (MessageSeen, ConsumerSeen)) and seen.broker == broker and begin <= seen.t <= end
