"""Observations → lines of text, and the file they go to. Knows the format; `reading` is its other half."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring as quoted
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.errors import InputError
from lab.history.seen import KINDS, Acknowledged, Header, Observation, Received, SendOutcome, Sent

_DEFAULTS = {
    cls: {
        f.name: f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
        for f in dataclasses.fields(cls)
    }
    for cls in KINDS.values()
}
_DUMPS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def header_line(header: Header) -> str:
    """Write the first line."""
    rest = {f.name: getattr(header, f.name) for f in dataclasses.fields(header) if f.name != "history"}
    return _DUMPS({"history": header.history} | rest) + "\n"


def line(seen: Observation) -> str:
    """Write one observation; the three kinds that come by the million take a short way to the same text."""
    kind = type(seen)
    if kind is Sent and seen.digest is None:  # type: ignore[attr-defined]
        return f'{{"t":{seen.t:.6f},"kind":"sent","id":{quoted(seen.id)}}}\n'  # type: ignore[attr-defined]
    if kind is Acknowledged and seen.outcome is SendOutcome.OK and not seen.note:  # type: ignore[attr-defined]
        return f'{{"t":{seen.t:.6f},"kind":"acked","id":{quoted(seen.id)}}}\n'  # type: ignore[attr-defined]
    if kind is Received:
        return _received(seen)  # type: ignore[arg-type]
    defaults = _DEFAULTS[kind]
    rest = ((name, getattr(seen, name), default) for name, default in defaults.items() if name != "t")
    told = {name: value for name, value, default in rest if default is dataclasses.MISSING or value != default}
    return f'{{"t":{seen.t:.6f},"kind":{quoted(seen.kind)}{"," if told else ""}{_DUMPS(told)[1:]}\n'


def lines(header: Header, seen: Iterable[Observation]) -> Iterator[str]:
    """Write a whole history."""
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
    client, destination = quoted(seen.client), quoted(seen.destination)
    return f'{{"t":{seen.t:.6f},"kind":"received","client":{client},"destination":{destination}{what}}}\n'


class HistoryFile:
    """A Recorder whose every line is in the file, whole, before `record` returns; safe from any thread."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        # O_APPEND makes each write whole and in turn, so no lock is held while the kernel works.
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except FileExistsError as error:
            raise InputError.of(f"{path} is there already", "a history is never written twice: move it") from error
        except OSError as error:
            raise InputError.of(f"cannot write {path}: {error.strerror}") from error
        self._write(header_line(header))

    def record(self, observation: Observation) -> None:
        """Write one observation."""
        self._write(line(observation))

    def close(self) -> None:
        """Close the file; nothing is left to be written."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, text: str) -> None:
        octets = text.encode("utf-8", "backslashreplace")  # a lone surrogate becomes its JSON escape
        if os.write(self._file, octets) != len(octets):
            raise OSError(f"{self.path}: only part of a line could be written; is the disk full?")

    def __enter__(self) -> Self:
        """Give the open file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()
