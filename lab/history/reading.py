"""Lines of text → Observations, in one streaming pass, each checked as far as its form goes.

A history whose last line is cut short is read up to that line. Whether observations make sense is left to the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, BinaryIO, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import fields

from lab.dataclass import dataclass
from lab.errors import InputError, Place
from lab.history.clients_seen import SendOutcome
from lab.history.kinds import KINDS
from lab.history.observation import LARGEST, VERSION, Header, Observation
from lab.history.seal import damage
from lab.text_files import open_file
from lab.whole_lines import LONGEST, LineError, json_object, portions

_NEWLINE = 10
_BEGINS = "a history begins with a line that tells its run"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A whole history in memory; `complete` when its last line says that the replay came to its end."""

    header: Header
    observations: tuple[Observation, ...]
    complete: bool
    cut_short_at: int | None = None  # the line that is only half there
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
    seen: list[Observation] = []
    while True:
        try:
            seen.append(next(stream))  # type: ignore[arg-type]
        except StopIteration as stop:
            ended = seen[-1] if seen else None
            complete = stop.value is None and bool(getattr(ended, "complete", False))
            damaged = damage(path)
            return History(
                header=header,
                observations=tuple(seen),
                complete=complete and not damaged,
                cut_short_at=stop.value,
                damage=f"{path.name}: {damaged}" if damaged else "",
            )


def observations(path: Path) -> Generator[Header | Observation, None, int | None]:
    """Return the Header, then every Observation; return the number of a last line that is cut short, or None."""
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
    """Read portions of whole lines, the first of which has a number; return that of a last one that is cut short."""
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
    """Return the decoder of all kinds, which who only writes need not wait for."""
    return msgspec.json.Decoder(Union[tuple(KINDS.values())]).decode  # noqa: UP007


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError.of(f"{path} cannot be read: {error.strerror}")


def _refused(path: Path, number: int, bad: LineError) -> InputError:
    return InputError.of(bad.what, bad.remedy, Place(file=str(path), line=number, column=bad.column))


def _first_line(stream: BinaryIO) -> dict[str, Any]:
    line = stream.readline(LONGEST)
    if not line.endswith(b"\n"):
        what = "its first line is cut short" if line.strip(b"\0") else "it is empty"
        raise LineError(f"this is no history: {what}", remedy=_BEGINS)
    try:
        return json_object(line)
    except LineError as bad:
        raise LineError(f"this is no history: {bad.what}", bad.column, _BEGINS) from bad


def _observation(octets: bytes) -> Observation:
    """Return the observation of a line; raise LineError if anything in it is wrong."""
    found = json_object(octets)
    kind = found.pop("kind", None)
    make = _MAKERS.get(kind) if type(kind) is str else None
    if make is not None:
        return make(found)
    if kind is None and "history" in found:
        raise LineError("a second first line", remedy="are these two histories in one file?")
    what = "it has no kind" if kind is None else f"no such kind of observation as {kind!r}"
    raise LineError(f"{what}; there are {', '.join(KINDS)}")


def _header(found: dict[str, Any]) -> Header:
    if (version := found.get("history")) != VERSION or type(version) is not int:
        told = "it does not say its version" if version is None else f"it is of version {version!r}"
        writer = found.get("mqlab")
        raise LineError(
            f"no history that this mqlab reads: {told}, and this reads version {VERSION}",
            remedy=f"mqlab {writer} wrote it: judge it with that one" if type(writer) is str else _BEGINS,
        )
    return Header(**_checked(found, _forms(Header)))


def _generic(cls: type[Observation]) -> Callable[[dict[str, Any]], Observation]:
    return lambda found: cls(**_checked(found, _forms(cls)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """The types that the value of a field may have."""

    types: tuple[type, ...]
    holding: type | None  # of a mapping's values, or a list's
    needed: bool


@cache
def _forms(cls: type[Header] | type[Observation]) -> Mapping[str, _Form]:
    hints = get_type_hints(cls)
    return {f.name: _form(hints[f.name], f.required) for f in fields(cls)}


def _form(hint: Any, needed: bool) -> _Form:
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if get_origin(parts[0]) is Mapping:
        holding = get_args(parts[0])[1]
        return _Form(types=(dict,), holding=None if holding is Any else holding, needed=needed)
    if get_origin(parts[0]) is tuple:
        return _Form(types=(list,), holding=get_args(parts[0])[0], needed=needed)
    types = (*parts, int) if float in parts else parts  # JSON writes 3.0 as 3, if a person does
    return _Form(types=types, holding=None, needed=needed)


def _checked(found: dict[str, Any], forms: Mapping[str, _Form]) -> dict[str, Any]:
    """Return the fields of a line as the class takes them; raise LineError if a name or a type is wrong."""
    for name, form in forms.items():
        if form.needed and name not in found:
            raise LineError(f"{name} is missing")
    for name, value in found.items():
        if name not in forms:
            raise LineError(f"there is no {name!r} here; there are {', '.join(forms)}")
        found[name] = _value(name, value, forms[name])
    return found


def _value(name: str, value: Any, form: _Form) -> Any:
    if SendOutcome in form.types:
        if value not in list(SendOutcome):
            raise LineError(f"{name} is {value!r}; it can be {', '.join(SendOutcome)}")
        return SendOutcome(value)
    if type(value) not in form.types:
        names = " or ".join("null" if kind is NoneType else kind.__name__ for kind in form.types)
        raise LineError(f"{name} is {value!r}, not {names}")
    held = value.values() if type(value) is dict else value
    if form.holding is not None and any(type(each) is not form.holding for each in held):
        raise LineError(f"{name} holds something else than {form.holding.__name__}")
    if type(value) is list:
        return tuple(value)
    if float in form.types and value is not None:
        if not -LARGEST < value < LARGEST:
            raise LineError(f"{name} is too large a number")
        return float(value)
    return value


_MAKERS: Mapping[str, Callable[[dict[str, Any]], Observation]] = {kind: _generic(cls) for kind, cls in KINDS.items()}
