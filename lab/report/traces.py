"""The traces of messages that are worth a look: the first one of each fate, of applications and of the lab itself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

from lab.base.suggestions import nearest
from lab.errors import InputError
from lab.history import (
    BrokerChanged,
    Header,
    MessageSeen,
    Observation,
    ObserverChanged,
    Publishing,
    Sent,
    TransactionEnded,
    observations,
)
from lab.judge import Judged
from lab.judge.evidence.applications import declared_in, observed
from lab.judge.evidence.configurations import routes
from lab.judge.evidence.own_clients import fits
from lab.report.copies import is_change, no_routes
from lab.report.html.lanes import NOT_DELIVERED, ways
from lab.report.story import Story
from lab.report.trace import LAST, Trace, trace, unobserved

OF_LAB = re.compile(r"[1-9][0-9]{0,8}-[1-9][0-9]{0,8}")  # the id of a message of the lab's own clients
_WORTH = ("late", "doubled", *NOT_DELIVERED)
_LARGEST_BYTES = 100 * 1024 * 1024  # of a history that is read once more for a page


def find(path: Path, wanted: str) -> Trace:
    """Return the trace of a message in a history's file, by the words of `mqlab trace`; InputError if none fits."""
    if OF_LAB.fullmatch(wanted):
        return of_lab(_of(path), wanted)
    header = next((each for each in observations(path) if isinstance(each, Header)), None)
    try:
        return trace(_of(path), wanted, no_routes if header is None else routes(header.declared))
    except InputError:
        if not wanted.startswith(LAST):
            if header is not None and (wrong := _named(path, wanted, header) or _unknown(path, wanted, header)):
                raise wrong from None
            raise
        own, name = _last(_of(path)), wanted.removeprefix(LAST)
        if name not in own:
            if near := nearest(name, own):
                raise InputError.of(f"no message to {name} was recorded", f"did you mean {LAST}{near}?") from None
            raise
    return of_lab(_of(path), own[name])


def _named(path: Path, name: str, header: Header) -> InputError | None:
    """Return the error for a name of a destination, a sender or a broker in place of a message; None for another name.

    The remedy has the last message to this destination, from this sender or at this broker.
    """
    pattern: str | None = None
    with suppress(ValueError):  # of a header that was edited
        application = declared_in(header).get(name)
        pattern = None if application is None else application.client_id
    steps: dict[str, Publishing] = {}
    last: dict[str, str] = {}
    for seen in _of(path):
        if isinstance(seen, MessageSeen) and seen.event == "sent" and not seen.network:
            message, broker, client, destination = seen.message, seen.broker, seen.client_id, seen.destination
        elif isinstance(seen, Sent) and (step := steps.get(seen.id.partition("-")[0])) is not None:
            message, broker, client, destination = seen.id, step.broker, step.client, step.destination
        else:
            if isinstance(seen, Publishing):
                steps[str(seen.step)] = seen
            continue
        plain = destination.partition("://")[2]
        if name in (plain, destination, destination.replace("://", ":")):
            right = f"write {shlex.quote(LAST + plain)} for its last message"
            return InputError.of(f"{name} is a destination, and no message", right)
        if name == client or (pattern is not None and fits(client, pattern)):
            last["client"] = message
        elif name == broker:
            last["broker"] = message
    if "client" in last:
        what, right = "a client", f"write {last['client']} for the last message that it sent"
    elif "broker" in last:
        what, right = "a broker", f"write {last['broker']} for the last message that was sent to it"
    elif pattern is not None:
        what, right = "an application", f"write {LAST}DESTINATION: no message from this application was recorded"
    else:
        return None
    return InputError.of(f"{name} is {what}, and no message", right)


def _unknown(path: Path, wanted: str, header: Header) -> InputError | None:
    """Return the error for another text than an id, in a run without observers; None if no message was sent in it."""
    last = {} if observed(header) else _last(_of(path))
    if not last:
        return None
    destination, message = next(iter(last.items()))
    what = f"no message of the lab's clients has the id {wanted}, and no broker of this run was observed"
    right = f"write {message} or {LAST}{destination} for the last message to {destination}"
    return InputError.of(what, f"{right}\n{unobserved().problems[0].remedy}")


def of_lab(history: Iterable[Observation], message: str) -> Trace:
    """Return the trace of a message of the lab's own clients, by its id; raise InputError if there is none."""
    story = Story(message)
    for seen in history:
        story.add(seen)
    return Trace(message=message, rows=tuple(story.rows()), outcome=story.outcome, gaps=())


def traces(judged: Judged) -> tuple[Trace, ...]:
    """Return the traces of the first message of each fate, if the history's file can be read again."""
    path = judged.file
    wanted = dict.fromkeys(_first(judged))
    if not wanted or path is None or not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
        return ()
    stories = {message: Story(message) for message in wanted if OF_LAB.fullmatch(message)}
    events: list[Observation] = []
    for seen in _of(path):
        for story in stories.values():
            story.add(seen)
        if (
            isinstance(seen, ObserverChanged | TransactionEnded | BrokerChanged)
            or is_change(seen)
            or (isinstance(seen, MessageSeen) and seen.message in wanted)
        ):
            events.append(seen)
    found = []
    for message in wanted:
        try:
            its = stories.get(message)
            found.append(
                trace(events, message, routes(judged.evidence.header.declared))
                if its is None
                else Trace(message=message, rows=tuple(its.rows()), outcome=its.outcome, gaps=())
            )
        except InputError:  # its lines were removed from the history
            continue
    return tuple(found)


def _first(judged: Judged) -> Iterator[str]:
    """Yield the first message of each fate that is worth a look."""
    first: dict[str, tuple[float, str]] = {}
    for part in chain.from_iterable(way.parts for way in ways(judged)):
        publication = part.tally.publication
        for fate in _WORTH:
            for number in part.fates[fate][:1]:
                message = publication.known_as(number)
                at = (publication.sent_at[number], message)
                first[fate] = min(first.get(fate, at), at)
    return (message for _, message in sorted(first.values()))


def _last(history: Iterable[Observation]) -> Mapping[str, str]:
    """Return the id of the last message that the lab's own clients sent to each destination, by its name."""
    steps, last = dict[str, str](), dict[str, str]()
    for seen in history:
        if isinstance(seen, Publishing):
            steps[str(seen.step)] = seen.destination.partition("://")[2]
        elif isinstance(seen, Sent) and (step := seen.id.partition("-")[0]) in steps:
            last[steps[step]] = seen.id
    return last


def _of(path: Path) -> Iterator[Observation]:
    return (each for each in observations(path) if not isinstance(each, Header))
