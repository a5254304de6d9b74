"""Lines of text → Observations, in one streaming pass, each checked as far as its form goes.

A history whose last line is cut short is read up to it. Whether what it tells makes sense is the judge's to find.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import MISSING, dataclass, fields
from json import JSONDecodeError
from math import inf
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, BinaryIO, get_args, get_origin, get_type_hints

from lab.errors import InputError, Place
from lab.history import quick
from lab.history.seen import KINDS, VERSION, Acknowledged, Header, Observation, Received, SendOutcome, Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A whole history in memory; `complete` when its last line says that the replay came to its end."""

    header: Header
    observations: tuple[Observation, ...]
    complete: bool
    cut_short_at: int | None = None  # the line that is only half there


class _LineError(ValueError):
    """What is wrong with a line, and at which of its characters."""

    def __init__(self, what: str, column: int = 1) -> None:
        super().__init__(what)
        self.what, self.column = what, column


def read(path: Path) -> History:
    """Read a history into memory."""
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
            return History(header=header, observations=tuple(seen), complete=complete, cut_short_at=stop.value)


def observations(path: Path) -> Generator[Header | Observation, None, int | None]:
    """Give the Header, then every Observation; return the number of a last line that is cut short, or None."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError.of(f"cannot read {path}: {error.strerror}") from error
    with stream:
        return (yield from _parsed(path, stream))


def _parsed(path: Path, stream: BinaryIO) -> Generator[Header | Observation, None, int | None]:
    first = stream.readline()
    if not first.endswith(b"\n"):
        raise InputError.of(
            f"{path} is no history: {'its first line is cut short' if first else 'it is empty'}",
            "a history begins with a line that tells its run",
            Place(file=str(path), line=1, column=1),
        )
    number, makers = 1, _MAKERS
    try:
        yield _header(_object(first))
        for number, octets in enumerate(stream, start=2):
            if octets[-1] != 10:
                return number
            fields_of = _object(octets)
            kind = fields_of.pop("kind", None)
            make = makers.get(kind) if type(kind) is str else None
            if make is None:
                raise _LineError(f"no such kind of observation as {kind!r}; there are {', '.join(KINDS)}")
            yield make(fields_of)
    except _LineError as bad:
        raise InputError.of(
            bad.what, "was it edited by hand?", Place(file=str(path), line=number, column=bad.column)
        ) from bad
    return None


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


_SCAN: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(parse_constant=_no_constant).scan_once  # type: ignore[attr-defined]


def _object(octets: bytes) -> dict[str, Any]:
    """Read one line's object; the scanner alone is half the price of `json.loads`, which the slow way then explains."""
    try:
        text = octets.decode()
        found, end = _SCAN(text, 0)
        if type(found) is dict and end == len(text) - 1:
            return found
    except (StopIteration, ValueError, RecursionError):
        pass
    return _explained(octets)


def _explained(octets: bytes) -> dict[str, Any]:
    try:
        found = json.loads(octets.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _LineError("not UTF-8", error.start + 1) from error
    except JSONDecodeError as error:
        raise _LineError(f"not JSON: {error.msg}", error.colno) from error
    except RecursionError as error:
        raise _LineError("nested too deeply") from error
    except ValueError as error:
        raise _LineError(str(error)) from error
    if not isinstance(found, dict):
        raise _LineError("not a JSON object")
    return found


def _header(found: dict[str, Any]) -> Header:
    if (version := found.get("history")) != VERSION:
        told = "it does not say its version" if version is None else f"it is of version {version!r}"
        raise _LineError(f"no history that this mqlab reads: {told}, and this reads version {VERSION}")
    return Header(**_checked(found, _FORMS[Header]))


def _sent(found: dict[str, Any]) -> Observation:
    if len(found) == 2 and type(of := found.get("id")) is str and type(t := found.get("t")) is float and -inf < t < inf:
        return quick.sent(t, of)
    return _generic(Sent)(found)


def _acknowledged(found: dict[str, Any]) -> Observation:
    if len(found) == 2 and type(of := found.get("id")) is str and type(t := found.get("t")) is float and -inf < t < inf:
        return quick.acknowledged(t, of)
    return _generic(Acknowledged)(found)


def _received(found: dict[str, Any]) -> Observation:
    if (
        len(found) == 4
        and type(of := found.get("id")) is str
        and type(client := found.get("client")) is str
        and type(destination := found.get("destination")) is str
        and type(t := found.get("t")) is float
        and -inf < t < inf
    ):
        return quick.received(t, client, destination, of)
    return _generic(Received)(found)


def _generic(cls: type[Observation]) -> Callable[[dict[str, Any]], Observation]:
    return lambda found: cls(**_checked(found, _FORMS[cls]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What one field may hold."""

    types: tuple[type, ...]
    holding: type | None  # of a mapping's values
    needed: bool


def _forms(cls: type[Header] | type[Observation]) -> Mapping[str, _Form]:
    hints = get_type_hints(cls)
    return {f.name: _form(hints[f.name], f.default is MISSING and f.default_factory is MISSING) for f in fields(cls)}


def _form(hint: Any, needed: bool) -> _Form:
    parts = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if get_origin(parts[0]) is Mapping:
        holding = get_args(parts[0])[1]
        return _Form(types=(dict,), holding=None if holding is Any else holding, needed=needed)
    types = (*parts, int) if float in parts else parts  # JSON writes 3.0 as 3, if a person does
    return _Form(types=types, holding=None, needed=needed)


def _checked(found: dict[str, Any], forms: Mapping[str, _Form]) -> dict[str, Any]:
    """Check names and types of one line's fields, and give them as the class takes them."""
    for name, form in forms.items():
        if form.needed and name not in found:
            raise _LineError(f"{name} is missing")
    for name, value in found.items():
        if name not in forms:
            raise _LineError(f"there is no {name!r} here; there are {', '.join(forms)}")
        found[name] = _value(name, value, forms[name])
    return found


def _value(name: str, value: Any, form: _Form) -> Any:
    if SendOutcome in form.types:
        if value not in list(SendOutcome):
            raise _LineError(f"{name} is {value!r}; it can be {', '.join(SendOutcome)}")
        return SendOutcome(value)
    if type(value) not in form.types:
        names = " or ".join("null" if kind is NoneType else kind.__name__ for kind in form.types)
        raise _LineError(f"{name} is {value!r}, not {names}")
    if form.holding is not None and any(type(each) is not form.holding for each in value.values()):
        raise _LineError(f"{name} holds something else than {form.holding.__name__}")
    if float in form.types and value is not None:
        if not -_LARGEST < value < _LARGEST:
            raise _LineError(f"{name} is too large a number")
        return float(value)
    return value


_LARGEST = 1e15
_FORMS: Mapping[type, Mapping[str, _Form]] = {cls: _forms(cls) for cls in (Header, *KINDS.values())}  # type: ignore[misc, arg-type]
_MAKERS: Mapping[Any, Callable[[dict[str, Any]], Observation]] = {
    kind: _generic(cls) for kind, cls in KINDS.items()
} | {"sent": _sent, "acked": _acknowledged, "received": _received}
