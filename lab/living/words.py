"""What a command or a program says word by word, read as a file's keys are read, with the same refusals.

`mark` stands before the name of what is wrong: `--delay` on a command line is `delay` in a program.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lab.amazonmq.account.maintenance import Window, window
from lab.declare.fields import Duration, Moment
from lab.declare.suggestions import unknown
from lab.declare.topology import ImpairmentFields
from lab.declare.vpc import Block, InboundRule
from lab.errors import InputError, Problem
from lab.link.impairment import FIGURES, Impairment
from lab.network.vpc import Rule

_OF_RULE = {"from": "cidr", "from-group": "source-group", "port": "port", "protocol": "protocol"}


def impairment(written: Mapping[str, str | None], mark: str = "") -> Impairment:
    """Read what a link does to packets, as a whole; by a figure's key, or by the key as a program spells it."""
    given = {key.replace("_", "-"): value for key, value in written.items() if value is not None}
    if not given:
        right = f"{mark}delay 80ms, say; {mark}delay 0 ends every impairment"
        raise InputError.of("say what the link is to do to packets", right)
    if strange := given.keys() - (known := [each.key for each in FIGURES]):
        raise InputError([unknown("figure", min(strange), known, "figures of an impairment", None)])
    try:
        return ImpairmentFields.model_validate(given).impairment()
    except ValidationError as error:
        found = ((_name(each, {key: key for key in given}), each) for each in error.errors(include_url=False))
        raise InputError([_problem(mark, name, each, name) for name, each in found]) from error


def block(text: str | IPv4Network, name: str, mark: str = "") -> IPv4Network:
    """Read a CIDR block."""
    if isinstance(text, IPv4Network):
        return text
    try:
        found: IPv4Network = TypeAdapter(Block).validate_python(text)
    except ValidationError as error:
        raise InputError([_problem(mark, name, each) for each in error.errors()]) from error
    return found


def rule(*, cidr: str | None, group: str | None, port: str | None, protocol: str, mark: str = "") -> Rule:
    """Read what a security group lets in."""
    if (cidr is None) == (group is None):
        raise InputError.of("say from where, once", f"{mark}cidr 10.1.0.10/32, or {mark}source-group NAME")
    written = {"from": cidr, "from-group": group, "port": port, "protocol": protocol}
    try:
        return InboundRule.model_validate({key: value for key, value in written.items() if value is not None}).rule()
    except ValidationError as error:
        found = ((_name(each, _OF_RULE), each) for each in error.errors())
        raise InputError([_problem(mark, name, each, "protocol") for name, each in found]) from error


def maintenance_window(text: str) -> Window:
    """Read a day, a time and a zone: `sunday 03:00 Asia/Tokyo`."""
    day, _, rest = text.strip().partition(" ")
    at, _, zone = rest.strip().partition(" ")
    return window(day, at, zone.strip() or "UTC")


def moment(text: str | datetime, name: str, mark: str = "") -> datetime:
    """Read a moment of the service's clock: `2026-11-29 02:59:55 Asia/Tokyo`; one of a program has a zone too."""
    try:
        found: datetime = TypeAdapter(Moment).validate_python(text)
    except ValidationError as error:
        raise InputError([_problem(mark, name, each) for each in error.errors()]) from error
    if found.tzinfo is None:
        raise InputError.of(f"{mark}{name}: a moment without a time zone", "datetime(…, tzinfo=UTC), say")
    return found


def duration(text: str | timedelta, name: str, mark: str = "") -> timedelta:
    """Read a duration: `5s`."""
    try:
        found: timedelta = TypeAdapter(Duration).validate_python(text)
    except ValidationError as error:
        raise InputError([_problem(mark, name, each) for each in error.errors()]) from error
    if found < timedelta(0):
        raise InputError.of(f"{mark}{name}: less than nothing", "5s, say")
    return found


def _name(error: Any, names: Mapping[str, str]) -> str:
    return "".join(names.get(str(each), "") for each in error["loc"][:1])


def _problem(mark: str, name: str, error: Any, enumerated: str = "") -> Problem:
    label = f"{mark}{name}: " if name else ""
    if error["type"] == "enum":
        return Problem(what=f"{label}no such {enumerated}", remedy=f"write {error['ctx']['expected']}")
    return Problem(what=label + str(error["msg"]).removeprefix("Value error, "))
