"""The story of one message: its send, the demand for it, its outcome, every delivery, every fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf

from lab.activemq.destinations import has_wildcard, hears
from lab.errors import InputError
from lab.history import (
    Acknowledged,
    Answered,
    Browsed,
    ClientChanged,
    DestinationSeen,
    Observation,
    Publishing,
    Received,
    Replied,
    SendOutcome,
    Sent,
    Settled,
    StepEnded,
    StepStarted,
    Subscribed,
    Unsubscribed,
)
from lab.history.display import Row, Weight
from lab.judge.evidence.causes import FAR_SECONDS
from lab.judge.evidence.timeline import Timeline
from lab.judge.wording import gap, listed, moment

_MOST_EVENTS = 20


class Story:
    """The story of one message, collected from a history observation by observation."""

    def __init__(self, message: str) -> None:
        self.message = message
        self.lines: list[Observation] = []  # observations of the message and its step, in order
        self._step = message.partition("-")[0]
        self._publishing: Publishing | None = None
        self._sent: Sent | None = None
        self._outcomes: list[Acknowledged] = []
        self._received: list[Received] = []
        self._settled: list[Settled] = []
        self._others: list[Browsed | Replied | Answered] = []  # by clients that saw it, answered it, got the answer
        self._away: set[str] = set()  # clients without a connection
        self._client_changes: list[ClientChanged] = []  # connections lost and restored
        self._listening: dict[tuple[str, str], Subscribed] = {}
        self._heard_by: set[tuple[str, str]] = set()  # subscriptions at the moment of sending
        self._timeline = Timeline()
        self._last = 0.0

    def add(self, observation: Observation) -> None:
        """Add one observation."""
        self._last = max(self._last, observation.t)
        if not observation.is_news:
            return
        match observation:
            case Sent():
                if observation.id == self.message:
                    self._sent = observation
                    self._heard_by = set(self._listening)
                    self.lines.append(observation)
            case Acknowledged():
                if observation.id == self.message:
                    self._outcomes.append(observation)
                    self.lines.append(observation)
            case Received():
                if observation.id == self.message or (
                    self._sent and observation.digest is not None and self._alike(observation)
                ):
                    self._received.append(observation)
                    self.lines.append(observation)
            case Publishing() | StepStarted() | StepEnded() if str(observation.step) == self._step:
                if isinstance(observation, Publishing):
                    self._publishing = observation
                self.lines.append(observation)
                self._timeline.add(observation)
            case Subscribed():
                self._listening[observation.client, observation.destination] = observation
                self._away.discard(observation.client)
            case Unsubscribed():
                self._listening.pop((observation.client, observation.destination), None)
            case Settled():
                if observation.id == self.message:
                    self._settled.append(observation)
                    self.lines.append(observation)
            case Browsed() | Replied() | Answered():
                if self.message in (observation.ids if isinstance(observation, Browsed) else (observation.id,)):
                    self._others.append(observation)
                    self.lines.append(observation)
            case ClientChanged():
                self._client_changes.append(observation)
                (self._away.discard if observation.state == "returned" else self._away.add)(observation.client)
                if observation.state == "disconnected":
                    self._listening = {
                        key: its for key, its in self._listening.items() if key[0] != observation.client or its.durable
                    }
            case _:
                self._timeline.add(observation)

    def rows(self) -> Iterable[Row]:
        """Return the story in the order of time; raise InputError if the history has no such message."""
        if self._publishing is None or self._sent is None:
            count = 0 if self._publishing is None else self._publishing.count
            first = f"write {self._step}-1"
            steps = "write <step>-<n>, such as 3-1, or last:DESTINATION"
            if count:
                steps = f"{first}, the only message of step {self._step}"
            if count is not None and count > 1:
                steps = f"{first} to {self._step}-{count} for a message of step {self._step}, which publishes {count}"
            raise InputError.of(f'no message "{self.message}" was sent in this history', steps)
        self._timeline.last = self._last
        sent, publishing = self._sent, self._publishing
        until = max([seen.t for seen in self._received], default=self._timeline.end)
        near = self._nearest_fault(sent.t, until)
        rows = [
            publishing.row(),
            self._demand(sent, publishing),
            replace(sent.row(), text=f"sent {sent.id}{near}"),
        ]
        rows += self._events(sent.t, until)
        rows += [self._outcome(seen, sent) for seen in self._outcomes]
        rows += [self._receipt(seen, sent, first=number == 0) for number, seen in enumerate(self._received)]
        rows += [seen.row() for seen in (*self._settled, *self._others)]
        concerned = {seen.client for seen in self._received} | {client for client, _ in self._heard_by}
        rows += [
            seen.row() for seen in self._client_changes if seen.client in concerned and sent.t <= seen.t <= self._last
        ]
        return sorted([*rows, *self._missing_receipts(publishing), *self._counters(publishing)], key=lambda row: row.t)

    @property
    def outcome(self) -> str:
        """Return the fate of the message in one sentence, as far as the clients' observations prove it."""
        surely = dict.fromkeys(seen.client for seen in self._received if seen.id is not None)
        if surely:
            again = ", more than once" if len(self._received) > len(surely) else ""
            return f"received by {listed(list(surely))}{again}"
        if self._received:
            clients = listed(list(dict.fromkeys(seen.client for seen in self._received)))
            return f"perhaps received by {clients}: equal bodies cannot be distinguished"
        if not self._outcomes:
            return "no client received it, and it is unknown whether the broker accepted it"
        accepted = any(seen.outcome is SendOutcome.OK for seen in self._outcomes)
        return "the broker accepted it, and no client received it" if accepted else "the broker did not accept it"

    def _nearest_fault(self, sent: float, until: float) -> str:
        """Return the link's closure nearest to the send, or else the last event before it; "" if none."""
        shut = [
            (each.start, each.words)
            for each in self._timeline.closures
            if each.start <= until and (each.end is None or each.end >= sent)
        ]
        before = [(each.t, each.text) for each in self._timeline.events if sent - FAR_SECONDS <= each.t <= sent]
        met = min(shut, key=lambda each: abs(each[0] - sent), default=None) or max(before, default=None)
        if met is None:
            return ""
        return f", {gap(abs(met[0] - sent))} {'after' if met[0] <= sent else 'before'} {met[1]}"

    def _alike(self, arrival: Received) -> bool:
        """Return whether a delivery without an id has the digest of the message."""
        return self._sent is not None and arrival.digest == self._sent.digest

    def _demand(self, sent: Sent, publishing: Publishing) -> Row:
        """Return a row on the demand for the message at its sending."""
        broker, destination = publishing.broker, publishing.destination
        of = [
            seen
            for (where, what), all_ in self._timeline.demand.items()
            for seen in all_
            if where == broker
            and (hears(what, destination) or (has_wildcard(destination) and hears(destination, what)))
        ]
        before = max((seen for seen in of if seen.t <= sent.t), key=lambda seen: seen.t, default=None)
        later = min((seen.t for seen in of if seen.t > sent.t and seen.present), default=inf)
        if self._timeline.coverage.silence(broker, sent.t, sent.t):
            return Row(
                t=sent.t, actor=broker, text="did not answer: it is unknown whether a bridge was to forward the message"
            )
        if before is not None and before.present:
            return before.row()
        if not of:
            return Row(
                t=sent.t, actor=broker, text=f"no demand for {destination} was recorded: no bridge was to forward it"
            )
        when = f"until {moment(later)}" if later < inf else "then or later"
        return Row(
            t=sent.t,
            actor=broker,
            weight=Weight.FAULT,
            text=f"had no bridge's consumer on {destination} {when}: a topic message is not forwarded without one",
        )

    def _events(self, since: float, until: float) -> list[Row]:
        """Return the faults and recoveries between the send and the last delivery."""
        timeline = self._timeline
        found = [Row(t=each.start, actor="link", text=each.words, weight=Weight.FAULT) for each in timeline.closures]
        found += [Row(t=each.t, actor="", text=each.text, weight=Weight.FAULT) for each in timeline.events]
        found = sorted((row for row in found if since <= row.t <= until), key=lambda row: row.t)
        left = len(found) - _MOST_EVENTS
        return found if left <= 0 else [*found[:_MOST_EVENTS], replace(found[-1], actor="", text=f"{left} events more")]

    def _outcome(self, ack: Acknowledged, sent: Sent) -> Row:
        """Return the row of a send's outcome, with the time since the send."""
        row = ack.row()
        return replace(row, text=f"{row.text}, {gap(ack.t - sent.t)} after it was sent")

    def _receipt(self, arrival: Received, sent: Sent, *, first: bool) -> Row:
        """Return the row of a delivery, with the time since the send and since the last event."""
        row = arrival.row()
        after = [each for each in self._timeline.events if sent.t <= each.t <= arrival.t]
        near = f" and {gap(arrival.t - after[-1].t)} after {after[-1].text}" if after else ""
        again = "" if first else " (not the first delivery)"
        alike = "; equal bodies cannot be distinguished" if arrival.id is None else ""
        return replace(row, text=f"{row.text}{again}, {gap(arrival.t - sent.t)} after it was sent{near}{alike}")

    def _missing_receipts(self, publishing: Publishing) -> list[Row]:
        """Return a row for each subscriber that listened at the send and did not receive the message."""
        got = {(seen.client, seen.destination) for seen in self._received}
        silent = [key for key in sorted(self._heard_by) if hears(key[1], publishing.destination) and key not in got]
        selecting = {client: its.selector for (client, _), its in self._listening.items() if its.selector is not None}
        if publishing.destination.startswith("queue://") and got:
            return []  # one subscriber of a shared queue is enough
        rows = [
            Row(
                t=self._last,
                actor=client,
                text=f"never received {self.message}, though it listened"
                + (f" to those where {selecting[client]}" if client in selecting else "")
                + (": it had gone, and did not come back" if client in self._away else ""),
                weight=Weight.FAULT,
            )
            for client, _ in silent
        ]
        if not rows and not got:
            rows = [Row(t=self._last, actor="", text="no client received it")]
        if not self._outcomes:
            rows.append(
                Row(
                    t=self._last,
                    actor=f"step {publishing.step}",
                    text="no outcome was recorded: unknown",
                    weight=Weight.FAULT,
                )
            )
        return rows

    def _counters(self, publishing: Publishing) -> list[Row]:
        """Return each broker's last counters of the destination: they alone show whether messages were forwarded."""
        last: list[DestinationSeen] = [
            seen[-1] for (_, what), seen in self._timeline.destinations.items() if what == publishing.destination
        ]
        return [seen.row() for seen in last]
