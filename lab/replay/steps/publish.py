"""A step that sends: one connection, each message at its due time, and every outcome awaited."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from lab.activemq.protocols import protocol
from lab.declare.steps.publish import Publish
from lab.declare.steps.traffic import Traffic
from lab.errors import BrokerError, LabTimeout
from lab.history import Publishing, SendOutcome, Sent
from lab.matching import HEADER, MOST, digest, header_value, make_body, message_id, number_body
from lab.replay.attempts import failed, turned_away
from lab.replay.callbacks import Callbacks
from lab.replay.outcome import Outcome, refused
from lab.replay.pacing import Course, in_words, pace_of
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Turn
from lab.runtime.client import Client
from lab.runtime.messages import Outgoing, destination

PATIENCE = 30.0  # seconds without any new outcome before the rest is called unknown


def perform(rehearsal: Rehearsal, step: Publish, turn: Turn) -> Outcome:
    """Send all messages of a step, and return when each has its outcome."""
    sending = Sending(rehearsal, step, turn)
    return sending.connect() or sending.send()


class Sending:
    """One step's connection and what it sends; connected by one thread, then used by one."""

    def __init__(self, rehearsal: Rehearsal, step: Publish | Traffic, turn: Turn) -> None:
        self.who = f"step-{turn.number}"
        self.told_to_end = False
        self._rehearsal, self._number, self._place, self._step = rehearsal, turn.number, turn.place, step
        self._count = step.count if isinstance(step, Publish) else None  # None: until told to end
        self._pace = pace_of(step)
        self._course = Course()
        self._callbacks = Callbacks(rehearsal, self.who)
        self._client: Client | None = None

    def connect(self) -> Outcome | None:
        """Connect; an Outcome where the broker refuses that, or is silent."""
        rehearsal, step = self._rehearsal, self._step
        begun = rehearsal.now()
        try:
            user = rehearsal.user(step.broker, step.user)
            self._client = rehearsal.lab.connect(
                client=self.who, broker=step.broker, over=step.over, user=user, events=self._callbacks
            )
        except (BrokerError, LabTimeout) as error:
            failed(rehearsal, step.login, self.who, "connect", error, begun)
            return refused(rehearsal, self.who, error)
        rehearsal.tasks.senders[self._number] = self._client
        return None

    def send(self) -> Outcome:
        """Send everything, each message at its moment, await every outcome, and leave."""
        assert self._client is not None, "connect first"
        rehearsal = self._rehearsal
        begun = rehearsal.now()
        try:
            with closing(self._client):
                self._announce()
                stuck = self._hand_over(self._client)
                if stuck is not None:
                    return stuck
                _await_outcomes(rehearsal, self._callbacks)
        finally:
            del rehearsal.tasks.senders[self._number]
        turned_away(rehearsal, self._step.login, self.who, self._callbacks, begun)
        return self._told()

    def _announce(self) -> None:
        rehearsal, step = self._rehearsal, self._step
        rehearsal.record(
            Publishing(
                t=rehearsal.now(),
                step=self._number,
                client=self.who,
                broker=step.broker,
                over=step.over,
                destination=str(destination(step)),
                count=self._count,
                persistent=step.qos > 0 if protocol(step.over) == "mqtt" else step.persistent,
                body="generated" if step.body is None and step.file is None else "given",
                place=self._place,
                retained=step.retained,
                headers=dict(step.headers or {}),
                expiry_s=None if step.expiry is None else step.expiry.total_seconds(),
                group=step.group,
                priority=step.priority,
            )
        )

    def _hand_over(self, client: Client) -> Outcome | None:
        """Hand everything over; give an Outcome only where the broker stopped taking it."""
        rehearsal, callbacks, course = self._rehearsal, self._callbacks, self._course
        given = self._step.body is not None or self._step.file is not None
        dues = None if self._pace is None else self._pace.dues(rehearsal.plan.seed, self._number)
        first = rehearsal.now()
        sent = 0
        for sent, message in enumerate(self._messages(), start=1):
            if dues is not None:
                due = next(dues, None)
                if due is None or not self._comes(first, due):
                    sent -= 1
                    break
                course.due = due
            rehearsal.check()
            if callbacks.lost_because is not None or self.told_to_end:
                sent -= 1
                break
            now = rehearsal.now()
            rehearsal.record(Sent(t=now, id=message.id, digest=digest(message.body) if given else None))
            course.last = now
            if sent == 1:
                course.first = first = now
            course.sent = sent
            try:
                client.publish(message)
            except LabTimeout as error:
                return refused(rehearsal, self.who, error)
        callbacks.awaited = sent
        return None

    def _comes(self, first: float, due: float) -> bool:
        """Wait for the moment of a message; False where none is to be sent any more."""
        rehearsal, callbacks = self._rehearsal, self._callbacks
        ahead = first + due - rehearsal.now()
        if ahead > 0:
            rehearsal.wait(lambda: self.told_to_end or callbacks.lost_because is not None, ahead)
        elif self._pace is not None and -ahead > self._pace.until - due:
            return False  # it is behind, and the time it was given is over
        return not self.told_to_end

    def _messages(self) -> Iterator[Outgoing]:
        run, number, step = self._rehearsal.run, self._number, self._step
        to, text, size = destination(step), step.body, step.size
        octets = None if step.file is None else step.file.octets
        qos, persistent, retained = step.qos, step.persistent, step.retained
        expiry = None if step.expiry is None else step.expiry.total_seconds()
        own, group, priority = step.headers or {}, step.group, step.priority
        for n in range(1, (MOST if self._count is None else self._count) + 1):
            id = message_id(number, n)  # noqa: A001 (its name everywhere)
            made = (make_body(run, id, size) if text is None else number_body(text, n)) if octets is None else octets
            headers = {**own, HEADER: header_value(run, id)}
            yield Outgoing(id, to, made, headers, qos, persistent, retained, expiry, group, priority)

    def _told(self) -> Outcome:
        callbacks, rehearsal = self._callbacks, self._rehearsal
        count = self._course.sent if self._count is None else self._count
        notes: list[str] = [] if self._count is not None else [f"{count} sent"]
        ok = callbacks.outcomes[SendOutcome.OK] == count
        if not ok:
            parts = [
                f"{callbacks.outcomes[outcome]} {outcome}" for outcome in SendOutcome if callbacks.outcomes[outcome]
            ]
            if unsent := count - callbacks.outcomes.total():
                parts.append(f"{unsent} not sent")
            notes += [", ".join(parts), *[note for note in callbacks.notes if note][:3]]
        if self._pace is not None:
            paced = self._course.kept(rehearsal.now(), self._number, self._pace)
            if paced is not None:
                rehearsal.record(paced)
                notes.append(in_words(paced))
                ok &= paced.held
        if self._count is None and callbacks.lost_because is not None:
            ok = False
        return Outcome(ok=ok, note="; ".join(notes))


def _await_outcomes(rehearsal: Rehearsal, callbacks: Callbacks) -> None:
    """Wait as long as outcomes keep coming."""
    since = rehearsal.now()

    def left() -> float:
        return max(since, callbacks.last_outcome) + PATIENCE - rehearsal.now()

    while not rehearsal.wait(lambda: callbacks.all_told, left()):
        if left() <= 0:
            rehearsal.trouble("publisher", f"no receipt came for {PATIENCE:g} s; what is in flight is unknown")
            return
