"""Observations → lines of a history, and the file of a run; `reading` is the other direction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import fields

from lab.history.clients_seen import Acknowledged, Received, SendOutcome, Sent
from lab.history.observation import Ended, Header, Observation
from lab.history.seal import Seal
from lab.masking import Mask
from lab.text_files import append_to_new
from lab.write_behind import WrittenBehind, write_octets

_OK = SendOutcome.OK  # asked of an Enum for each message, it would cost as much as the line
_DUMPS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def header_line(header: Header) -> str:
    """Return the first line of a history."""
    rest = {f.name: getattr(header, f.name) for f in fields(header) if f.name != "history"}
    return _DUMPS({"history": header.history} | rest) + "\n"


def line(seen: Observation) -> str:
    """Return the line of an observation; the three most frequent kinds are written faster, with the same text."""
    kind = type(seen)
    if kind is Sent and seen.digest is None and seen.size is None:  # type: ignore[attr-defined]
        return f'{{"t":{seen.t:.6f},"kind":"sent","id":{quoted(seen.id)}}}\n'  # type: ignore[attr-defined]
    if kind is Acknowledged and seen.outcome is _OK and not seen.note:  # type: ignore[attr-defined]
        return f'{{"t":{seen.t:.6f},"kind":"acked","id":{quoted(seen.id)}}}\n'  # type: ignore[attr-defined]
    if kind is Received:
        return _received(seen)  # type: ignore[arg-type]
    defaults = _defaults(kind)
    rest = ((name, getattr(seen, name), default) for name, default in defaults.items() if name != "t")
    told = {name: value for name, value, default in rest if default is msgspec.NODEFAULT or value != default}
    return f'{{"t":{seen.t:.6f},"kind":{quoted(seen.kind)}{"," if told else ""}{_DUMPS(told)[1:]}\n'


@cache
def _defaults(kind: type[Observation]) -> Mapping[str, Any]:
    """Return the fields of a kind with their defaults; looked up once it is written, since all take long to load."""
    return {f.name: f.default if f.default_factory is msgspec.NODEFAULT else f.default_factory() for f in fields(kind)}


def lines(header: Header, seen: Iterable[Observation]) -> Iterator[str]:
    """Return the lines of a whole history."""
    yield header_line(header)
    yield from map(line, seen)


def _received(seen: Received) -> str:
    what = "" if seen.id is None else f',"id":{quoted(seen.id)}'
    if seen.digest is not None:
        what += f',"digest":{quoted(seen.digest)}'
    if seen.retained:
        what += ',"retained":true'
    if seen.redelivered:
        what += ',"redelivered":true'
    if seen.pending:
        what += ',"pending":true'
    client, destination = quoted(seen.client), quoted(seen.destination)
    return f'{{"t":{seen.t:.6f},"kind":"received","client":{client},"destination":{destination}{what}}}\n'


def create(path: Path) -> int:
    """Return the descriptor of a new file for a history; raise InputError if there is one, or if it cannot be made."""
    return append_to_new(path, "a history is never written twice: move it")


class HistoryFile(WrittenBehind[str | Ended]):
    """A Recorder to a file; thread-safe. Whole lines reach the file in order, within `WriteBehind.EVERY` seconds."""

    def __init__(self, path: Path, header: Header, mask: Mask = Mask()) -> None:  # noqa: B008 - a frozen value
        self.path = path
        self._mask = mask
        super().__init__(create(path))
        self._seal = Seal()
        self._over = False  # once the end was written
        self._put(header_line(header), 1)
        self._begin("mqlab-history")

    def record(self, observation: Observation) -> None:
        """Record an observation, none after the end; raise OSError if an earlier one could not be written."""
        if not self._over:
            self._behind.add(observation if type(observation) is Ended else line(observation))

    def _write(self, waiting: Sequence[str | Ended]) -> None:
        """Write lines, and the end with its seal; nothing after that."""
        if self._over:
            return
        kinds = [*map(type, waiting)]
        end = kinds.index(Ended) if Ended in kinds else len(waiting)
        self._put("".join(waiting[:end]), end)  # type: ignore[arg-type]
        for ended in waiting[end : end + 1]:
            self._over = True
            sealed = self._octets(line(self._seal.on(ended)))  # type: ignore[arg-type]
            write_octets(self._file, self._seal.closed(sealed))

    def _put(self, lines: str, number: int) -> None:
        octets = self._octets(lines)
        self._seal.add(octets, number)
        write_octets(self._file, octets)

    def _octets(self, text: str) -> bytes:
        return self._mask.json(text).encode("utf-8", "backslashreplace")  # a lone surrogate: its JSON escape
