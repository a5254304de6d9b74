"""What only the history of a lab that stands tells: a person's marks, who watched it, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lab.history.observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked(Observation):
    """A person named a moment of a lab that stands."""

    kind: ClassVar[str] = "mark"
    text: str
    by: str = ""  # as in `StepStarted`


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(Observation):
    """The keeper of a lab that stands has watched until now, since the last such line."""

    kind: ClassVar[str] = "watched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwatched(Observation):
    """Nobody watched a lab that stands from a moment until now: bridges and demand may have come and gone unseen."""

    kind: ClassVar[str] = "unwatched"
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten(Observation):
    """Lines of the history were left out, as it had become too large: the oldest ones, up to a moment."""

    kind: ClassVar[str] = "forgotten"
    of: str  # "messages": sends, outcomes, receipts; "everything": whatever else happened, but for how things stood
    until: float
    lines: int  # so far
