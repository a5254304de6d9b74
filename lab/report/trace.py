"""The way of one message of an application through the brokers, by the events that their observers recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lab.base.dataclass import dataclass
from lab.base.suggestions import nearest
from lab.errors import InputError
from lab.history import BrokerChanged, MessageSeen, Observation, ObserverChanged, TransactionEnded
from lab.history.display import Row
from lab.report.copies import ACKNOWLEDGED, ENDED, Change, Copy, Routes, copies, in_words, is_change, no_routes

LAST = "last:"
_LONG_WAIT = 1.0  # seconds without an event that the trace says in words
_MOST_NAMED = 10  # messages that an error lists
_MISSING = "unknown, since events are missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The events of one message in their order, its present state in words, and whether events may be missing."""

    message: str
    rows: tuple[Row, ...]
    outcome: str
    gaps: tuple[str, ...]  # the brokers that lost events, in words


def trace(observations: Iterable[Observation], wanted: str, routes: Routes = no_routes) -> Trace:
    """Return the trace of the message with an id, or with a part of its id or correlation id.

    `last:DESTINATION` is the message that was sent last to a destination. `routes` has the destinations that
    configurations forward to. InputError if no message fits, or several.
    """
    changes: list[Change] = []
    killed: list[BrokerChanged] = []
    events: dict[str, list[MessageSeen]] = {}
    committed: set[tuple[str, str]] = set()  # broker and transaction
    lost: list[ObserverChanged] = []
    silent: dict[tuple[str, int], ObserverChanged] = {}  # by broker and instance
    observed = False
    for observation in observations:
        if is_change(observation):
            changes.append(observation)  # type: ignore[arg-type]  # it is one
        if isinstance(observation, BrokerChanged) and observation.state == "killed" and not observation.standby:
            killed.append(observation)
        if isinstance(observation, MessageSeen):
            events.setdefault(observation.message, []).append(observation)
        elif isinstance(observation, TransactionEnded) and observation.committed:
            committed.add((observation.broker, observation.transaction))
        elif isinstance(observation, ObserverChanged):
            observed = True
            if observation.state == "lost":
                lost.append(observation)
            elif observation.state == "silent":
                silent[observation.broker, observation.instance] = observation
            else:
                silent.pop((observation.broker, observation.instance), None)
    if wanted in (LAST, LAST.rstrip(":")):
        raise InputError.of(f"the destination after {LAST} is missing", f"write {LAST}orders")
    if not observed:
        raise unobserved()
    message = _chosen(events, wanted)
    for kill in killed:
        if not any(gap.broker == kill.broker and (gap.since or 0.0) - 1 <= kill.t <= gap.t + 1 for gap in lost):
            why = "it was killed, perhaps with events that were not read"
            lost.append(ObserverChanged(t=kill.t, broker=kill.broker, state="lost", since=kill.t, why=why))
    in_order = sorted(events[message], key=lambda event: event.t)
    gaps = tuple(
        f"{gap.broker} lost events after {gap.since or 0:.3f} s: {gap.why}"
        for gap in lost
        if gap.since is None or gap.t >= in_order[0].t
    ) + tuple(f"{gap.broker} has not answered since {gap.since or 0:.3f} s" for gap in silent.values())
    became = outcome(in_order, copies(in_order, committed, changes, routes), missing=bool(gaps))
    return Trace(message=message, rows=tuple(_rows(in_order)), outcome=became, gaps=gaps)


def unobserved() -> InputError:
    """Return the error of a run without observers."""
    right = 'write observe: ["orders.>"] in the topology, or: mqlab up SCENARIO --observe "orders.>"'
    return InputError.of("no broker of this run was observed", right)


def _chosen(events: dict[str, list[MessageSeen]], wanted: str) -> str:
    if wanted.startswith(LAST):
        name = wanted.removeprefix(LAST)
        sent = [
            (event.t, message)
            for message, own in events.items()
            for event in own
            if event.event == "sent" and not event.network and event.destination.partition("://")[2] == name
        ]
        if not sent:
            raise _none_sent(events, name)
        return max(sent)[1]
    if wanted in events:
        return wanted
    fitting = [
        message
        for message, own in events.items()
        if wanted in message or any(wanted in event.correlation for event in own)
    ]
    if not fitting:
        raise InputError.of(
            f"the observers saw no message with {wanted} in its id or its correlation id",
            "write last:DESTINATION for the last message to a destination; mqlab history --kind message lists all",
        )
    if len(fitting) > 1:
        some = "\n".join(fitting[:_MOST_NAMED])
        raise InputError.of(f"{len(fitting)} messages have {wanted} in their ids", f"write more of one id:\n{some}")
    return fitting[0]


def _none_sent(events: Mapping[str, Sequence[MessageSeen]], name: str) -> InputError:
    """Return the error for `last:` with the name of a destination to which no application sent a message."""
    there = {
        event.destination.partition("://")[2]
        for own in events.values()
        for event in own
        if event.event == "sent" and not event.network
    }
    if near := nearest(name, there):
        right = f"did you mean {LAST}{near}?"
    elif there:
        right = f"name a destination with messages, such as {LAST}{min(there)}"
    else:
        right = "start an application that sends: no message to an observed destination has been sent yet"
    return InputError.of(f"no application sent a message to {name}", right)


def _rows(events: Sequence[MessageSeen]) -> Iterable[Row]:
    before: MessageSeen | None = None
    for event in events:
        is_answer = event.network and event.event == "acknowledged"  # of a bridge: the message has gone on long before
        if before is not None and event.t - before.t >= _LONG_WAIT and not is_answer:
            waited = f"the message waited {event.t - before.t:.1f} s"
            yield Row(t=before.t, actor=before.broker, text=waited, until=event.t)
        yield replace(event.row(), text=event.without_id())
        before = event


def outcome(events: Sequence[MessageSeen], all_copies: Sequence[Copy], *, missing: bool = False) -> str:
    """Return what became of a message in one sentence, as far as its events and copies prove it."""
    if missing:
        return in_words([copy for copy in all_copies if copy.state in (ACKNOWLEDGED, ENDED)]) or _MISSING
    if sentence := in_words(all_copies):
        return sentence
    last = [event for event in events if event.event == "sent"][-1:]
    if not last:
        return "unknown, since the observers did not see it being sent"
    (at,) = last
    if at.why and not at.original:
        return f"{at.broker} refused it: {at.why}"
    if at.destination.startswith("topic://"):
        return f"{at.broker} accepted it, and dispatched it to no client"
    return f"{at.broker} accepted it on {at.destination}, and a configuration decides where it goes"
