"""The step `publish`, and the sending that it shares with `traffic`: one connection, each message when due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from lab.activemq.matching import HEADER, MOST_MESSAGES, header_value, make_body, message_id, number_body
from lab.declare.steps.messages import Publish, Traffic
from lab.errors import BrokerError, LabTimeout
from lab.history import Achieved, SendOutcome
from lab.replay.callbacks import Callbacks, await_outcomes
from lab.replay.pacing import SendTimes, in_words, pace_of
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Outcome, Turn, refused
from lab.runtime.client import Client
from lab.runtime.messages import Outgoing, destination


@performers.register(Publish)
def perform_publish(rehearsal: Rehearsal, step: Publish, turn: Turn) -> Outcome:
    """Send all messages of a step, and return when each has its outcome."""
    sending = Sending(rehearsal, step, turn)
    return sending.connect() or sending.send()


class Sending:
    """The connection and the messages of one step; not thread-safe, though one thread may connect and another send."""

    def __init__(self, rehearsal: Rehearsal, step: Publish | Traffic, turn: Turn) -> None:
        self._client_name = f"step-{turn.number}"
        self.stopped = False
        self._rehearsal, self._number, self._place, self._step = rehearsal, turn.number, turn.place, step
        self._count = step.count if isinstance(step, Publish) else None  # None: until stopped
        self._pace = pace_of(step)
        self._given = step.body is not None or step.file is not None
        self._size = _size_of(step, rehearsal.run, turn.number)
        self._times = SendTimes()
        self._callbacks = Callbacks(rehearsal, self._client_name, step.login)
        self._client: Client | None = None
        self._early = False  # whether it ended before it was told to
        self._reply_to: str | None = None  # the address for answers, if any are asked for

    def _await_answers(self) -> None:
        """Wait for the answers to messages that request one."""

    def connect(self) -> Outcome | None:
        """Connect; return the failed Outcome if the broker refuses or does not answer, else None."""
        rehearsal, step = self._rehearsal, self._step
        begun = rehearsal.now()
        try:
            self._client = rehearsal.connect(step.login._replace(client=self._client_name), self._callbacks)
        except (BrokerError, LabTimeout) as error:
            self._callbacks.failed("connect", error, begun)
            self._early = self._count is None
            self._record_achieved()
            return refused(rehearsal, self._client_name, error)
        rehearsal.tasks.senders[self._number] = self._client
        return None

    @property
    def begun(self) -> bool:
        """Return whether the first message is on its way."""
        return self._times.sent > 0

    def send(self) -> Outcome:
        """Send each message when it is due, wait for every outcome, and disconnect."""
        assert self._client is not None, "connect first"
        rehearsal = self._rehearsal
        begun = rehearsal.now()
        try:
            with closing(self._client):
                self._announce()
                stuck = self._hand_over(self._client)
                if stuck is not None:
                    self._early = self._count is None
                    return stuck
                await_outcomes(rehearsal, self._callbacks)
                self._await_answers()
        finally:
            del rehearsal.tasks.senders[self._number]
            self._record_achieved()
        self._callbacks.record_unauthorised(begun)
        return self._outcome()

    def _announce(self) -> None:
        step, recorder = self._step, self._callbacks.recorder
        recorder.record(
            recorder.publishing(
                self._number,
                str(destination(step)),
                qos=step.qos,
                persistent=step.persistent,
                count=self._count,
                body="given" if self._given else "generated",
                place=self._place,
                retained=step.retained,
                headers=step.headers or {},
                expiry_s=None if step.expiry is None else step.expiry.total_seconds(),
                group=step.group,
                priority=step.priority,
                reply_to="" if self._reply_to is None else "temporary",
                size=self._size,
            )
        )

    def _hand_over(self, client: Client) -> Outcome | None:
        """Hand all messages to the client; return an Outcome only if the broker stops accepting them."""
        rehearsal, callbacks, times = self._rehearsal, self._callbacks, self._times
        sent_now = callbacks.recorder.sent
        given, differ = self._given, self._size is None
        dues = None if self._pace is None else self._pace.dues(rehearsal.plan.seed, self._number)
        first = rehearsal.now()
        sent = 0
        for sent, message in enumerate(self._messages(), start=1):
            if dues is not None:
                due = next(dues, None)
                if due is None or not self._await_due(first, due):
                    sent -= 1
                    break
                times.due = due
            if rehearsal.error is not None:
                raise rehearsal.error
            if callbacks.lost_because is not None or self.stopped:
                self._early = self._count is None and not self.stopped
                sent -= 1
                break
            times.last = now = sent_now(message.id, message.body, given=given, sized=differ)
            if sent == 1:
                times.first = first = now
            times.sent = sent
            try:
                client.publish(message)
            except LabTimeout as error:
                return refused(rehearsal, self._client_name, error)
            if sent == 1:
                rehearsal.clock.notify()
        callbacks.expected = sent
        return None

    def _await_due(self, first: float, due: float) -> bool:
        """Wait until a message is due; return False if no more are to be sent."""
        rehearsal = self._rehearsal
        ahead = first + due - (rehearsal.clock.now() - rehearsal.start)  # as `now`
        if ahead > 0:
            rehearsal.clock.wait(self._to_end, ahead, of_messages=False)  # an error of another thread is raised later
        elif self._pace is not None and -ahead > self._pace.until - due:
            return False  # it is late, and the time for sending is over
        return not self.stopped

    def _to_end(self) -> bool:
        return self.stopped or self._callbacks.lost_because is not None or self._rehearsal.error is not None

    def _messages(self) -> Iterator[Outgoing]:
        run, number, step = self._rehearsal.run, self._number, self._step
        to, text, size = destination(step), step.body, step.size
        octets = None if step.file is None else step.file.octets
        qos, persistent, retained = step.qos, step.persistent, step.retained
        expiry = None if step.expiry is None else step.expiry.total_seconds()
        own, group, priority = step.headers or {}, step.group, step.priority
        for n in range(1, (MOST_MESSAGES if self._count is None else self._count) + 1):
            id = message_id(number, n)  # noqa: A001 (its name everywhere)
            made = (make_body(run, id, size) if text is None else number_body(text, n)) if octets is None else octets
            headers = {**own, HEADER: header_value(run, id)}
            yield Outgoing(id, to, made, headers, qos, persistent, retained, expiry, group, priority, self._reply_to)

    def _record_achieved(self) -> None:
        rehearsal, step = self._rehearsal, self._step
        asked = self._count
        if asked is None and self._pace is not None and not self.stopped:
            asked = self._pace.number(rehearsal.plan.seed, self._number)
        rehearsal.record(
            Achieved(
                t=rehearsal.now(),
                step=self._number,
                did="sent",
                done=self._callbacks.outcomes[SendOutcome.OK],
                broker=step.broker,
                destination=str(destination(step)),
                asked=asked,
                least=step.at_least,
                early=self._early,
            )
        )

    def _outcome(self) -> Outcome:
        callbacks, rehearsal, least = self._callbacks, self._rehearsal, self._step.at_least
        count = self._times.sent if self._count is None else self._count
        accepted = callbacks.outcomes[SendOutcome.OK]
        notes: list[str] = [] if self._count is not None else [f"{count} sent"]
        if accepted != count:
            parts = [
                f"{callbacks.outcomes[outcome]} {outcome}" for outcome in SendOutcome if callbacks.outcomes[outcome]
            ]
            if unsent := count - callbacks.outcomes.total():
                parts.append(f"{unsent} not sent")
            notes += [", ".join(parts), *[note for note in callbacks.notes if note][:3]]
        elif self._early and callbacks.lost_because is not None:
            notes.append(callbacks.lost_because)
        ok = accepted == count and not self._early if least is None else accepted >= least
        if self._pace is not None:
            paced = self._times.compare(rehearsal.now(), self._number, self._pace)
            if paced is not None:
                rehearsal.record(paced)
                notes.append(in_words(paced))
                ok &= paced.held
        return Outcome(ok=ok, note="; ".join(notes))


def _size_of(step: Publish | Traffic, run: str, number: int) -> int | None:
    """Return the bytes of each body; 0 if they are as many as their ids need, None if they differ.

    If a body is too small for its id, it is made longer.
    """
    if step.file is not None:
        return len(step.file.octets)
    if step.body is None:
        most = step.count if isinstance(step, Publish) else MOST_MESSAGES
        fits = step.size is None or len(make_body(run, message_id(number, most))) <= step.size
        return (step.size or 0) if fits else None
    return None if "{n}" in step.body else len(number_body(step.body, 1))
