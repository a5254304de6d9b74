"""Reads YAML as dicts, lists and texts, with the line and column of every key and value.

Every scalar stays text, since plain YAML turns `5.20` into 5.2 and `no` into false. Anchors, tags, merge keys and
anything else that makes a file mean more than it shows are refused. The meaning of keys is left to `validating`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.base.dataclass import dataclass
from lab.base.text_files import read_bytes
from lab.declare import yaml_remedies
from lab.declare.origin import Keys
from lab.declare.yaml_remedies import QUOTES
from lab.errors import InputError, Place, Problem

LARGEST = 2**20  # bytes of a file
MOST_PROBLEMS = 50  # more would not be read by anyone
DEEPEST = 40  # a scenario needs seven levels

_DISCARDED: Keys = (-1,)  # the path of values that are read and not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """The place of a key or a value, and its offsets in the text."""

    place: Place
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as dicts, lists and texts; `content` is None if the file cannot be read."""

    file: str
    text: str
    content: Any
    values: Mapping[Keys, Spot]
    keys: Mapping[Keys, Spot]
    problems: tuple[Problem, ...]


class _UnreadableError(Exception):
    """The rest of the file cannot be read; carries the reason."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def read_text(path: Path, file: str) -> str:
    """Return a file's text; raise InputError if it cannot be read or is not UTF-8. `file` is its name in messages."""
    content = read_bytes(path, file, LARGEST)
    start = Place(file=file, line=1, column=1)
    if len(content) > LARGEST:
        raise InputError.of("the file is larger than 1 MiB", "check the name: this may be the wrong file", start)
    nul = content.find(b"\0")
    if nul >= 0:
        raise InputError.of(
            "the file holds a NUL byte, so it is not text", "save it as UTF-8", _place_after(file, content[:nul])
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_after(file, content[: error.start])
        raise InputError.of("the file is not UTF-8 from here on", "save it as UTF-8", place) from error


def no_topology(document: Document) -> InputError | None:
    """Return the error if a scenario or a variant was read where a topology's file is named."""
    its = document.content if isinstance(document.content, dict) else {}
    kind = "variant" if "variant-of" in its else "scenario" if its.keys() & {"scenario", "steps", "expect"} else None
    if kind is None or its.keys() & {"regions", "brokers"}:
        return None
    own = its.get("topology")
    named = kind == "scenario" and isinstance(own, str)
    remedy = "name a topology file"
    if named:
        remedy = f"write a topology file here, such as {own}, which the scenario itself names"
    return InputError.of(f"{document.file} is a {kind}, not a topology", remedy)


def unprintable(text: str) -> bool:
    """Return whether a text holds a character that a file must not hold."""
    return yaml.reader.Reader.NON_PRINTABLE.search(text) is not None


def read(text: str, file: str) -> Document:
    """Return the YAML document in a text; its errors are in `problems`. `file` is its name in places."""
    reader = _Reader(text.removeprefix("\ufeff"), file)
    content = None
    try:
        content = reader.document()
    except _UnreadableError as error:
        reader.problems.append(error.problem)
    return Document(
        file=file,
        text=reader.text,
        content=content,
        values={path: spot for path, spot in reader.values.items() if path[:1] != _DISCARDED},
        keys={path: spot for path, spot in reader.keys.items() if path[:1] != _DISCARDED},
        problems=tuple(reader.problems),
    )


class _Reader:
    """A walk over the YAML events of one file; no value is constructed, resolved or expanded."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.values: dict[Keys, Spot] = {}
        self.keys: dict[Keys, Spot] = {}
        self.problems: list[Problem] = []
        self._events = self._parse()

    def document(self) -> Any:
        """Return the content of the file's only document."""
        next(self._events)  # the stream's start
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            place, right = Place(file=self.file, line=1, column=1), "begin with scenario: NAME, or topology: NAME"
            raise _UnreadableError(Problem(what="the file is empty", remedy=right, place=place))
        content = self._node(next(self._events), (), 0)
        next(self._events)  # the document's end
        last = next(self._events)
        if isinstance(last, yaml.DocumentStartEvent):
            self._refuse(last, "a second document begins here", "keep one document in a file: remove ---")
        return content

    def _node(self, event: Any, path: Keys, depth: int, nothing: str = "") -> Any:
        """Return the content of a node; `nothing` is the remedy for a missing value."""
        self.values[path] = self._spot(event)
        if depth > DEEPEST:
            raise _UnreadableError(
                Problem(what=f"the file is nested deeper than {DEEPEST} levels", place=self._spot(event).place)
            )
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "an alias stands here", f"write the value itself; {QUOTES} *")
            return ""
        if event.anchor is not None:
            right = f"remove it, and write each value where it is needed; {QUOTES} &"
            self._refuse(event, "an anchor stands here", right)
        if event.tag is not None:
            right = f"remove it: the key determines the type of its value; {QUOTES} !"
            self._refuse(event, "a tag stands here", right)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        if _is_nothing(event):
            self._refuse(event, "nothing is written here", nothing or 'write a value; "" is an empty text')
        return str(event.value)

    def _sequence(self, path: Keys, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._node(event, (*path, len(found)), depth + 1))
        return found

    def _mapping(self, begin: Any, path: Keys, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, depth)
            spot = self._spot(event)
            value = next(self._events)
            nothing = self._if_nothing(event, begin, path) if _is_nothing(value) else ""
            if nothing and key in found and yaml_remedies.splits_a_number(self.text, key, spot.start):
                continue  # in 1,000,000, told of the first comma
            if key in found:
                first = self.keys[(*path, key)].place
                self._refuse(event, f"the key {key!r} is written twice", f"remove one of them; the first is at {first}")
                self._node(value, _DISCARDED, depth + 1)
                continue
            self.keys[(*path, key)] = spot
            found[key] = self._node(value, (*path, key), depth + 1, nothing)
        return found

    def _if_nothing(self, key: Any, begin: Any, path: Keys) -> str:
        """Return the remedy for a key after which nothing stands, in the mapping that begins with an event."""
        if not isinstance(key, yaml.ScalarEvent) or key.style is not None:
            return yaml_remedies.NOTHING
        spot = self._spot(key)
        entry, in_braces = isinstance(path[-1] if path else None, int), begin.flow_style
        return yaml_remedies.nothing_after(
            self.text, str(key.value), spot.start, spot.end, entry=entry, in_braces=in_braces
        )

    def _key(self, event: Any, depth: int) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key is a text, not a list or a mapping", "write key: value")
            self._node(event, _DISCARDED, depth + 1)
            return f"[key at {event.start_mark.index}]"
        if event.value == "<<" and event.style is None:
            self._refuse(event, "<< is a merge key", "write the keys themselves")
        if event.anchor is not None or event.tag is not None:
            self._refuse(event, "a key has no anchor and no tag", "remove it")
        return str(event.value)

    def _refuse(self, event: Any, problem: str, remedy: str) -> None:
        self.problems.append(Problem(what=problem, remedy=remedy, place=self._spot(event).place))
        if len(self.problems) >= MOST_PROBLEMS:
            raise _UnreadableError(Problem(what="there are more errors below", place=self._spot(event).place))

    def _spot(self, event: Any) -> Spot:
        start, end = event.start_mark, event.end_mark
        stop = start.index + len(self.text[start.index : end.index].rstrip())  # block texts end on the next line
        place = Place(file=self.file, line=start.line + 1, column=start.column + 1)
        return Spot(place=place, start=start.index, end=stop)

    def _parse(self) -> Iterator[Any]:
        try:
            yield from yaml.parse(self.text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            words = error.problem or error.context or "something is amiss"
            opened = error.context_mark
            if opened is not None and (sign := yaml_remedies.unclosed(words, self.text, opened.index, mark.index)):
                mark, words = opened, f"{sign} is not closed"
            elif opened is not None and yaml_remedies.NO_COLON in words:
                mark = opened  # the key alone: its content stands on the next line
            place = Place(file=self.file, line=mark.line + 1, column=mark.column + 1)
            right = yaml_remedies.remedy(words, self.text, mark.index)
            raise _UnreadableError(_malformed(words, place, right)) from error
        except yaml.reader.ReaderError as error:
            place = _place_after(self.file, self.text[: error.position].encode())
            words = "special characters are not allowed"
            right = yaml_remedies.remedy(words, self.text, error.position)
            raise _UnreadableError(_malformed(words, place, right)) from error


def _malformed(problem: str, place: Place, remedy: str) -> Problem:
    said = problem.partition(" handle '")[0]  # what follows may be a password's beginning
    return Problem(what=f"not well-formed YAML: {said}", remedy=remedy, place=place)


def _is_nothing(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.value == "" and event.style is None and event.tag is None


def _place_after(file: str, before: bytes) -> Place:
    """Return the place after the first bytes of a file."""
    text = before.decode("utf-8", errors="replace")
    return Place(file=file, line=text.count("\n") + 1, column=len(text) - text.rfind("\n"))
