"""Observations that only an open lab's history has: marks, whether the lab was watched, removed lines."""

from __future__ import annotations

from lab.history.observation import Number, Observation


class Marked(Observation, frozen=True, kw_only=True, tag="mark"):
    """A person or a program named this moment of an open lab."""

    text: str
    by: str = ""  # as in `StepStarted`


class Watched(Observation, frozen=True, kw_only=True, tag="watched"):
    """The keeper has watched the open lab until now, since the last such line."""


class Unwatched(Observation, frozen=True, kw_only=True, tag="unwatched"):
    """The open lab was not watched from `since` until now: bridges and demand may have come and gone unseen."""

    since: Number


class Forgotten(Observation, frozen=True, kw_only=True, tag="forgotten"):
    """The oldest lines were removed, up to a moment, since the history had become too large."""

    of: str  # "messages": sends, outcomes, deliveries; "everything": whatever else happened, but for how things stood
    until: Number
    lines: int  # so far
