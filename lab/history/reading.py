"""Lines of text → Observations, in one streaming pass, each checked only for its form.

A history whose last line is cut short is read up to that line. Whether observations make sense is left to the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Union

import msgspec

from lab.base.records import record
from lab.base.text_files import open_file
from lab.base.whole_lines import LONGEST, LineError, json_object, portions
from lab.errors import InputError, Place
from lab.history import brokers_seen, clients_seen, network_seen, observed  # noqa: F401 (their classes are kinds)
from lab.history.checksum import damage
from lab.history.observation import VERSION, Header, Observation

KINDS: Mapping[str, type[Observation]] = {  # by the name that a line of a history has for the kind
    str(kind.__struct_config__.tag): kind for kind in Observation.__subclasses__()
}
_NEWLINE = 10
_BEGINS = "a history begins with a line that names its run"


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A whole history in memory; `complete` if its last line records that the replay came to its end."""

    header: Header
    observations: tuple[Observation, ...]
    complete: bool
    cut_short_at: int | None = None  # the number of the incomplete last line
    damage: str = ""  # the file and the damage that its checksum shows


def read(path: Path) -> History:
    """Read a history into memory.

    >>> history = read(path)
    >>> history.header.scenario, history.complete
    ('the article, replayed', True)
    """
    stream = observations(path)
    header = next(stream)
    assert isinstance(header, Header)
    in_order: list[Observation] = []
    while True:
        try:
            in_order.append(next(stream))  # type: ignore[arg-type]
        except StopIteration as stop:
            ended = in_order[-1] if in_order else None
            complete = stop.value is None and bool(getattr(ended, "complete", False))
            damaged = damage(path)
            return History(
                header=header,
                observations=tuple(in_order),
                complete=complete and not damaged,
                cut_short_at=stop.value,
                damage=f"{path.name}: {damaged}" if damaged else "",
            )


def observations(path: Path) -> Generator[Header | Observation, None, int | None]:
    """Yield the Header, then every Observation; return the number of a last line that is cut short, or None."""
    with open_file(path, str(path)) as stream:
        return (yield from _parsed(path, stream))


def _parsed(path: Path, stream: BinaryIO) -> Generator[Header | Observation, None, int | None]:
    yield first(path, stream)
    return (yield from parsed(path, portions(stream), 2))


def first(path: Path, stream: BinaryIO) -> Header:
    """Read line one."""
    try:
        return _header(_first_line(stream))
    except LineError as bad:
        raise _refused(path, 1, bad) from bad
    except OSError as error:
        raise _unreadable(path, error) from error


def parsed(path: Path, whole: Iterable[bytes], number: int) -> Generator[Observation, None, int | None]:
    """Read portions of whole lines, from line `number` on; return the number of a last line that is cut short."""
    decode = _decode()
    try:
        for portion in whole:
            if portion[-1] != _NEWLINE:
                return number
            for number, octets in enumerate(portion[:-1].split(b"\n"), start=number):  # noqa: B007, B020
                try:
                    seen = decode(octets)
                except (msgspec.MsgspecError, ValueError, RecursionError):
                    seen = _observation(octets + b"\n")  # which says what is wrong, or finds nothing wrong
                yield seen
            number += 1
    except LineError as bad:
        raise _refused(path, number, bad) from bad
    except OSError as error:
        raise _unreadable(path, error) from error
    return None


@cache
def _decode() -> Callable[[bytes], Observation]:
    """Return the decoder of all kinds. It is made lazily, since writers never need it."""
    return msgspec.json.Decoder(Union[tuple(KINDS.values())]).decode  # noqa: UP007


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError.of(f"{path} cannot be read: {error.strerror}")


def _refused(path: Path, number: int, bad: LineError) -> InputError:
    return InputError.of(bad.what, bad.remedy, Place(file=str(path), line=number, column=bad.column))


def _first_line(stream: BinaryIO) -> dict[str, Any]:
    line = stream.readline(LONGEST)
    if not line.endswith(b"\n"):
        what = "its first line is cut short" if line.strip(b"\0") else "it is empty"
        raise LineError(f"this is not a history: {what}", remedy=_BEGINS)
    try:
        return json_object(line)
    except LineError as bad:
        raise LineError(f"this is not a history: {bad.what}", bad.column, _BEGINS) from bad


def _observation(octets: bytes) -> Observation:
    """Return the observation of a line; raise LineError if anything in it is wrong."""
    record_fields = json_object(octets)
    kind = record_fields.pop("kind", None)
    if type(kind) is str and kind in KINDS:
        return record(record_fields, KINDS[kind])
    if kind is None and "history" in record_fields:
        raise LineError("a second first line", remedy="check whether the file has two histories")
    what = "it has no kind" if kind is None else f"its kind {kind!r} is unknown"
    raise LineError(f"{what}; the kinds are {', '.join(KINDS)}")


def _header(fields: dict[str, Any]) -> Header:
    if (version := fields.get("history")) != VERSION or type(version) is not int:
        told = "it has no version" if version is None else f"it has version {version!r}"
        writer = fields.get("mqlab")
        raise LineError(
            f"this mqlab cannot read the history: {told}, and mqlab reads version {VERSION}",
            remedy=f"judge it with mqlab {writer}, which wrote it" if type(writer) is str else _BEGINS,
        )
    return record(fields, Header)
