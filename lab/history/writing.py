"""Observations → lines of a history, and the file of a run; `reading` is the other direction."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring as quoted
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec.structs import fields

from lab.errors import InputError
from lab.history.clients_seen import Acknowledged, Received, SendOutcome, Sent
from lab.history.kinds import KINDS
from lab.history.observation import Ended, Header, Observation
from lab.history.seal import Seal
from lab.masking import Mask

_DEFAULTS = {
    cls: {f.name: f.default if f.default_factory is msgspec.NODEFAULT else f.default_factory() for f in fields(cls)}
    for cls in KINDS.values()
}
BINARY = getattr(os, "O_BINARY", 0)  # or Windows ends lines its own way
_MOST_WAITING = 50_000  # lines: on a disk that does not keep up, the thread that records writes too
_DUMPS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def header_line(header: Header) -> str:
    """Return the first line of a history."""
    rest = {f.name: getattr(header, f.name) for f in fields(header) if f.name != "history"}
    return _DUMPS({"history": header.history} | rest) + "\n"


def line(seen: Observation) -> str:
    """Return the line of an observation; the three most frequent kinds are written faster, with the same text."""
    kind = type(seen)
    if kind is Sent and seen.digest is None:  # type: ignore[attr-defined]
        return f'{{"t":{seen.t:.6f},"kind":"sent","id":{quoted(seen.id)}}}\n'  # type: ignore[attr-defined]
    if kind is Acknowledged and seen.outcome is SendOutcome.OK and not seen.note:  # type: ignore[attr-defined]
        return f'{{"t":{seen.t:.6f},"kind":"acked","id":{quoted(seen.id)}}}\n'  # type: ignore[attr-defined]
    if kind is Received:
        return _received(seen)  # type: ignore[arg-type]
    defaults = _DEFAULTS[kind]
    rest = ((name, getattr(seen, name), default) for name, default in defaults.items() if name != "t")
    told = {name: value for name, value, default in rest if default is msgspec.NODEFAULT or value != default}
    return f'{{"t":{seen.t:.6f},"kind":{quoted(seen.kind)}{"," if told else ""}{_DUMPS(told)[1:]}\n'


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
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | BINARY, 0o600)
    except FileExistsError as error:
        raise InputError.of(f"{path} is there already", "a history is never written twice: move it") from error
    except OSError as error:
        raise InputError.of(f"cannot write {path}: {error.strerror}") from error


class HistoryFile:
    """A Recorder to a file; thread-safe. Lines reach the file whole and in order, within `EVERY` seconds.

    A write for each line would switch threads each time, which costs more than the write itself.
    """

    EVERY = 0.01  # seconds: what a SIGKILL may cost; everything else loses nothing

    def __init__(self, path: Path, header: Header, mask: Mask = Mask()) -> None:  # noqa: B008 - a frozen value
        self.path = path
        self._mask = mask
        self._file = create(path)
        self._lines: deque[str | Ended] = deque()  # which threads may fill and empty at once
        self._seal = Seal()
        self._over = False  # once the end was written
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._failed: OSError | None = None
        self._lines.append(header_line(header))
        self._write()
        self._thread = threading.Thread(target=self._keep_writing, name="mqlab-history", daemon=True)
        self._thread.start()

    def record(self, observation: Observation) -> None:
        """Record an observation, none after the end; raise OSError if an earlier one could not be written."""
        if self._over:
            return
        self._lines.append(observation if type(observation) is Ended else line(observation))
        if self._failed is not None:
            raise self._failed
        if len(self._lines) > _MOST_WAITING:
            self._write()

    def close(self) -> None:
        """Write the rest and close the file; raise OSError if not everything could be written."""
        if self._file < 0:
            return
        self._closing.set()
        self._thread.join()
        try:
            self._write()
        finally:
            os.close(self._file)
            self._file = -1

    def fileno(self) -> int:
        """Return the open file's number."""
        return self._file

    def _keep_writing(self) -> None:
        with contextlib.suppress(OSError):  # `record` and `close` tell it
            while not self._closing.wait(self.EVERY):
                self._write()

    def _write(self) -> None:
        """Write all waiting lines; after a failure nothing more, so that no line is missing in between."""
        with self._turn:
            if self._failed is not None:
                raise self._failed
            if self._over:
                return
            lines: list[str] = []
            ended: Ended | None = None
            with contextlib.suppress(IndexError):  # others go on adding
                while True:
                    following = self._lines.popleft()
                    if type(following) is Ended:
                        ended = following
                        break
                    lines.append(following)  # type: ignore[arg-type]
            try:
                self._put("".join(lines))
                if ended is not None:
                    self._over = True
                    self._write_octets(self._seal.closed(self._octets(line(self._seal.on(ended)))))
            except OSError as error:
                self._failed = error
                raise

    def _put(self, text: str) -> None:
        octets = self._octets(text)
        self._seal.add(octets)
        self._write_octets(octets)

    def _octets(self, text: str) -> bytes:
        return self._mask.json(text).encode("utf-8", "backslashreplace")  # a lone surrogate: its JSON escape

    def _write_octets(self, octets: bytes) -> None:
        rest = memoryview(octets)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()
