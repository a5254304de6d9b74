"""The clients of the page that listen by hand: their messages are shown, the latest first."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from threading import Lock

from lab.base.dataclass import dataclass
from lab.base.masking import Mask
from lab.errors import BrokerError, InputError, LabTimeout
from lab.extras.page.acts import Act, Offer
from lab.extras.page.tables import NO_AGE, Row, Table
from lab.living.conversation import Conversation
from lab.living.lab import Live
from lab.runtime.messages import Incoming

MOST_LISTENERS, MOST_MESSAGES = 16, 30
MOST_SIGNS, _KEPT_BYTES = 200, 2000  # of a body; more are kept, so that a password is masked as a whole
_LISTENERS_HEAD = ("destination", "broker", "state", "over", "messages")
_MESSAGES_HEAD = ("at", "destination", "broker", "body")
_TAKEN_AT_ONCE = 20  # messages of a queue
_NEXT_SECONDS = 0.05  # in which the next message of a queue comes, after an acknowledgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message that a listener received."""

    number: int
    t: float
    broker: str
    destination: str
    body: bytes  # its beginning
    length: int  # of the whole body, in bytes

    def row(self, mask: Mask) -> Row:
        """Return the message as a row of its table, without passwords."""
        body = mask.text(self.body.decode("utf-8", "backslashreplace"))
        if len(body) > MOST_SIGNS:
            body = f"{body[:MOST_SIGNS]}… ({self.length:,} bytes)"
        cells = f"{self.t:.1f} s", self.destination, self.broker, body
        return Row(key=str(self.number), cells=cells, tone="plain", age=NO_AGE)


class _Listener:
    """A client that listens to a destination; the messages of a queue are taken as they are shown."""

    def __init__(self, live: Live, act: Act, heard: Heardings) -> None:
        self.broker, self.over = act.fields["broker"], act.over
        self.destination = f"{act.fields['kind']}://{act.fields['name']}"
        self.count, self.lost, self.left = 0, "", False
        self._heard, self._now = heard, live.lab.clock.now
        self._queue = act.fields["kind"] == "queue"
        self.client: Conversation = live.connect(
            self.broker,
            self.over,
            name=f"page-{secrets.token_hex(3)}",
            on_message=None if self._queue else self._take,
        )
        try:
            if self._queue:
                self.client.subscribe(queue=act.queue, ack="client-individual", prefetch=1)
            else:
                self.client.subscribe(topic=act.topic)
        except BaseException:
            self.client.close()
            raise

    def take(self) -> None:
        """Take the arrived messages of a queue, up to a limit; each message leaves the queue."""
        if not self._queue or self.lost or self.left:
            return
        try:
            with suppress(LabTimeout):
                for number in range(_TAKEN_AT_ONCE):
                    message = self.client.receive(within=_NEXT_SECONDS if number else 0.0)
                    self._take(message)
                    self.client.acknowledge(message)
        except BrokerError as error:
            self.lost = str(error)

    def leave(self) -> None:
        """Close the client of a queue, so that no message waits here while other consumers miss it."""
        if self._queue and not self.left:
            self.left = True
            with suppress(BrokerError):  # the connection was lost
                self.client.close()

    def row(self, number: str) -> Row:
        """Return the listener as a row of its table."""
        lost = "" if self.left else self.client.lost_because or self.lost
        state = (
            f"the connection was lost: {lost}" if lost else "closed, as no page was open" if self.left else "listening"
        )
        stop = Offer(
            label="remove" if self.left else "stop",
            object=f"listening to {self.destination}",
            fields={"act": "stop-listening", "listener": number},
        )
        cells = self.destination, self.broker, state, self.over, f"{self.count:,}"
        tone = "down" if lost else "worse" if self.left else "well"
        return Row(key=number, cells=cells, tone=tone, age=NO_AGE, offers=(stop,))

    def _take(self, message: Incoming) -> None:
        self.count += 1
        self._heard.add(self._now(), self.broker, message)


class Heardings:
    """The latest messages of all listeners. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._latest: deque[Heard] = deque(maxlen=MOST_MESSAGES)
        self._count = 0

    def add(self, t: float, broker: str, message: Incoming) -> None:
        """Add a message."""
        with self._lock:
            self._count += 1
            heard = Heard(
                number=self._count,
                t=t,
                broker=broker,
                destination=str(message.destination),
                body=message.body[:_KEPT_BYTES],
                length=len(message.body),
            )
            self._latest.append(heard)

    def rows(self, mask: Mask) -> tuple[Row, ...]:
        """Return the messages as rows, the latest first."""
        with self._lock:
            latest = tuple(self._latest)
        return tuple(each.row(mask) for each in reversed(latest))


class Listeners:
    """All listeners of a page. Thread-safe, but for the lab's own calls."""

    def __init__(self, live: Live) -> None:
        self._live, self._heard = live, Heardings()
        self._lock = Lock()
        self._all: dict[str, _Listener] = {}
        self._number = 0

    def begin(self, act: Act) -> None:
        """Connect a client that listens; raise InputError if there are too many."""
        if len(self._present()) >= MOST_LISTENERS:
            self._remove_left()
        if len(self._present()) >= MOST_LISTENERS:
            raise InputError.of(f"{MOST_LISTENERS} clients listen already", "stop a client")
        listener = _Listener(self._live, act, self._heard)
        with self._lock:
            self._number += 1
            self._all[str(self._number)] = listener

    def stop(self, number: str) -> None:
        """Close a listener; raise InputError if there is no such listener, such as after a second click."""
        with self._lock:
            listener = self._all.pop(number, None)
        if listener is None:
            raise InputError.of("this client does not listen any more", "look at the table of listeners")
        listener.client.close()

    def tables(self) -> Iterator[Table]:
        """Take the messages that have come, and yield the tables of listeners and of messages."""
        present = self._present()
        for listener in present.values():
            listener.take()
        rows = tuple(listener.row(number) for number, listener in present.items())
        yield Table(name="Listeners", head=_LISTENERS_HEAD, state=2, rows=rows)
        messages = self._heard.rows(self._live.lab.mask())
        note = "the page shows the latest messages only" if len(messages) == MOST_MESSAGES else ""
        yield Table(name="Messages", head=_MESSAGES_HEAD, state=3, rows=messages, note=note)

    def leave(self) -> None:
        """Close the listeners to queues; their rows show it."""
        for listener in self._present().values():
            listener.leave()

    def close(self) -> None:
        """Close all listeners."""
        for number in self._present():
            with suppress(InputError):
                self.stop(number)

    def _remove_left(self) -> None:
        with self._lock:
            self._all = {number: listener for number, listener in self._all.items() if not listener.left}

    def _present(self) -> Mapping[str, _Listener]:
        with self._lock:
            return dict(self._all)
