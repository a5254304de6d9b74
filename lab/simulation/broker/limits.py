"""How much a broker keeps: near its limits a real one holds its producers back, which is not modelled.

From half of a limit on, the results of the models are a guess. At the limit of a whole broker the run ends: a real
broker would accept no further message. A destination's own memoryLimit may be passed, since the broker may write
further messages to disk.
"""

from __future__ import annotations

from collections.abc import Callable

from lab.base.units import format_size
from lab.errors import PlanError
from lab.simulation.broker.calibrated_range import Tell
from lab.simulation.broker.message import Message
from lab.simulation.broker.policies import Chooser
from lab.simulation.broker.settings import USUAL_PERCENT, Settings

MIB = 2**20
HEADERS = 724  # octets: `Message.getSize` takes 1024 for what is neither body nor property, and a frame has 300
STORE = 512 * MIB  # half of the limit that the lab's brokers have for their store


class Limits:
    """The octets of all messages that one process holds; it reports where the simulation begins to guess.

    A message is held once, for all that wait for it: `Message.incrementReferenceCount`. A message that is handed out
    and not acknowledged is in memory too, whether it is stored or not.
    """

    def __init__(
        self,
        broker: str,
        heap: int,
        now: Callable[[], int],
        leave_range: Tell,
        *,
        percent: int = USUAL_PERCENT,  # of the heap: memoryUsage
        persistent: bool = True,  # else its store is in memory too
        limit_of: Callable[[str], int] | None = None,  # octets that a destination may have in memory, if any may
    ) -> None:
        memory = heap * percent // 200  # half of it
        self._broker, self._now, self._leave_range, self._limit_of = broker, now, leave_range, limit_of
        self._memory = _Held(memory - memory % MIB if memory > MIB else memory, HEADERS)
        self._store = _Held(STORE) if persistent else self._memory
        self._tight: dict[str, _Held] = {}
        self._guesses: set[str] = set()

    def add(self, message: Message, stored: bool) -> None:
        """Count a message. Report once when half of the limit is passed; raise PlanError at the limit."""
        if self._limit_of is not None:
            self._hold(message, self._limit_of)
        held = self._store if stored else self._memory
        if message in (times := held.times):
            times[message] += 1
            return
        times[message] = 1
        held.octets = octets = held.octets + message.size + held.more
        if octets > held.most:
            self._leave(held)

    def store(self, message: Message) -> None:
        """Count a message of a queue, which nothing else in the store holds."""
        if self._limit_of is not None:
            self._hold(message, self._limit_of)
        held = self._store
        held.octets = octets = held.octets + message.size + held.more
        if octets > held.most:
            self._leave(held)

    def unstore(self, message: Message) -> None:
        """Stop counting a message of a queue."""
        self._store.octets -= message.size + self._store.more
        if self._limit_of is not None:
            _release(self._tight[message.destination], message)

    def guess(self, reason: str) -> None:
        """Report, once, the part of this broker that is a guess from now on."""
        if reason not in self._guesses:
            self._guesses.add(reason)
            self._leave_range(f"{reason} at {self._broker}", self._now())

    def _hold(self, message: Message, limit_of: Callable[[str], int]) -> None:
        """Count a message at its destination: in a cursor, a subscription, or on its way to an acknowledgement."""
        name = message.destination
        if (held := self._tight.get(name)) is None:
            held = self._tight[name] = _Held(limit_of(name) // 2, HEADERS)
        if message in held.times:
            held.times[message] += 1
            return
        held.times[message] = 1
        held.octets += message.size + held.more
        if 0 < held.most < held.octets and not held.left:
            held.left = True
            self._leave_range(f"more than half of the memoryLimit of {name} is in use at {self._broker}", self._now())

    def _leave(self, held: _Held) -> None:
        most = held.most
        if not held.left:
            held.left = True
            self._leave_range(self._words(most, held), self._now())
        if held.octets > 2 * most:
            raise PlanError(
                self._words(2 * most, held), "run it with --runtime emulation: a real broker accepts no more"
            )

    def _words(self, most: int, held: _Held) -> str:
        where = "memory" if held is self._memory else "store"
        return f"more than {format_size(most)} of messages wait in the {where} of {self._broker}"

    def remove(self, message: Message, stored: bool) -> None:
        """Count a message one time less."""
        _release(self._store if stored else self._memory, message)
        if self._limit_of is not None:
            _release(self._tight[message.destination], message)


def limits(
    settings: Settings, broker: str, heap: int, now: Callable[[], int], leave_range: Tell, choose: Chooser
) -> Limits:
    """Return the limits that a configuration sets."""
    return Limits(
        broker,
        heap,
        now,
        leave_range,
        percent=settings.memory_percent,
        persistent=settings.persistent,
        limit_of=(lambda name: choose(name).memory) if settings.limits_memory else None,
    )


class _Held:
    __slots__ = ("left", "more", "most", "octets", "times")

    def __init__(self, most: int, more: int = 0) -> None:
        self.most, self.more, self.left = most, more, False  # more: octets of each message beside its frame
        self.octets = 0
        self.times: dict[Message, int] = {}  # how often each is held


def _release(held: _Held, message: Message) -> None:
    if times := held.times.pop(message) - 1:
        held.times[message] = times
    else:
        held.octets -= message.size + held.more
