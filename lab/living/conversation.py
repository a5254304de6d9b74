"""A client of a broker for a program: it sends and knows what became of that, listens and waits for what comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType

from lab.clients.base import PATIENCE
from lab.errors import BrokerError, InputError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import Client, ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Outgoing, Terms


class Conversation:
    """One connection to one broker, over one protocol, as one user; it ends with its block, or with its lab's."""

    def __init__(self, name: str, connect: Callable[[ClientEvents], Client], clock: Clock) -> None:
        self.name = name
        self._heard = _Heard(clock)
        self._count = 0
        self._client = connect(self._heard)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def subscribe(
        self, *, topic: str | None = None, queue: str | None = None, qos: int = 1, selector: str | None = None
    ) -> None:
        """Listen to a topic or a queue; names are ActiveMQ's (`a.b`, wildcards `*` and `>`), whatever the protocol."""
        self._client.subscribe(Terms(destination=destination(topic, queue), qos=qos, selector=selector))

    def publish(
        self,
        body: str | bytes,
        *,
        topic: str | None = None,
        queue: str | None = None,
        qos: int = 1,
        persistent: bool = True,
        retained: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a message, and return once the broker has said that it has it; BrokerError where it has not.

        Quality of service and `retained` are MQTT's; `persistent` and headers are of the protocols that have them.
        """
        self._count += 1
        number, to = f"{self._count}-{self.name}", destination(topic, queue)
        self._client.publish(
            Outgoing(
                id=number,
                destination=to,
                body=body.encode() if isinstance(body, str) else body,
                headers=dict(headers or {}),
                qos=qos,
                persistent=persistent,
                retained=retained,
            )
        )
        self._heard.accepted(number, f"send to {to}")

    def receive(self, within: float = 10.0) -> Incoming:
        """Return the next message that has come, or comes within so many seconds; LabTimeout where none does."""
        return self._heard.next(within)

    def close(self) -> None:
        """Leave the broker. Harmless where that was done before."""
        self._client.close()


class _Heard:
    """What a client tells, kept until somebody asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._came: deque[Incoming | Exception] = deque()
        self._outcomes: dict[str, tuple[SendOutcome, str]] = {}

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        self._outcomes[id] = (outcome, note)
        self._clock.notify()

    def received(self, message: Incoming) -> None:
        self._take(message)

    def lost(self, why: str) -> None:
        self._take(BrokerError(f"the connection was lost: {why}", "connect again"))

    def broke(self, error: Exception) -> None:
        self._take(error)

    def accepted(self, id: str, what: str) -> None:
        if not self._clock.wait(lambda: id in self._outcomes, PATIENCE):
            raise LabTimeout(f"{what}: no receipt came for {PATIENCE:g} s")
        outcome, note = self._outcomes.pop(id)
        if outcome is not SendOutcome.OK:
            raise BrokerError(f"{what}: {outcome}" + (f", {note}" if note else ""))

    def next(self, within: float) -> Incoming:
        taken: list[Incoming | Exception] = []

        def take() -> bool:
            if not taken:
                with suppress(IndexError):  # several threads may ask
                    taken.append(self._came.popleft())
            return bool(taken)

        if not self._clock.wait(take, within):
            raise LabTimeout(f"no message came within {within:g} s")
        (found,) = taken
        if isinstance(found, Exception):
            self._take(found)  # for whoever asks again
            raise found
        return found

    def _take(self, what: Incoming | Exception) -> None:
        self._came.append(what)
        self._clock.notify()


def destination(topic: str | None, queue: str | None) -> Destination:
    """Return the one that is named."""
    if topic is not None and queue is None:
        return Destination(kind="topic", name=topic)
    if queue is not None and topic is None:
        return Destination(kind="queue", name=queue)
    raise InputError.of("name a topic or a queue", "topic='prices.eur', or queue='orders'")
