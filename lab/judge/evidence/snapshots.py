"""The brokers' counters at each snapshot, and the rise of a counter between two snapshots.

A counter restarts with its broker, and a bridge's with each session: then a difference would be meaningless.
"""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from lab.activemq.destinations import ADVISORIES, has_wildcard
from lab.base.dataclass import dataclass
from lab.history import Counted, SnapshotTaken


class Rise(NamedTuple):
    """The rise of a counter, and the moments of both snapshots in seconds."""

    by: int
    begin: float
    end: float


class Subject(NamedTuple):
    """The kind and name of a counted destination or connector, as in `Counted`."""

    kind: str
    name: str


@dataclass(slots=True, kw_only=True)
class Part:
    """One broker's part of a snapshot."""

    t: float = 0.0
    whole: bool = False  # the broker answered, and its answer is complete
    silent: bool = False  # the broker did not answer
    counted: dict[Subject, list[Counted]] = field(default_factory=dict)


class Snapshots:
    """All snapshots of a history."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str], Part] = {}

    def add(self, observation: Counted | SnapshotTaken) -> None:
        """Record one observation; a snapshot of the same name replaces an earlier one."""
        key = (observation.snapshot, observation.broker)
        part = self._parts.get(key)
        if part is None or part.whole or part.silent:
            part = self._parts[key] = Part()
        part.t = observation.t
        if isinstance(observation, Counted):
            part.counted.setdefault(Subject(observation.of, observation.name), []).append(observation)
        else:
            part.whole, part.silent = observation.answered, not observation.answered

    def part(self, name: str, broker: str) -> Part | str:
        """Return a broker's part of a snapshot, or the reason why there is none."""
        part = self._parts.get((name, broker))
        if part is not None and part.whole:
            return part
        if part is not None and part.silent:
            return f"{broker} did not answer when the snapshot {name} was taken, at {part.t:.3f} s"
        return f"no snapshot {name} of {broker} was taken"

    def moment(self, name: str) -> float | None:
        """Return when the last broker's part of a snapshot was taken, in seconds; None if there is no such snapshot."""
        return max((part.t for (each, _), part in self._parts.items() if each == name), default=None)

    def count(self, name: str, broker: str, subject: Subject, counter: str) -> int | str:
        """Return a counter's value in a snapshot, or the reason why it is unknown."""
        part = self.part(name, broker)
        return part if isinstance(part, str) else _value(part, broker, name, subject, counter)

    def rise(self, between: tuple[str, ...], broker: str, subject: Subject, counter: str) -> Rise | str:
        """Return a counter's rise between two snapshots, or the reason why it is unknown."""
        (first, last), parts = between, [self.part(name, broker) for name in between]
        before, after = parts
        if isinstance(before, str) or isinstance(after, str):
            return before if isinstance(before, str) else str(after)
        if after.t < before.t:
            return f"the snapshot {last} was taken before {first}"
        own = Subject("broker", broker)
        for each, who in ((own, broker), (subject, f"{broker}'s end of the bridge {subject.name}")):
            sessions = [_session(part, each) for part in (before, after)]
            if all(sessions) and sessions[0] != sessions[1]:
                return f"{who} was started anew between {first} and {last}: its counters began again"
        values = [_value(part, broker, name, subject, counter) for part, name in ((before, first), (after, last))]
        if isinstance(values[0], str) or isinstance(values[1], str):
            return next(value for value in values if isinstance(value, str))
        if values[1] < values[0]:
            return f"{broker}'s counter {counter} went from {values[0]} to {values[1]}: it began again in between"
        return Rise(values[1] - values[0], before.t, after.t)

    def sum(self, name: str, broker: str, kind: str, counter: str) -> int | str:
        """Return the sum of a counter over all things of a kind in a snapshot, or the reason why it is unknown."""
        part = self.part(name, broker)
        if isinstance(part, str):
            return part
        values = [
            _value(part, broker, name, subject, counter)
            for subject in part.counted
            if subject.kind == kind and not _is_temporary(subject)
        ]
        return next(
            (each for each in values if isinstance(each, str)), sum(each for each in values if isinstance(each, int))
        )

    def rise_of_all(self, between: tuple[str, ...], broker: str, counter: str) -> Rise | str:
        """Return by how much a counter of all a broker's destinations rose, or the reason why that is unknown.

        The sum contains no advisory topics, since no snapshot has them; the broker's own totals do. It contains no
        temporary queues, since these come and go with their clients.
        """
        before, after = (self.part(name, broker) for name in between)
        if isinstance(before, str) or isinstance(after, str):
            return before if isinstance(before, str) else str(after)
        risen = 0
        for subject in dict.fromkeys((*before.counted, *after.counted)):
            if subject.kind != "destination" or _is_temporary(subject):
                continue
            if subject not in after.counted:
                return f"{subject.name} had gone from {broker}, with its counters, by the snapshot {between[1]}"
            rise = self.rise(between, broker, subject, counter)
            if isinstance(rise, str):
                return rise
            risen += rise.by
        return Rise(risen, before.t, after.t)


def not_counted(destination: str) -> str:
    """Return why no snapshot has a destination, whatever a broker counts of it; "" where it would."""
    if destination.startswith(ADVISORIES):
        return f"snapshots leave out advisory topics such as {destination}"
    if has_wildcard(destination) or "," in destination:
        return f"{destination} is not one destination, and a counter is of one"
    return ""


def _is_temporary(subject: Subject) -> bool:
    """Return whether a destination is a client's own, by the kinds that JMX has for these."""
    return subject.name.startswith(("tempqueue://", "temptopic://"))


def _session(part: Part, subject: Subject) -> str:
    """Return the sessions of a subject; "" if it reports none."""
    return " ".join(each.session for each in part.counted.get(subject, ()))


def _value(part: Part, broker: str, snapshot: str, subject: Subject, counter: str) -> int | str:
    """Return a counter's value, or the reason why it is unknown."""
    counted = part.counted.get(subject)
    if counted is None:
        if subject.kind == "destination":
            return not_counted(subject.name) or 0  # the broker has no such destination yet
        return f"{broker} showed no {subject.kind} {subject.name} when the snapshot {snapshot} was taken"
    if len(counted) > 1:
        return f"{broker} showed {len(counted)} ends of the {subject.kind} {subject.name}"
    value = counted[0].counters.get(counter)
    return f"{broker} does not show {counter} in the snapshot {snapshot}" if value is None else value
