"""The step `replay`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, WithJsonSchema, model_serializer, model_validator

from lab.activemq.protocols import Over
from lab.base import units
from lab.base.printable import shown
from lab.declare.fields import Declared, MessageRate, Name, Whole
from lab.declare.recording_file import RecordingFile
from lab.declare.recordings import Stream, StreamKey
from lab.declare.references import BrokerName, UserName
from lab.declare.steps.base import Login, Part, Step, check_least

_TIMES = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)x")
_LONGEST = 10.0**9  # seconds: three decades; a timedelta holds no moment that any file may name
MADE_ANEW = "bodies made anew, as large as the run's or their ids need"
_ORIGINAL, _ACKNOWLEDGEMENTS = "original", "acknowledgements"


class ReplayPace(Declared):
    """The speed of a replay: `original`, a multiple, `10x`, a rate, `200/s`, or `acknowledgements`."""

    times: Fraction | None = None
    """The speed, as a multiple of the recorded speed."""
    rate: MessageRate | None = None
    """The number of messages per time."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, raw: Any) -> Any:
        if not isinstance(raw, str):
            return raw
        if raw in (_ORIGINAL, _ACKNOWLEDGEMENTS):
            return {"times": Fraction(1)} if raw == _ORIGINAL else {}
        if found := _TIMES.fullmatch(raw):
            if not (times := Fraction(found[1])):
                raise ValueError("0x sends nothing: write 0.5x for half as fast")
            return {"times": times}
        try:
            return {"rate": units.parse_message_rate(raw)}
        except ValueError as error:
            what = f"{shown(raw)} is no pace: write original, 10x, 200/s or acknowledgements"
            raise ValueError(what) from error

    @model_serializer
    def _written(self) -> str:
        return str(self)

    def __str__(self) -> str:
        if self.rate is not None:
            return units.format_message_rate(self.rate)
        if self.times is None:
            return _ACKNOWLEDGEMENTS
        return _ORIGINAL if self.times == 1 else f"{float(self.times):g}x"


class Replay(Step):
    """Send the messages of a recording, or of an earlier run, and wait for the outcome of each."""

    verb: ClassVar[str] = "replay"
    changes = Part.NOTHING  # it says how many it sent, and expectations depend on that
    recording: Annotated[RecordingFile, WithJsonSchema({"type": "string"})]
    """The path of the recording, of a run's `history.jsonl`, or of a run folder."""
    broker: BrokerName = Field(alias="into")
    """The broker that the messages are sent to."""
    of: Name | None = None
    """The broker in the recording whose messages are sent (default: the only one)."""
    over: Over | None = None
    """The protocol of the connection, always with TLS (default: the recorded one)."""
    pace: Annotated[
        ReplayPace,
        WithJsonSchema(
            {
                "type": "string",
                "pattern": r"^(original|acknowledgements|\d+(\.\d+)?(x|/[smh]))$",
                "examples": ["original", "10x", "200/s", "acknowledgements"],
            }
        ),
    ] = ReplayPace.model_construct(times=Fraction(1))
    """Speed: `original`, a multiple such as 10x, a rate such as 200/s, or `acknowledgements`, the broker's speed."""
    user: UserName | None = None
    """The user that logs in (default: the broker's only user)."""
    at_least: Whole | None = None
    """The minimum number of messages that the broker must accept (default: all)."""

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        if self.recording.summary is not None:
            check_least(self.at_least, self.messages)
        return self

    @property
    def streams(self) -> Mapping[StreamKey, Stream]:
        """Return the streams that are sent, in the order of their first messages; none if they were not looked for."""
        summary = self.recording.summary
        found = {} if summary is None else summary.streams
        return {key: stream for key, stream in found.items() if self.of in (None, key.broker)}

    @property
    def of_run(self) -> bool:
        """Return whether it is the history of a run that is sent, which has no bodies."""
        return self.recording.summary is not None and self.recording.summary.run is not None

    @property
    def messages(self) -> int:
        """Return how many messages are sent."""
        return sum(stream.messages for stream in self.streams.values())

    @property
    def speaks(self) -> str:
        """Return the protocol over which messages are sent."""
        return self.over or next((key.over for key in self.streams), "mqtt")

    @property
    def login(self) -> Login:
        """Return the login that the step tries."""
        return Login(self.broker, self.speaks, self.user)

    @property
    def sends_to(self) -> tuple[str, ...]:
        """Return the destinations of the messages."""
        return tuple(dict.fromkeys(key.destination for key in self.streams))

    @property
    def numbers(self) -> int:
        """Return how many numbers the step takes: one for each stream, with which its messages' ids begin."""
        return max(1, len(self.streams))

    @property
    def shortest(self) -> timedelta:
        """Return the time from the first message to the last one; three decades if it is longer."""
        summary, pace = self.recording.summary, self.pace
        if summary is None:
            return timedelta(0)
        if pace.rate is not None:
            seconds = float(max(0, self.messages - 1) / pace.rate)
        else:
            seconds = 0.0 if pace.times is None else summary.seconds / float(pace.times)
        return timedelta(seconds=min(seconds, _LONGEST))

    def words(self) -> str:
        """Return the step in one line, for people."""
        summary = self.recording.summary
        count = "the messages" if summary is None else units.several(self.messages, "message")
        words = f"replay {count} of {self.recording.path}"
        words += f", {'published' if self.of_run else 'recorded'} at {self.of}," if self.of is not None else ""
        words += f" into {self.broker}"
        words += f" over {self.speaks}" if summary is not None or self.over is not None else ""
        words += f", pace {self.pace}"
        words += f", at least {self.at_least}" if self.at_least is not None else ""
        words += f", {MADE_ANEW}" if self.of_run else ""
        return words + (f"; {summary.loss}" if summary is not None and summary.loss else "")
