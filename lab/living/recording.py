"""Recording messages at brokers into a file: of topics by listening, of queues by browsing or, on request, consuming.

A broker is reached by a Conversation: of an open lab, or one that knows no lab.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from lab.activemq.destinations import ADVISORY
from lab.activemq.matching import HEADER, digest
from lab.activemq.protocols import protocol
from lab.base.dataclass import dataclass
from lab.base.interrupts import Terminated, until_a_signal
from lab.base.text_files import unwritable
from lab.base.units import several
from lab.base.version import __version__
from lab.base.whole_lines import LineError
from lab.declare.recordings import LOST, Footer, Header, Recorded, RecordingFile, Redaction
from lab.errors import BrokerError, LabTimeout
from lab.runtime.clock import Clock
from lab.runtime.lock import Lock
from lab.runtime.messages import Incoming, Look

_FOREVER_SECONDS = 10.0**8  # seconds: three years
_MOST_REMEMBERED = 100_000  # ids of messages that a browser showed: one that comes again is the same one
_TELLS_WITHIN = 1.0  # seconds from the error of a request to the client's word that the connection was lost
_QOS = 2  # a broker delivers a message with its own QoS, at most that of the subscription


class Listening(Protocol):
    """A connection to a broker whose messages are recorded."""

    @property
    def lost_because(self) -> str:
        """Return why the connection was lost; "" while it is there."""
        ...

    def subscribe(
        self, *, topic: str | None = None, queue: str | None = None, qos: int = 1, whole: bool = False
    ) -> None:
        """Subscribe to a topic or a queue."""
        ...

    def browse(self, queue: str, within: float = 10.0) -> Look:
        """Return the messages that the broker shows of a queue."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A broker to record at."""

    name: str  # as messages name it
    where: str  # its lab, or its address
    over: str
    connect: Callable[[Callable[[Incoming], None]], Listening]  # with what takes each message


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The destinations to record, and the end."""

    topics: Sequence[str] = ()  # names, perhaps with wildcards
    queues: Sequence[str] = ()
    consume: bool = False  # take the queues' messages, instead of looking at them
    every: float = 1.0  # seconds between two polls of a queue
    seconds: float | None = None  # end after so long, from when everything listens
    most: int | None = None  # end after so many messages

    @property
    def destinations(self) -> tuple[str, ...]:
        """Return the recorded destinations, by their names in ActiveMQ."""
        return (*(f"topic://{each}" for each in self.topics), *(f"queue://{each}" for each in self.queues))


def record(
    sources: Sequence[Source],
    wanted: Wanted,
    path: Path,
    clock: Clock,
    *,
    redaction: Redaction | None = None,
    ready: Callable[[], None] = lambda: None,
) -> Footer:
    """Record into a new file until enough has come, the time is over, a connection is lost, or Ctrl-C.

    Return the footer, as it was written; a signal that ends the program does so when it is written. `ready` is called
    once everything listens. Without `redaction`, headers with secrets are kept. A connection that cannot be made, or a
    file that cannot be written, ends it with an error; before anything listens, no file is left then. Raise HostError,
    with the number of messages in the file, if it could not be written.
    """
    header = Header(
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        mqlab=__version__,
        brokers={each.name: each.where for each in sources},
        asked=wanted.destinations,
        consumed=wanted.consume,
        headers_kept=redaction is None,
    )
    file = RecordingFile(path, header)
    with _told_in_words(file), file, ExitStack() as connected:
        took = _Taking(file, clock, wanted, redaction)
        try:
            connections = _listen(sources, wanted, took, connected)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        ended = ""
        with until_a_signal(KeyboardInterrupt, Terminated) as came:
            ready()
            ended = _wait(sources, connections, wanted, took, clock)
        terminated = next((each for each in came if isinstance(each, Terminated)), None)
        if came:
            ended = "interrupted" if terminated is None else "terminated"
        connected.close()
        took.check()
        footer = file.end(took.footer(ended, sources))
        if terminated is not None:
            raise terminated
        return footer


@contextmanager
def _told_in_words(file: RecordingFile) -> Iterator[None]:
    """Raise HostError for the error by which the file could not be written in the block."""
    try:
        yield
    except OSError as error:
        if error is not file.failed:
            raise
        what = f"the file has at least {several(file.messages, 'message')}; mqlab reads it up to its last whole line"
        remedy = f"{what}\nrecord again, into a file on another disk"
        raise unwritable(file.path, error, remedy, remedy=remedy) from error


def _listen(sources: Sequence[Source], wanted: Wanted, took: _Taking, connected: ExitStack) -> dict[str, Listening]:
    """Connect and subscribe; return the connections by broker."""
    connections: dict[str, Listening] = {}
    for source in sources:
        its = connections[source.name] = source.connect(took.taker(source))
        connected.callback(its.close)
        for topic in wanted.topics:
            its.subscribe(topic=topic, qos=_QOS, whole=True)
        for queue in wanted.queues if wanted.consume else ():
            its.subscribe(queue=queue, whole=True)
    return connections


def _wait(
    sources: Sequence[Source], connections: Mapping[str, Listening], wanted: Wanted, took: _Taking, clock: Clock
) -> str:
    """Look at queues until it is enough; return why it is."""
    looks = bool(wanted.queues) and not wanted.consume
    following = clock.now()
    until = following + (_FOREVER_SECONDS if wanted.seconds is None else wanted.seconds)

    def lost() -> str:
        return next((f"{LOST}{name}: {its.lost_because}" for name, its in connections.items() if its.lost_because), "")

    while True:
        if looks and clock.now() >= following:
            following = clock.now() + wanted.every
            for source in sources:
                for queue in wanted.queues:
                    try:
                        look = connections[source.name].browse(queue)
                    except (BrokerError, LabTimeout):
                        if not clock.wait(lambda: bool(lost()), _TELLS_WITHIN):
                            raise
                        look = Look((), ended=False)
                    took.look(source, queue, look)
        end = min(until, following) if looks else until
        clock.wait(lambda: took.enough or bool(lost()), max(0.0, end - clock.now()))
        took.check()
        if took.enough:
            return "count"
        if why := lost():
            return why
        if clock.now() >= until:
            return "time"


class _Taking:
    """Takes messages from the connections' threads, and writes them."""

    def __init__(self, file: RecordingFile, clock: Clock, wanted: Wanted, redaction: Redaction | None) -> None:
        self._file, self._clock, self._wanted, self._redaction = file, clock, wanted, redaction
        self.began = clock.now()
        self._one = Lock()
        self._count = 0
        self._nameless = 0  # messages that did not name their destination
        self._left_out, self._why_left_out = 0, ""  # messages that no line can hold, and why the first of them
        self._empty = 0  # messages whose body STOMP may not show
        self._halves: dict[str, int] = {}  # queue → looks that the broker did not end
        self._seen: OrderedDict[tuple[str, str, str, int], None] = OrderedDict()
        self._failed: Exception | None = None
        self._advisories = any(each.startswith(ADVISORY) for each in wanted.topics)

    @property
    def enough(self) -> bool:
        """Return whether no more is to be taken."""
        most = self._wanted.most
        return self._failed is not None or (most is not None and self._count >= most)

    def check(self) -> None:
        """Raise the error that kept a message from being written."""
        if self._failed is not None:
            raise self._failed

    def taker(self, source: Source) -> Callable[[Incoming], None]:
        """Return the function that takes the messages of a broker."""

        def take(message: Incoming) -> None:
            self._take(source, message)

        return take

    def look(self, source: Source, queue: str, look: Look) -> None:
        """Take the messages that were not in the queue at the poll before."""
        if not look.ended:
            where = f"queue://{queue} at {source.name}"
            self._halves[where] = self._halves.get(where, 0) + 1
        alike: Counter[str] = Counter()  # a sender over AMQP may give several messages one id, or none
        for message in look.messages:
            shown = message.shown
            id = digest(message.body) if shown is None or shown.id is None else shown.id  # noqa: A001
            alike[id] += 1
            its = (source.name, queue, id, alike[id])
            if its not in self._seen:
                self._take(source, message)
            self._seen[its] = None
            self._seen.move_to_end(its)
        while len(self._seen) > _MOST_REMEMBERED:
            self._seen.popitem(last=False)

    def _take(self, source: Source, message: Incoming) -> None:
        shown, t = message.shown, self._clock.now() - self.began
        gone = self._wanted.consume and message.destination.kind == "queue"  # from its queue: it is nowhere else now
        with self._one:
            if self._failed is not None or (self.enough and not gone):
                return
            if shown is None:
                self._nameless += 1
                return
            if shown.sent_to.name.startswith(ADVISORY) and not self._advisories:
                return
            headers = {name: value for name, value in shown.headers.items() if name != HEADER}
            safe = headers if self._redaction is None else self._redaction.of(headers)
            try:
                self._file.add(
                    Recorded(
                        t=t,
                        broker=source.name,
                        over=source.over,
                        destination=str(shown.sent_to),
                        body=message.body,
                        headers=safe,
                        qos=shown.qos,
                        persistent=shown.persistent,
                        retained=message.retained,
                        priority=shown.priority,
                        expiry=shown.expiry,
                        group=shown.group,
                        type=shown.type,
                        id=shown.id,
                    )
                )
            except LineError as error:
                self._leave_out(error.what, headers, safe)
                return
            except OSError as error:
                self._failed = error
            self._empty += not message.body and shown.type == "text" and protocol(source.over) == "stomp"
            self._count += 1
            done = self.enough
        if done:
            self._clock.notify()

    def _leave_out(self, why: str, headers: Mapping[str, str], safe: Mapping[str, str]) -> None:
        self._why_left_out = self._why_left_out or why
        self._left_out += 1
        if self._redaction is not None:
            self._redaction.forget(headers, safe)

    def footer(self, ended: str, sources: Sequence[Source]) -> Footer:
        """Return the recording's last line."""
        return Footer(
            messages=self._count,
            seconds=round(self._clock.now() - self.began, 6),
            ended=ended,
            missed=tuple(self._missed(sources)),
            redacted={} if self._redaction is None else dict(self._redaction.counts),
        )

    def _missed(self, sources: Sequence[Source]) -> list[str]:
        """Return the messages and fields that the recording may lack, in words."""
        wanted = self._wanted
        found = []
        if wanted.queues and not wanted.consume:
            names = ", ".join(f"queue://{each}" for each in wanted.queues)
            found.append(f"messages that came to {names} and were consumed between two polls, {wanted.every:g} s apart")
            found.append(f"messages in {names} beyond the 400, or maxBrowsePageSize, that a broker shows")
        found += [
            f"messages that {several(count, 'poll')} of {where} did not show" for where, count in self._halves.items()
        ]
        if self._nameless:
            found.append(f"{several(self._nameless, 'message')} that did not name a destination")
        if self._left_out:
            several_of = several(self._left_out, "message")
            found.append(f"{several_of} too large or invalid for a recording (the first: {self._why_left_out})")
        if self._empty:
            found.append(f"the content of {several(self._empty, 'message')} without a body: STOMP cannot show it")
        if any(protocol(each.over) == "mqtt" for each in sources):
            found.append("headers, priorities, groups and expiries, which MQTT does not show")
        return found
