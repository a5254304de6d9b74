"""Verbs made from the arguments of a command or a method, with the error messages of a scenario file.

`mark` is put before the name of an argument in a message: `--delay` for a command, `delay` for a program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lab.amazonmq.account.maintenance import window
from lab.base.suggestions import unknown
from lab.base.units import parse_duration
from lab.declare.fields import Declared
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.declare.steps.service import MoveClock
from lab.declare.topology import ImpairmentFields
from lab.errors import InputError, Problem
from lab.link.impairment import FIGURES
from lab.plan.values import Plan

_Read = TypeVar("_Read", bound=Declared)


def read(kind: type[_Read], mark: str = "", names: Mapping[str, str] | None = None, /, **written: Any) -> _Read:
    """Return a value made of the fields that are not None; `names` has other names for arguments in messages."""
    try:
        return kind.model_validate({key: value for key, value in written.items() if value is not None})
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise InputError([_problem(each, mark, names or {}) for each in found]) from error


def seconds(name: str, number: object) -> float:
    """Return a number of seconds; raise InputError for an argument that is none, such as a text with a unit."""
    if isinstance(number, int | float) and not isinstance(number, bool) and number == number:
        return number
    given = number
    if isinstance(given, str):
        digits = re.match(r"\s*([0-9]+(?:\.[0-9]+)?)", given)
        try:
            given = parse_duration(given.replace(" ", ""))
        except (ValueError, OverflowError):
            given = timedelta(seconds=float(digits[1])) if digits and len(digits[1]) < 10 else None
    right = f"{given.total_seconds():g}" if isinstance(given, timedelta) else "5"
    raise InputError.of(f"{name} takes seconds, as a number, not {number!r}", f"write {name}={right}")


def impairment(figures: Mapping[str, Any], mark: str = "") -> dict[str, Any]:
    """Return the fields of the verb `impair`; raise InputError for an unknown figure, or without any figure."""
    given = {key.replace("-", "_"): value for key, value in figures.items() if value is not None}
    if not given:
        right = f"write a figure, for example {mark}delay 80ms; {mark}delay 0 ends every impairment"
        raise InputError.of("the impairment has no figure", right)
    known = [each.key for each in FIGURES]
    if strange := {key.replace("_", "-") for key in given} - set(known):
        raise InputError([unknown("figure", min(strange), known, "figures of an impairment", None)])
    return dict(read(ImpairmentFields, mark, **given))


def ingress(kind: type[_Read], group: str, mark: str = "", /, **said: Any) -> _Read:
    """Return a verb on an inbound rule: from `cidr` or `source_group`, with `port` and `protocol`."""
    cidr, source_group = said.pop("cidr"), said.pop("source_group")
    if (cidr is None) == (source_group is None):
        raise InputError.of("the rule needs one source", f"write {mark}cidr 10.1.0.10/32, or {mark}source-group NAME")
    names = {"source": f"{mark}cidr", "from_group": f"{mark}source-group"}
    return read(kind, mark, names, group=group, source=cidr, from_group=source_group, **said)


def maintenance_window(broker: str, text: str) -> Step:
    """Return the verb that sets a window, from a day, a time and a zone: `sunday 03:00 Asia/Tokyo`."""
    day, _, rest = text.strip().partition(" ")
    at, _, zone = rest.strip().partition(" ")
    chosen = window(day, at, zone.strip() or "UTC")
    return read(
        STEPS["maintenance-window"], broker=broker, day=chosen.day, time=f"{chosen.time:%H:%M}", zone=chosen.zone
    )


def move_clock(*, to: datetime | str | None, before: str | None, by: timedelta | str, mark: str = "") -> MoveClock:
    """Return the verb that sets the clock: to a moment with a zone, or to some time before a broker's window."""
    if (to is None) == (before is None):
        raise InputError.of("the clock needs one moment", f"write {mark}to MOMENT, or {mark}before BROKER")
    found = read(MoveClock, mark, to=to) if to is not None else read(MoveClock, mark, before=before, by=by)
    if found.to is not None and found.to.tzinfo is None:
        raise InputError.of(f"{mark}to: a moment without a time zone", "write a zone, as in datetime(…, tzinfo=UTC)")
    if found.by < timedelta(0):
        raise InputError.of(f"{mark}by: a duration cannot be negative", "write a duration such as 5s")
    return found


def link(plan: Plan, link: str | None, leaving: str | None) -> str:
    """Return the name of a link, or of the only one for None; raise InputError for an unknown link or region."""
    names = [each.name for each in plan.links]
    if link is None and len(names) != 1:
        what = "this lab has several links; write the name of a link" if names else "this lab has no link"
        raise InputError.of(what, f"links of this lab: {', '.join(names) or 'none'}")
    if link is not None and link not in names:
        raise InputError([unknown("link", link, names, "links of this lab", None)])
    its = plan.link(link or names[0])
    regions = [way.leaving for way in its.directions]
    if leaving is not None and leaving not in regions:
        raise InputError([unknown("region", leaving, regions, f"regions of {its.name}", None)])
    return its.name


def _problem(error: ErrorDetails, mark: str, names: Mapping[str, str]) -> Problem:
    field = "".join(str(each) for each in error["loc"][:1])
    label = f"{names.get(field) or mark + field.replace('_', '-')}: " if field else ""
    if error["type"] == "enum":
        return Problem(what=f"{label}unknown {field}", remedy=f"write {error['ctx']['expected']}")
    if error["type"] == "string_pattern_mismatch":
        return Problem(what=f"{label}{error['input']!r} is not a name")
    return Problem(what=label + str(error["msg"]).removeprefix("Value error, "))
