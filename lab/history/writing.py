"""Observations → lines of a history, its file and other receivers; `reading` is the other direction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec.structs import astuple, fields

from lab.base.masking import Mask
from lab.base.records import compact_json
from lab.base.text_files import append_to_new
from lab.base.write_behind import WrittenBehind, write_octets
from lab.history.checksum import Checksum
from lab.history.clients_seen import Acknowledged, Received, SendOutcome, Sent
from lab.history.observation import Ended, Header, Observation
from lab.history.observed import MessageSeen

_OK = SendOutcome.OK  # asked of an Enum for each message, it would cost as much as the line


def line_octets(mask: Mask, text: str) -> bytes:
    """Return lines of a history as they are written: masked, and a lone surrogate as its JSON escape."""
    return mask.json(text).encode("utf-8", "backslashreplace")


def header_line(header: Header) -> str:
    """Return the first line of a history."""
    rest = {f.name: getattr(header, f.name) for f in fields(header) if f.name != "history"}
    return compact_json({"history": header.history} | rest) + "\n"


def line(observation: Observation) -> str:
    """Return the line of an observation; the four most frequent kinds are written faster, with the same text."""
    kind = type(observation)
    if kind is Sent and observation.digest is None and observation.size is None:  # type: ignore[attr-defined]
        return f'{{"t":{observation.t:.6f},"kind":"sent","id":{quoted(observation.id)}}}\n'  # type: ignore[attr-defined]
    if kind is Acknowledged and observation.outcome is _OK and not observation.note:  # type: ignore[attr-defined]
        return f'{{"t":{observation.t:.6f},"kind":"acked","id":{quoted(observation.id)}}}\n'  # type: ignore[attr-defined]
    if kind is Received:
        return _received(observation)  # type: ignore[arg-type]
    if kind is MessageSeen:
        return _message(observation)  # type: ignore[arg-type]
    fields_of_kind = zip(*_defaults(kind), astuple(observation), strict=True)
    written = {name: value for name, default, value in fields_of_kind if value is not default and value != default}
    del written["t"]
    rest = compact_json(written)[1:]
    return f'{{"t":{observation.t:.6f},"kind":{quoted(observation.kind)}{"," if written else ""}{rest}\n'


@cache
def _defaults(kind: type[Observation]) -> tuple[Sequence[str], Sequence[Any]]:
    """Return the names of a kind's fields, and their defaults. Cached for each written kind: all kinds take long.

    A field without a default gets one that equals no value.
    """
    all_fields = fields(kind)
    defaults = [f.default if f.default_factory is msgspec.NODEFAULT else f.default_factory() for f in all_fields]
    return [f.name for f in all_fields], defaults


def lines(header: Header, observations: Iterable[Observation]) -> Iterator[str]:
    """Return the lines of a whole history."""
    yield header_line(header)
    yield from map(line, observations)


def _received(observation: Received) -> str:
    optional = "" if observation.id is None else f',"id":{quoted(observation.id)}'
    if observation.digest is not None:
        optional += f',"digest":{quoted(observation.digest)}'
    if observation.retained:
        optional += ',"retained":true'
    if observation.redelivered:
        optional += ',"redelivered":true'
    if observation.pending:
        optional += ',"pending":true'
    client, destination = quoted(observation.client), quoted(observation.destination)
    return f'{{"t":{observation.t:.6f},"kind":"received","client":{client},"destination":{destination}{optional}}}\n'


def _message(message: MessageSeen) -> str:
    """Return the line of a message at a broker; an observed broker has three for each message."""
    text = (
        f'{{"t":{message.t:.6f},"kind":"message","broker":{quoted(message.broker)},"event":{quoted(message.event)},"message":'
        f'{quoted(message.message)},"destination":{quoted(message.destination)}'
    )
    if message.consumer:
        text += f',"consumer":{quoted(message.consumer)}'
    if message.client_id:
        text += f',"client_id":{quoted(message.client_id)}'
    if message.over:
        text += f',"over":{quoted(message.over)}'
    if message.network:
        text += ',"network":true'
    if message.persistent:
        text += ',"persistent":true'
    if message.retain:
        text += ',"retain":true'
    if message.bytes is not None:
        text += f',"bytes":{message.bytes}'
    if message.digest is not None:
        text += f',"digest":{quoted(message.digest)}'
    if message.lifetime is not None:
        text += f',"lifetime":{compact_json(message.lifetime)}'
    if message.original:
        text += f',"original":{quoted(message.original)}'
    if message.correlation:
        text += f',"correlation":{quoted(message.correlation)}'
    if message.transaction:
        text += f',"transaction":{quoted(message.transaction)}'
    if message.automatic:
        text += ',"automatic":true'
    if message.redelivered:
        text += f',"redelivered":{message.redelivered}'
    if message.took is not None:
        text += f',"took":{compact_json(message.took)}'
    return f'{text},"why":{quoted(message.why)}}}\n' if message.why else f"{text}}}\n"


def create(path: Path) -> int:
    """Return the descriptor of a new file for a history; raise InputError if it exists, or cannot be made."""
    return append_to_new(path, "a history is never written twice: move it")


class Recorder(Protocol):
    """A receiver of observations; safe to call from any thread."""

    def record(self, *observations: Observation) -> None:
        """Record observations that came together, in their order."""
        ...


class MemoryRecorder:
    """A Recorder that keeps all observations in memory, in their order."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def record(self, *observations: Observation) -> None:
        """Keep observations; extending a list is safe from any thread."""
        self.observations += observations


class Tee:
    """A Recorder that passes observations to two others, in order."""

    def __init__(self, one: Recorder, other: Recorder) -> None:
        self._one, self._other = one.record, other.record

    def record(self, *observations: Observation) -> None:
        """Pass observations to both Recorders."""
        one, other = self._one, self._other  # called as names, which is faster than as methods that they are not
        one(*observations)
        other(*observations)


class HistoryFile(WrittenBehind[str | Ended]):
    """A Recorder to a file; thread-safe. Whole lines reach the file in order, within `EVERY` seconds."""

    def __init__(self, path: Path, header: Header, mask: Mask = Mask()) -> None:  # noqa: B008 - a frozen value
        self.path = path
        self._mask = mask
        super().__init__(create(path))
        self._checksum = Checksum()
        self._over = False  # once the end was written
        self._put(header_line(header), 1)
        self._begin("mqlab-history")

    def record(self, *observations: Observation) -> None:
        """Record observations, none after the end; raise OSError if an earlier one could not be written."""
        for observation in observations:
            if not self._over:
                self._add(observation if type(observation) is Ended else line(observation))

    def _write(self, waiting: Sequence[str | Ended]) -> None:
        """Write lines, and the end with its checksum; nothing after that."""
        if self._over:
            return
        kinds = [*map(type, waiting)]
        end = kinds.index(Ended) if Ended in kinds else len(waiting)
        self._put("".join(waiting[:end]), end)  # type: ignore[arg-type]
        for ended in waiting[end : end + 1]:
            self._over = True
            last_line = line_octets(self._mask, line(self._checksum.on(ended)))  # type: ignore[arg-type]
            write_octets(self._file, self._checksum.closed(last_line))

    def _put(self, lines: str, number: int) -> None:
        octets = line_octets(self._mask, lines)
        self._checksum.add(octets, number)
        write_octets(self._file, octets)
