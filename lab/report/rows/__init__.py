"""Observations → rows in words, in files named like those of `lab.history`; a row of an unknown kind has its fields."""

from __future__ import annotations

from collections.abc import Mapping

from lab.history import ClientChanged, Observation, Watched
from lab.report.rows import brokers_seen, clients_seen, lab_seen, network_seen, observation, observed
from lab.report.rows.row import Description, Row, Weight, Words

_ACTORS = ("client", "who", "broker", "link", "connector")  # fields that name the actor; the first one present counts
_WORDS: Words = {
    **observation.WORDS,
    **clients_seen.WORDS,
    **brokers_seen.WORDS,
    **network_seen.WORDS,
    **lab_seen.WORDS,
    **observed.WORDS,
}


def describe(observation: Observation) -> Row:
    """Return an observation as a row of a timeline."""
    who, what, weight = _WORDS.get(type(observation), _fields)(observation)
    return Row(t=observation.t, actor=who, text=what, weight=weight)


def is_news(observation: Observation) -> bool:
    """Return whether an observation shows more than that a monitor or client is still there."""
    return not isinstance(observation, Watched) and not (
        isinstance(observation, ClientChanged) and observation.state == "listening"
    )


def _fields(observation: Observation) -> Description:
    """Return the fields of an observation of an unknown kind in words."""
    told = observation.told()
    actor = next((name for name in _ACTORS if told.get(name)), None)
    who = str(told.pop(actor)) if actor else ""
    rest = ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in told.items() if value is not None)
    return (
        who,
        f"{observation.kind.replace('-', ' ')}: {rest}" if rest else observation.kind.replace("-", " "),
        Weight.PLAIN,
    )


def _value(field: object) -> str:
    if isinstance(field, bool):
        return "yes" if field else "no"
    if isinstance(field, Mapping):
        return ", ".join(f"{key} {each}" for key, each in field.items()) or "none"
    return ", ".join(map(str, field)) if isinstance(field, tuple) else str(field)
