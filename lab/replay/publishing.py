"""The publish step: one connection, each message at its due time, and every outcome awaited."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from lab.declare.scenario import Publish
from lab.errors import BrokerError, LabTimeout
from lab.history import Publishing, SendOutcome
from lab.history.quick import sent as seen_sent
from lab.matching import HEADER, digest, given_body, header_value, made_body, message_id
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Ear, Rehearsal
from lab.replay.wording import destination
from lab.runtime.base import Client, Outgoing

PATIENCE = 30.0  # seconds without any new outcome before the rest is called unknown
_ADD_UP_EVERY = 20_000  # messages; what waits to be added up is kept in memory


def publish(rehearsal: Rehearsal, number: int, step: Publish) -> Outcome:
    """Send all messages of a step, and return when each has its outcome."""
    who = f"step-{number}"
    ear = Ear(rehearsal, who)
    user = rehearsal.user(step.broker, step.user)
    try:
        client = rehearsal.lab.connect(client=who, broker=step.broker, over=step.over, user=user, events=ear)
    except (BrokerError, LabTimeout) as error:
        return refused(rehearsal, who, error)
    with closing(client):
        _announce(rehearsal, number, step, who)
        stuck = _send(rehearsal, client, ear, number, step)
        if stuck is not None:
            return stuck
        _await_outcomes(rehearsal, ear)
    return _told(step, ear)


def _announce(rehearsal: Rehearsal, number: int, step: Publish, who: str) -> None:
    to = str(destination(step))
    given = step.body is not None
    rehearsal.record(
        Publishing(
            t=rehearsal.now(),
            step=number,
            client=who,
            broker=step.broker,
            over=step.over,
            destination=to,
            count=step.count,
            persistent=step.qos > 0 if step.over == "mqtt" else step.persistent,
            body="given" if given else "generated",
        )
    )


def _send(rehearsal: Rehearsal, client: Client, ear: Ear, number: int, step: Publish) -> Outcome | None:
    """Hand everything over; give an Outcome only where the broker stopped taking it."""
    first = rehearsal.now()
    every = step.every.total_seconds() if step.every is not None else 0.0
    sent = 0
    for sent, message in enumerate(_messages(rehearsal.run, number, step), start=1):
        if every:
            due = first + (sent - 1) * every
            rehearsal.wait(lambda: ear.lost_because is not None, due - rehearsal.now())
        rehearsal.check()
        if ear.lost_because is not None:
            sent -= 1
            break
        body_digest = None if step.body is None else digest(message.body)
        now = rehearsal.now()
        rehearsal.record(seen_sent(now, message.id, body_digest))
        rehearsal.last_sent = now
        try:
            client.publish(message)
        except LabTimeout as error:
            return refused(rehearsal, f"step-{number}", error)
        if sent % _ADD_UP_EVERY == 0:
            rehearsal.outstanding.add_up()
    ear.awaited = sent
    return None


def _messages(run: str, number: int, step: Publish) -> Iterator[Outgoing]:
    to, text, size = destination(step), step.body, step.size
    qos, persistent, retained = step.qos, step.persistent, step.retained
    for n in range(1, step.count + 1):
        id = message_id(number, n)  # noqa: A001 (its name everywhere)
        body = made_body(run, id, size) if text is None else given_body(text, n)
        yield Outgoing(id, to, body, {HEADER: header_value(run, id)}, qos, persistent, retained)


def _await_outcomes(rehearsal: Rehearsal, ear: Ear) -> None:
    """Wait as long as outcomes keep coming."""
    since = rehearsal.now()
    while not rehearsal.wait(lambda: ear.all_told, max(since, ear.last_outcome) + PATIENCE - rehearsal.now()):
        if rehearsal.now() >= max(since, ear.last_outcome) + PATIENCE:
            rehearsal.trouble("publisher", f"no receipt came for {PATIENCE:g} s; what is in flight is unknown")
            return


def _told(step: Publish, ear: Ear) -> Outcome:
    ok = ear.outcomes[SendOutcome.OK]
    if ok == step.count:
        return Outcome()
    parts = [f"{ear.outcomes[outcome]} {outcome}" for outcome in SendOutcome if ear.outcomes[outcome]]
    if unsent := step.count - ear.outcomes.total():
        parts.append(f"{unsent} not sent")
    notes = [note for note in ear.notes if note][:3]
    return Outcome(ok=False, note=", ".join(parts) + "".join(f"; {note}" for note in notes))
