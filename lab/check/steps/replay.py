"""Checks of the step `replay`: which messages of its recording, and whether its protocol can carry them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from lab.activemq.protocols import protocol
from lab.amazonmq.files.activemq_xml import LARGEST_BODY
from lab.base.units import format_size, several
from lab.check.steps import checks
from lab.check.steps.messages import LONGEST_EXPIRY
from lab.check.terms import NO_QUEUES
from lab.declare.recordings.summary import GROUP, PRIORITY, Stream, StreamKey, Summary
from lab.declare.steps.replay import Replay
from lab.errors import Problem

# Headers of a SEND that no message of its own has: `copyStandardHeadersFromFrameToMessage`, ActiveMQ 5.18.3.
_OF_SEND = frozenset(
    ("destination", "receipt", "transaction", "content-length", "persistent", "expires", "priority", "mqlab_id")
)


class Place(Protocol):
    """The place of a replay: a step of a scenario, or a command or a program, which has other words for its fields."""

    def wrong(self, field: str, problem: str, remedy: str) -> Problem:
        """Return a Problem at a field."""
        ...

    def missing(self, field: str, kind: str, name: str, valid: Iterable[str], label: str) -> Problem:
        """Return the Problem that a field names a thing that does not exist."""
        ...

    def written(self, field: str, entry: str) -> str:
        """Return a field with a value as it is written there."""
        ...


def check_replay(place: Place, step: Replay) -> Iterator[Problem]:
    """Yield the Problems of a replay whose recording could be read."""
    summary = step.recording.summary
    if summary is None:
        return
    if (wrong := _which(place, step, summary)) is not None:
        yield wrong
        return
    if not step.streams:
        lacks = f": {summary.loss}" if summary.loss else ""
        yield place.wrong(
            "recording", f"{step.recording.path} has no message{lacks}", "record messages with mqlab record"
        )
        return
    did = "published" if step.of_run else "recorded"
    over = sorted({key.over for key in step.streams})
    if step.over is None and len(over) > 1:
        what = f"the messages were {did} over {' and '.join(over)}"
        yield place.wrong("recording", what, f"name a protocol for all, for example {place.written('over', over[0])}")
        return
    for key, stream in step.streams.items():
        yield from _carried(place, step, key, stream)


checks.register(Replay)(check_replay)  # which takes other places than a Context too


def _which(place: Place, step: Replay, summary: Summary) -> Problem | None:
    """Return the Problem of a recording of several brokers, if the step does not select one."""
    brokers = sorted(summary.header.brokers)
    if step.of is not None and step.of not in brokers:
        return place.missing("of", "broker", step.of, brokers, "brokers in this recording")
    if step.of is None and len({key.broker for key in summary.streams}) > 1:
        what = f"the recording is from {', '.join(brokers)}, so it may contain a message more than once"
        if step.of_run:
            what = f"the messages were published at {', '.join(brokers)}, and all would go into {step.broker}"
        return place.wrong("recording", what, f"name a recorded broker, for example {place.written('of', brokers[0])}")
    return None


def _carried(place: Place, step: Replay, key: StreamKey, stream: Stream) -> Iterator[Problem]:
    """Yield a Problem for each property of a stream's messages that the protocol of the replay cannot carry."""
    over, speaks = step.speaks, protocol(step.speaks)
    field = "recording" if step.over is None else "over"
    its = f"messages to {key.destination}"
    stomp_or_amqp = f"{place.written('over', 'stomp')}, or {place.written('over', 'amqp')}"
    if speaks == "mqtt":
        has = [name for name in ("headers", "group", "priority", "expiry") if _differs(name, stream)]
        if key.destination.startswith("queue://"):
            yield place.wrong(field, f"{NO_QUEUES}: {its}", stomp_or_amqp)
        elif has:
            yield place.wrong(field, f"MQTT cannot carry {', '.join(has)}, and {its} need this", stomp_or_amqp)
    elif speaks == "stomp" and (own := sorted(_OF_SEND & {*stream.headers, *stream.varying})):
        yield place.wrong(
            "recording", f"{its} have headers that STOMP itself uses: {', '.join(own)}", "remove these headers"
        )
    elif key.retained:
        yield place.wrong(
            field, f"only MQTT has retained messages, and {its} are retained", place.written("over", "mqtt")
        )
    if over == "stomp-wss" and stream.binary:
        what = f"in a WebSocket STOMP is text: {several(stream.binary, 'body')} of {its} is no UTF-8"
        yield place.wrong(field, what, place.written("over", "stomp"))
    if stream.pictures:
        what = f"{stream.pictures} {its} are neither text nor bytes, and no client of the lab can send such messages"
        yield place.wrong("recording", what, "record other destinations")
    if stream.largest > LARGEST_BODY:
        what = f"a body of {its} has {stream.largest} bytes"
        yield place.wrong(
            "recording", what, f"record bodies of at most {format_size(LARGEST_BODY)}, so that the headers have room"
        )
    if speaks == "amqp" and stream.longest > LONGEST_EXPIRY.total_seconds():
        what = f"AMQP permits an expiry of at most 2^32 ms, and {its} have more"
        yield place.wrong(field, what, place.written("over", "stomp"))


def _differs(name: str, stream: Stream) -> bool:
    """Return whether messages have a term that MQTT does not have, other than the default priority."""
    match name:
        case "headers":
            return bool(stream.headers or stream.varying - {GROUP, PRIORITY})
        case "group":
            return stream.group is not None or GROUP in stream.varying
        case "priority":
            return stream.priority not in (None, 4) or PRIORITY in stream.varying
        case _:
            return stream.expires
