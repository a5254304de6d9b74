"""Observations that only an open lab's history has: marks, whether the lab was watched, removed lines."""

from __future__ import annotations

from lab.history.observation import Number, Observation


class Marked(Observation, frozen=True, kw_only=True, tag="mark"):
    """A person or a program set a mark in the history of a running lab."""

    text: str
    """The name of the mark."""
    by: str = ""
    """The origin of the mark: `command` or `python`."""


class Watched(Observation, frozen=True, kw_only=True, tag="watched"):
    """A running lab was watched until now, since the previous line of this kind."""


class Unwatched(Observation, frozen=True, kw_only=True, tag="unwatched"):
    """A running lab was not watched until now, so changes of bridges and demand may be missing."""

    since: Number
    """The time from which the lab was not watched, in seconds."""


class Forgotten(Observation, frozen=True, kw_only=True, tag="forgotten"):
    """The oldest lines of the history of a running lab were removed, because it had become too large."""

    of: str
    """The kind of removed lines: `messages` or `everything`."""
    until: Number
    """The time up to which lines were removed, in seconds."""
    lines: int
    """The number of lines removed so far."""
