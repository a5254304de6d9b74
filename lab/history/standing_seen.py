"""What only the history of a lab that stands tells: a person's marks, who watched it, and what was left out."""

from __future__ import annotations

from lab.history.observation import Number, Observation


class Marked(Observation, frozen=True, kw_only=True, tag="mark"):
    """A person named a moment of a lab that stands."""

    text: str
    by: str = ""  # as in `StepStarted`


class Watched(Observation, frozen=True, kw_only=True, tag="watched"):
    """The keeper of a lab that stands has watched until now, since the last such line."""


class Unwatched(Observation, frozen=True, kw_only=True, tag="unwatched"):
    """Nobody watched a lab that stands from a moment until now: bridges and demand may have come and gone unseen."""

    since: Number


class Forgotten(Observation, frozen=True, kw_only=True, tag="forgotten"):
    """Lines of the history were left out, as it had become too large: the oldest ones, up to a moment."""

    of: str  # "messages": sends, outcomes, receipts; "everything": whatever else happened, but for how things stood
    until: Number
    lines: int  # so far
