"""The step `replay`: the messages of a recording or a run's history, sent in order, each when it is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping
from contextlib import closing

from lab.activemq.matching import HEADER, header_value, make_body, message_id
from lab.activemq.protocols import protocol
from lab.base.units import several
from lab.declare.recordings import Recorded, Stream, StreamKey, stream_of
from lab.declare.steps.base import Login
from lab.declare.steps.replay import Replay
from lab.errors import BrokerError, InputError, LabTimeout
from lab.history import Achieved, Paced, Publishing, SendOutcome
from lab.replay.callbacks import Callbacks, await_outcomes
from lab.replay.pacing import Lateness, Pace, SendTimes, in_words, recorded_dues
from lab.replay.rehearsal import Rehearsal
from lab.replay.stage import Stage
from lab.replay.steps import performers
from lab.replay.turn import Outcome, Turn, refused
from lab.runtime.client import Client
from lab.runtime.messages import Destination, Outgoing


@performers.register(Replay)
def perform_replay(rehearsal: Rehearsal, step: Replay, turn: Turn) -> Outcome:
    """Send all messages of a recording, and return when each has its outcome."""
    return RecordedSending(rehearsal, step, turn.number, rehearsal.tasks.senders, turn.place).perform()


class _Counting(Callbacks):
    """The events of the connection: they count outcomes by the first number of the ids."""

    def __init__(self, stage: Stage, client: str, login: Login) -> None:
        super().__init__(stage, client, login)
        self.accepted: Counter[str] = Counter()

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Record the outcome of a send."""
        if outcome is SendOutcome.OK:
            self.accepted[id.partition("-")[0]] += 1
        super().acknowledged(id, outcome, note)


class RecordedSending:
    """The connection and the messages of one step.

    Its streams have `step.numbers` numbers, from `number` on; while it is open, its connection is in
    `senders`.
    """

    def __init__(
        self, stage: Stage, step: Replay, number: int, senders: MutableMapping[int, Client], place: str = ""
    ) -> None:
        self._stage, self._step, self._number, self._place, self._senders = stage, step, number, place, senders
        self._name = f"step-{number}"
        self._streams, self._made = step.streams, step.of_run
        self._numbers = {key: each for each, key in enumerate(self._streams, start=number)}
        self._sizes = {key: self._size_of(key, stream) for key, stream in self._streams.items()}
        self._differ = {str(self._numbers[key]) for key, size in self._sizes.items() if size is None}
        self._longer = 0  # bodies that are longer than the run's
        self._sent: Counter[StreamKey] = Counter()
        self._times, self._lateness = SendTimes(), Lateness()
        self._callbacks = _Counting(stage, self._name, step.login)
        self.off_pace = False  # whether all was sent, and not at the pace

    @property
    def accepted(self) -> int:
        """Return how many messages the broker has accepted so far."""
        return self._callbacks.outcomes[SendOutcome.OK]

    @property
    def enough(self) -> bool:
        """Return whether the requested number of messages is accepted."""
        least = self._step.at_least
        return self.accepted == self._step.messages if least is None else self.accepted >= least

    def perform(self) -> Outcome:
        """Connect, send, wait for every outcome, and disconnect."""
        stage, step = self._stage, self._step
        begun = stage.now()
        try:
            client = stage.lab.connect(
                client=self._name,
                broker=step.broker,
                over=step.speaks,
                user=stage.user(step.broker, step.user),
                events=self._callbacks,
            )
        except (BrokerError, LabTimeout) as error:
            self._callbacks.failed("connect", error, begun)
            self._record_achieved()
            return refused(stage, self._name, error)
        except BaseException:
            self._record_achieved()
            raise
        self._senders[self._number] = client
        try:
            with closing(client):
                for key, stream in self._streams.items():
                    stage.record(self._publishing(key, stream))
                try:
                    self._hand_over(client)
                except LabTimeout as error:
                    return refused(stage, self._name, error)
                await_outcomes(stage, self._callbacks)
        finally:
            del self._senders[self._number]
            self._record_achieved()
        self._callbacks.record_unauthorised(begun)
        return self._outcome()

    def _hand_over(self, client: Client) -> None:
        """Hand all messages to the client, until the connection is lost; LabTimeout if the broker is silent."""
        stage, callbacks, times = self._stage, self._callbacks, self._times
        first = stage.now()
        for after, recorded in recorded_dues(self._step):
            if after is not None and (ahead := first + after - stage.now()) > 0:
                stage.wait(lambda: callbacks.lost_because is not None, ahead, of_messages=False)
            stage.check()
            if callbacks.lost_because is not None:
                break
            message = self._outgoing(recorded)
            self._longer += bool(recorded.size) and len(message.body) > (recorded.size or 0)
            differ = message.id.partition("-")[0] in self._differ
            now = callbacks.recorder.sent(message.id, message.body, given=not self._made, sized=differ)
            if times.sent == 0:
                times.first = first = now
            elif after is not None:
                times.due = after
                self._lateness.add(now - first - after)
            times.sent, times.last = times.sent + 1, now
            client.publish(message)
        callbacks.expected = times.sent

    def _outgoing(self, recorded: Recorded) -> Outgoing:
        """Return a recorded message as it is sent: marked as one of this run."""
        key, run = stream_of(recorded), self._stage.run
        number, stream = self._numbers.get(key), self._streams.get(key)
        if number is None or stream is None or self._sent[key] == stream.messages:
            raise InputError.of(f"{self._step.recording.path} has changed since it was checked")
        self._sent[key] += 1
        id = message_id(number, self._sent[key])  # noqa: A001 (its name everywhere)
        return Outgoing(
            id,
            Destination.of(recorded.destination),
            recorded.body if recorded.size is None else make_body(run, id, recorded.size),
            {**recorded.headers, HEADER: header_value(run, id)},
            (1 if key.persistent else 0) if recorded.qos is None else recorded.qos,
            key.persistent,
            key.retained,
            recorded.expiry,
            recorded.group,
            recorded.priority,
            text=recorded.type == "text",
        )

    def _size_of(self, key: StreamKey, stream: Stream) -> int | None:
        """Return the bytes of each body; 0 if they are as many as their ids need, None if they differ."""
        size = stream.size
        if not size or not self._made:
            return size
        longest = make_body(self._stage.run, message_id(self._numbers[key], stream.messages))
        return size if len(longest) <= size else None

    def _publishing(self, key: StreamKey, stream: Stream) -> Publishing:
        number, step = self._numbers[key], self._number
        headers = stream.headers if protocol(self._step.speaks) != "mqtt" else {}
        return self._callbacks.recorder.publishing(
            number,
            key.destination,
            qos=int(key.persistent),
            persistent=key.persistent,
            part_of=None if number == step else step,
            count=stream.messages,
            body="generated" if self._made else "given",
            place=self._place if number == step else self._place or str(step),
            retained=key.retained,
            headers=headers,
            expiry_s=stream.expiry,
            group=stream.group,
            priority=stream.priority,
            varying=stream.varying,
            size=self._sizes[key],
        )

    def _record_achieved(self) -> None:
        """Record how many messages of each stream were accepted, which is enough if all together are."""
        least = self._step.at_least
        enough = least is not None and self._callbacks.accepted.total() >= least
        for key, stream in self._streams.items():
            done = self._callbacks.accepted[str(self._numbers[key])]
            self._stage.record(
                Achieved(
                    t=self._stage.now(),
                    step=self._numbers[key],
                    did="sent",
                    done=done,
                    broker=self._step.broker,
                    destination=key.destination,
                    asked=stream.messages,
                    least=done if enough else None,
                )
            )

    def _paced(self) -> Paced | None:
        """Return the configured and actual rates, and the delays; None without a pace, or for one message."""
        times, pace = self._times, self._step.pace
        if times.sent < 2 or times.due <= 0.0 or (pace.times is None and pace.rate is None):
            return None
        asked = Pace(interval=times.due / (times.sent - 1))
        paced = times.compare(self._stage.now(), self._number, asked)
        return paced and paced.with_fields(
            late_p50_s=round(self._lateness.quantile(0.5), 6),
            late_p99_s=round(self._lateness.quantile(0.99), 6),
            late_max_s=round(self._lateness.most, 6),
            drift=round((times.last - times.first) / times.due - 1, 6),
        )

    def _outcome(self) -> Outcome:
        callbacks, asked, accepted = self._callbacks, self._step.messages, self.accepted
        notes = []
        if accepted != asked:
            parts = [f"{callbacks.outcomes[each]} {each}" for each in SendOutcome if callbacks.outcomes[each]]
            if unsent := asked - callbacks.outcomes.total():
                parts.append(f"{unsent} not sent")
            notes += [", ".join(parts), *[note for note in callbacks.notes if note][:3]]
        if self._longer:
            notes.append(f"{several(self._longer, 'body')} longer than recorded, because of its id")
        ok = self.enough
        paced = self._paced()
        if paced is not None:
            self._stage.record(paced)
            notes.append(in_words(paced))
            self.off_pace = not paced.held
            ok &= paced.held
        return Outcome(ok=ok, note="; ".join(notes))
