"""Removal of the oldest lines of a history that has become too large.

Lines about messages are removed first and, if that is not enough, all others except marks and the last known state of
each thing: a link, an end of a bridge, a subscription. A `Forgotten` line has the moment up to which lines were
removed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from lab.base.dataclass import dataclass
from lab.history.observation import Forgotten
from lab.history.writing import line

MESSAGES, EVERYTHING = "messages", "everything"
_HEAD = re.compile(rb'\{"t":(-?[0-9.]+),"kind":"([a-z-]+)"')  # as `writing` begins every line
_OF_MESSAGES = ("sent", "acked", "received", "settled", "watched", "paced", "message", "connection", "transaction")
_LISTENING = b'"state":"listening"'
_STAY = ("mark", "unwatched", "forgotten", "publishing", "uncalibrated")
_THINGS: Mapping[str, tuple[str, ...]] = {  # kinds whose last line stays, with the fields that identify the thing
    "link": ("link", "leaving"),
    "bridge": ("connector", "broker", "remote", "created_by_duplex"),
    "demand": ("broker", "destination"),
    "broker": ("broker", "instance"),
    "connector": ("broker", "connector"),
    "sight": ("broker", "of", "instance"),
    "peering": ("peering",),
    "route": ("table", "destination"),
    "rule": ("group", "rule"),
    "record": ("broker",),
    "configuration": ("configuration",),
    "subscribed": ("client", "destination"),
    "client": ("client",),
    "step": ("step",),
    "consumer": ("broker", "consumer"),
    "observer": ("broker", "instance"),
}
_ENDS = {"unsubscribed": "subscribed", "step-ended": "step"}  # a kind that ends, and the kind that began


@dataclass(slots=True)
class _Cut:
    """The lines to remove: a number of the first lines about messages, and of all others except those in `stay`."""

    messages: int = 0
    everything: int = 0
    stay: set[int] = field(default_factory=set)

    def drops(self, number: int, of_message: bool) -> bool:
        if of_message:
            return number < self.messages
        return number < self.everything and number not in self.stay


def forget(path: Path, keep: int, now: float) -> None:
    """Rewrite a history without its oldest lines, to about `keep` bytes; the caller holds the lock of its writers."""
    size = path.stat().st_size
    cut = _cut(path, size - keep, size - keep // 2)
    removed: dict[str, Forgotten] = {}
    part = path.with_suffix(".part")
    with path.open("rb") as file, part.open("wb") as rest:
        part.chmod(path.stat().st_mode & 0o777)
        rest.write(file.readline())
        most = max(cut.messages, cut.everything)
        for number, octets in enumerate(file):
            if number >= most and b'"forgotten"' not in octets:
                rest.write(octets)
                continue
            t, kind = _head(octets)
            if kind == "forgotten":
                earlier = json.loads(octets)
                _add(removed, earlier["of"], earlier["until"], earlier["lines"], now)
            elif cut.drops(number, of_message := _of_message(kind, octets)):
                _add(removed, MESSAGES if of_message else EVERYTHING, t, 1, now)
            else:
                rest.write(octets)
        rest.writelines(line(forgotten).encode() for forgotten in removed.values())
    part.replace(path)


def _cut(path: Path, needed: int, older: int) -> _Cut:
    """Return the lines to remove to save a number of bytes; only lines within the first `older` bytes are removed."""
    cut, saved = _Cut(), 0
    for number, octets in _lines(path, older):
        if saved >= needed:
            return cut
        if _of_message(_head(octets)[1], octets):
            saved += len(octets)
            cut.messages = number + 1
    last: dict[tuple[Any, ...], int] = {}  # by thing: the line with its last known state
    for number, octets in _lines(path, older):
        if saved >= needed:
            break
        cut.everything = number + 1
        kind = _head(octets)[1]
        if not _of_message(kind, octets):
            saved += len(octets)
            _look(number, kind, octets, cut.stay, last)
    cut.stay.update(last.values())
    return cut


def _look(number: int, kind: str, octets: bytes, stay: set[int], last: dict[tuple[Any, ...], int]) -> None:
    """Note a line in `stay` or `last` if it is a mark or the state of a thing."""
    fields = json.loads(octets)
    if kind in _STAY:
        stay.add(number)
    if kind in _ENDS:
        last.pop((_ENDS[kind], *(fields[name] for name in _THINGS[_ENDS[kind]])), None)
    if kind == "consumer" and fields["state"] != "subscribed":
        last.pop((kind, *(fields.get(name) for name in _THINGS[kind])), None)
    elif kind in _THINGS:
        last[(kind, *(fields.get(name) for name in _THINGS[kind]))] = number


def _lines(path: Path, older: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        place = len(file.readline())  # the header
        for number, octets in enumerate(file):
            place += len(octets)
            if place > older:
                return
            yield number, octets


def _add(removed: dict[str, Forgotten], kind: str, until: float, lines: int, now: float) -> None:
    before = removed.get(kind)
    if before is not None:
        until, lines = max(until, before.until), lines + before.lines
    removed[kind] = Forgotten(t=now, of=kind, until=until, lines=lines)


def _head(octets: bytes) -> tuple[float, str]:
    """Return the moment and the kind of a line."""
    head = _HEAD.match(octets)
    return (float("-inf"), "") if head is None else (float(head[1]), head[2].decode())


def _of_message(kind: str, octets: bytes) -> bool:
    return kind in _OF_MESSAGES or (kind == "client" and _LISTENING in octets)
