"""How much a broker keeps: near its limits a real one holds its producers back, which is not modelled."""

from __future__ import annotations

from lab.errors import PlanError
from lab.simulation.broker.message import Message
from lab.units import format_size

MIB = 2**20
STORE = 512 * MIB  # half of the limit that the lab's brokers have for their store


class Limits:
    """The octets of all messages that one process holds; the simulation ends where it would have to guess.

    A message is held once, whoever waits for it: `Message.incrementReferenceCount`. What is handed out and not
    acknowledged is in memory too, whether it is stored or not.
    """

    def __init__(self, broker: str, heap: int) -> None:
        # Half of the memory that the lab's brokers have for messages: memoryUsage is 70 % of the heap.
        memory = heap * 35 // 100 // MIB * MIB
        self._broker = broker
        self._memory, self._store = _Held(memory), _Held(STORE)

    def add(self, message: Message, *, stored: bool) -> None:
        """Count a message; raise PlanError if there are too many to know what a real broker would do."""
        held = self._store if stored else self._memory
        if held.add(message):
            raise PlanError(
                f"more than {format_size(held.most)} of messages wait at {self._broker} "
                f"{'in its store' if stored else 'in its memory'}",
                "the simulation has no model of a broker that is nearly full: run it with --runtime emulation",
            )

    def remove(self, message: Message, *, stored: bool) -> None:
        """Count a message once less."""
        (self._store if stored else self._memory).remove(message)


class _Held:
    def __init__(self, most: int) -> None:
        self.most = most
        self._octets = 0
        self._times: dict[Message, int] = {}

    def add(self, message: Message) -> bool:
        """Count a message, and return whether there are too many now."""
        times = self._times.get(message, 0)
        self._times[message] = times + 1
        if not times:
            self._octets += message.size
        return self._octets > self.most

    def remove(self, message: Message) -> None:
        if (times := self._times[message]) > 1:
            self._times[message] = times - 1
        else:
            del self._times[message]
            self._octets -= message.size
