"""A file of a history → its Transcript: acts and notes in the order of time."""

from __future__ import annotations

from pathlib import Path

from lab.base.dataclass import dataclass
from lab.errors import InputError, Place
from lab.extras.transcript.by_hand import ByHand
from lab.extras.transcript.replayed import Replayed
from lab.extras.transcript.values import Act, Note, Part
from lab.history import Ended, Header, damage, observations


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A run, and its acts and notes in the order of time."""

    header: Header
    parts: tuple[Part, ...]

    @property
    def acts(self) -> tuple[Act, ...]:
        """Return only the acts."""
        return tuple(each for each in self.parts if isinstance(each, Act))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the texts of the warnings, each once."""
        return tuple(dict.fromkeys(each.text for each in self.parts if isinstance(each, Note) and each.warned))


def transcript(path: Path) -> Transcript:
    """Return the transcript of a history's file; raise InputError if it is not a history, or damaged."""
    stream = observations(path)
    header = next(stream)
    assert isinstance(header, Header)  # the reader yields it first, or raises
    collected = ByHand(header) if header.standing else Replayed(header)
    last, ended = 0.0, None
    for seen in stream:
        assert not isinstance(seen, Header)  # there is one header
        collected.add(seen)
        last, ended = seen.t, seen if isinstance(seen, Ended) else None
    if ended is not None and (damaged := damage(path)):
        remedy = "name a history that was not changed"
        raise InputError.of(f"the history is damaged: {damaged}", remedy, Place(file=str(path), line=1, column=1))
    parts = [*collected.parts(), *_end(header, ended, last)]
    return Transcript(header=header, parts=tuple(sorted(parts, key=_moment)))


def _end(header: Header, ended: Ended | None, last: float) -> list[Note]:
    """Return the note on a history that does not come to its end."""
    if ended is not None and ended.complete:
        return []
    if ended is not None:
        text = f"the run did not come to its end: {ended.note}"
    elif header.standing:
        text = "the lab was still running, or was killed: later actions are missing"
    else:
        text = "the run was killed, or still goes on: later steps are missing"
    return [Note(t=last, text=f"the history ends at {last:.3f} s: {text}")]


def _moment(part: Part) -> tuple[float, bool]:
    return part.t, isinstance(part, Act)
