"""Messages that clients of a running lab sent → steps `publish`: a burst of messages at an even pace is one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lab.activemq.protocols import protocol
from lab.base.dataclass import dataclass
from lab.base.masking import MASK, is_secret
from lab.base.units import several
from lab.extras.transcript.steps import act
from lab.extras.transcript.values import Note, Part, at
from lab.history import Acknowledged, Publishing, SendOutcome, Sent

_TOGETHER = 1.0  # seconds between two messages of a burst, at most, as long as there is no pace
_EVEN = 2.0  # times the mean interval that an interval of a burst may have
_PACED = 0.02  # seconds of a mean interval, below which messages go as fast as the broker acknowledges


@dataclass(slots=True, kw_only=True)
class _Burst:
    """Messages of one publication that were sent in a row."""

    publication: Publishing
    first: float
    last: float
    events: int  # other events of the history before it
    sizes: Counter[int]
    count: int = 1
    accepted: int = 0
    over: bool = False

    @property
    def interval(self) -> float:
        """Return the mean time between two messages."""
        return (self.last - self.first) / max(self.count - 1, 1)

    def takes(self, t: float, events: int) -> bool:
        """Return whether a message at that moment belongs to the burst."""
        most = _TOGETHER if self.count == 1 else max(0.1, _EVEN * self.interval)
        return not self.over and events == self.events and t - self.last <= most


class Publications:
    """The messages of a running lab's clients, collected observation by observation."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = users  # by broker with several: the one that clients log in as
        self._publications: dict[str, Publishing] = {}
        self._bursts: list[_Burst] = []
        self._current: dict[str, _Burst] = {}
        self._of: dict[str, _Burst] = {}  # by the id of a message without an outcome

    def publishing(self, observation: Publishing) -> None:
        """Add the common properties of messages."""
        self._publications[str(observation.step)] = observation

    def sent(self, observation: Sent, events: int) -> None:
        """Add a message; `events` counts the other events of the history, which end a burst."""
        number = observation.id.partition("-")[0]
        if (publication := self._publications.get(number)) is None:
            return
        size = publication.size if observation.size is None else observation.size
        burst = self._current.get(number)
        if burst is not None and burst.takes(observation.t, events):
            burst.last, burst.count = observation.t, burst.count + 1
        else:
            burst = _Burst(
                publication=publication, first=observation.t, last=observation.t, events=events, sizes=Counter()
            )
            self._current[number] = burst
            self._bursts.append(burst)
        if size:
            burst.sizes[size] += 1
        self._of[observation.id] = burst

    def acknowledged(self, observation: Acknowledged) -> None:
        """Add the outcome of a message."""
        if (burst := self._of.pop(observation.id, None)) is not None:
            burst.accepted += observation.outcome is SendOutcome.OK

    def parts(self) -> Iterator[Part]:
        """Yield the steps and notes on missing parts, unordered."""
        lacking: dict[str, Note] = {}
        for burst in self._bursts:
            yield self._step(burst)
            for note in _lacking(burst):
                lacking.setdefault(note.text.partition(": ")[2], note)
        yield from lacking.values()

    def _step(self, burst: _Burst) -> Part:
        its = burst.publication
        kind, _, name = its.destination.partition("://")
        fields: dict[str, object] = {"broker": its.broker, "over": its.over, kind: name}
        if protocol(its.over) == "mqtt":
            fields |= {"retained": its.retained} if its.retained else {}
            fields |= {} if its.persistent else {"qos": 0}
        else:
            fields |= {} if its.persistent else {"persistent": False}
            headers = {key: text for key, text in its.headers.items() if MASK not in text}
            fields |= {"headers": headers} if headers else {}
            more = {"group": its.group, "priority": its.priority}
            more["expiry"] = None if its.expiry_s is None else f"{its.expiry_s:.6f}s"
            fields |= {key: each for key, each in more.items() if each is not None}
        if its.broker in self._users:
            fields["user"] = self._users[its.broker]
        if burst.count > 1:
            fields["count"] = burst.count
        if burst.interval >= _PACED:
            fields["every"] = f"{int(burst.interval * 1000)}ms"
        if burst.sizes:
            fields["size"] = f"{round(sum(size * n for size, n in burst.sizes.items()) / burst.sizes.total())}B"
        if burst.accepted < burst.count:
            fields["at-least"] = burst.accepted
        end = burst.first + int(burst.interval * 1000) / 1000 * (burst.count - 1)
        text = f"publish {burst.count} to {its.destination} at {its.broker}"
        return act(burst.first, end, "publish", fields, text)


def _lacking(burst: _Burst) -> Iterator[Note]:
    """Yield notes on the missing parts of messages; each text begins with a moment."""
    its, t = burst.publication, burst.first
    where = f"{its.destination} at {its.broker}"
    if its.body == "given":
        text = f"the bodies of messages to {where} are not in a history: new ones have this size, or more for ids"
        yield Note(t=t, text=f"{at(t)}: {text}")
    if len(burst.sizes) > 1:
        yield Note(t=t, text=f"{at(t)}: messages to {where} had several sizes: the step sends the mean size")
    hidden = {name for name, text in its.headers.items() if MASK in text} | {*filter(is_secret, its.varying)}
    for name in sorted({*hidden, *its.varying}):
        text = f"the header {name} of messages to {where} is different for each, or secret: omitted"
        yield Note(t=t, text=f"{at(t)}: {text}")
    if burst.accepted < burst.count:
        text = f"{several(burst.count - burst.accepted, 'message')} to {where} had no acknowledgement"
        yield Note(t=t, text=f"{at(t)}: {text}: the step needs only the others")
