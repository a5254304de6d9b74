"""The history of a run → the messages that were published in it, without their bodies, which no history has.

It is read by the rules of histories. Its fields are checked as those of a recording, since both files are untrusted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lab.activemq.destinations import has_wildcard
from lab.base.masking import MASK
from lab.base.printable import shown
from lab.base.units import several
from lab.base.whole_lines import LineError, portions
from lab.declare.recordings.lines import moment, octets, without_body
from lab.declare.recordings.message_file import MessageFile
from lab.declare.recordings.redaction import at_most_three, names_of
from lab.declare.recordings.values import Header, Recorded
from lab.errors import InputError, Place
from lab.history import Ended, Forgotten, Observation, Publishing, Sent, damage
from lab.history.reading import first, parsed

_MOST_STEPS = 100_000  # that send messages: the terms of each are kept
_ID = re.compile(r"([1-9][0-9]{0,15})-[1-9][0-9]{0,15}")


class HistoryReading(MessageFile):
    """A history that is being read; its `header.brokers` are those that messages were published to so far.

    The reading has every message that was handed to a client, whatever its fate.
    """

    def __init__(self, path: Path, file: str = "") -> None:
        super().__init__(path, file)
        self._ended = False
        self._steps: dict[str, Recorded] = {}  # by the number that ids begin with: a message of it
        self._unsized: set[str] = set()  # numbers of those whose sizes are with each message, or not known
        self._sizeless = self._requests = 0  # messages
        self._asking: set[str] = set()  # numbers of requests
        self._given: set[str] = set()  # numbers of those with bodies of their own
        self._empty = 0  # messages of these whose bodies had nothing in them
        self._varying: set[str] = set()
        self._masked: dict[str, tuple[str, ...]] = {}  # by number: headers with what a mask has left
        self._wild: dict[str, str] = {}  # by number: the destination with wildcards that its messages go to, in words
        self._unsent: Counter[str] = Counter()  # such words → messages
        self._redacted: Counter[str] = Counter()
        self._forgotten: Forgotten | None = None  # messages that were left out
        self._brokers: dict[str, str] = {}
        try:
            told = first(Path(self.file), self._stream)
        except BaseException:
            self.close()
            raise
        self.run, self._standing = told.run, told.standing
        self.header = Header(started=told.started, mqlab=told.mqlab, brokers=self._brokers, asked=())

    def __iter__(self) -> Iterator[Recorded]:
        """Yield each message, in the order of the lines."""
        lines = parsed(Path(self.file), portions(self._stream), 2)
        while True:
            self._line += 1
            seen = next(lines, None)
            if seen is None:
                break
            try:
                message = self._message(seen)
            except LineError as bad:
                raise self._refused(bad) from bad
            if message is not None:
                self.messages += 1
                yield message
        if self._ended and (damaged := damage(self._path)):
            raise InputError.of(damaged, "was it edited by hand?", Place(file=self.file, line=self._line - 1, column=1))
        self.open = not self._ended
        self.loss = "; ".join(self._losses())
        self.redacted = self._redacted

    def _message(self, observation: Observation) -> Recorded | None:
        """Take in an observation, and return the message if the observation is its sending."""
        if self._ended:
            raise LineError("a line after the last one", remedy="check whether the file has two histories")
        match observation:
            case Sent():
                return self._sent(observation)
            case Publishing():
                self._publishing(observation)
            case Forgotten(of="messages"):
                self._forgotten = observation
            case Ended():
                self._ended = True
        return None

    def _publishing(self, step: Publishing) -> None:
        number = str(step.step)
        if number in self._steps or number in self._wild:
            raise LineError(f"the messages of step {number} are recorded a second time")
        if len(self._steps) + len(self._wild) == _MOST_STEPS:
            raise LineError(f"more than {_MOST_STEPS} steps send messages", remedy="replay another history")
        self._brokers[step.broker] = f"run {self.run}"
        if has_wildcard(step.destination):
            self._wild[number] = shown(step.destination, 40)
            return
        told = {
            "t": 0.0,
            "destination": step.destination,
            "over": step.over,
            "broker": step.broker,
            "headers": dict(step.headers),
            "persistent": step.persistent,
            "retained": step.retained,
            "priority": step.priority,
            "expiry": step.expiry_s,
            "group": step.group,
        }
        known = {name: value for name, value in told.items() if value is not None}
        self._steps[number] = without_body(known, step.size or 0)
        if step.body == "given":
            self._given.add(number)
        if step.size is None:
            self._unsized.add(number)
        if masked := tuple(name for name, value in step.headers.items() if MASK in value):
            self._masked[number] = masked
        if step.reply_to:
            self._asking.add(number)
        self._varying.update(step.varying)

    def _sent(self, send: Sent) -> Recorded | None:
        found = _ID.fullmatch(send.id)
        if found is not None and (wild := self._wild.get(found[1])) is not None:
            self._unsent[wild] += 1
            return None
        its = None if found is None else self._steps.get(found[1])
        if found is None or its is None:
            raise LineError(f"no earlier line names the step that sends {shown(send.id, 40)}")
        self._requests += found[1] in self._asking
        self._redacted.update(self._masked.get(found[1], ()))
        self._sizeless += send.size is None and found[1] in self._unsized
        size = its.size if send.size is None else octets(send.size)
        self._empty += size == 0 and found[1] in self._given - (self._unsized if send.size is None else set())
        return its._replace(t=moment(send.t), size=size)

    def _losses(self) -> Iterator[str]:
        """Yield the missing parts of the history, in words."""
        if not self._ended:
            whole = several(self.messages, "message")
            if self._standing:
                yield f"its lab was running, or was killed, after {whole}: later messages are missing"
            else:
                yield f"it was cut short after {whole}: later messages are lost"
        if (left_out := self._forgotten) is not None:
            lines = several(left_out.lines, "line")
            yield f"its oldest messages were removed, up to {left_out.until:.3f} s ({lines})"
        if self._sizeless:
            yield f"no size is known of {self._sizeless} of the bodies, which are made as long as their ids need"
        if self._empty:
            yield f"{self._empty} bodies were empty; the replay sends their ids as bodies"
        if self._unsent:
            sent = several(self._unsent.total(), "message")
            yield f"a replay does not send to wildcards, so it leaves out {sent} to {at_most_three(self._unsent)}"
        if self._varying:
            yield f"omitted, because the values differ or are secrets: {names_of(self._varying)}"
        if self._requests:
            yield f"sent without asking for an answer: {several(self._requests, 'request')}"
