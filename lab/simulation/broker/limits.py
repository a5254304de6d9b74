"""How much a broker keeps: near its limits a real one holds its producers back, which is not modelled.

From half of a limit on what the models do is a guess, and at the limit the run ends: nothing more would be taken.
"""

from __future__ import annotations

from collections.abc import Callable

from lab.errors import PlanError
from lab.simulation.broker.beyond import Tell
from lab.simulation.broker.message import Message
from lab.units import format_size

MIB = 2**20
STORE = 512 * MIB  # half of the limit that the lab's brokers have for their store


class Limits:
    """The octets of all messages that one process holds; it tells where the simulation begins to guess.

    A message is held once, for all that wait for it: `Message.incrementReferenceCount`. What is handed out and not
    acknowledged is in memory too, whether it is stored or not.
    """

    def __init__(self, broker: str, heap: int, now: Callable[[], int], beyond: Tell) -> None:
        # Half of the memory that the lab's brokers have for messages: memoryUsage is 70 % of the heap.
        memory = heap * 35 // 100 // MIB * MIB
        self._broker, self._now, self._beyond = broker, now, beyond
        self._memory, self._store = _Held(memory), _Held(STORE)

    def add(self, message: Message, stored: bool) -> None:
        """Count a message; tell, once, if they are more than half of what may be there, and raise PlanError if all."""
        held = self._store if stored else self._memory
        if message in (times := held.times):
            times[message] += 1
            return
        times[message] = 1
        held.octets = octets = held.octets + message.size
        if octets > held.most:
            self._leave(held, stored)

    def store(self, octets: int) -> None:
        """Count a message of a queue, which nothing else in the store holds."""
        held = self._store
        held.octets = octets = held.octets + octets
        if octets > held.most:
            self._leave(held, True)

    def unstore(self, octets: int) -> None:
        """Count a message of a queue no more."""
        self._store.octets -= octets

    def _leave(self, held: _Held, stored: bool) -> None:
        most = held.most
        if not held.left:
            held.left = True
            self._beyond(self._words(most, stored), self._now())
        if held.octets > 2 * most:
            raise PlanError(
                self._words(2 * most, stored), "a real broker takes no more: run it with --runtime emulation"
            )

    def _words(self, most: int, stored: bool) -> str:
        where = "store" if stored else "memory"
        return f"more than {format_size(most)} of messages wait at {self._broker} in its {where}"

    def remove(self, message: Message, stored: bool) -> None:
        """Count a message once less."""
        held = self._store if stored else self._memory
        if times := held.times.pop(message) - 1:
            held.times[message] = times
        else:
            held.octets -= message.size


class _Held:
    __slots__ = ("left", "most", "octets", "times")

    def __init__(self, most: int) -> None:
        self.most, self.left = most, False
        self.octets = 0
        self.times: dict[Message, int] = {}  # how often each is held
