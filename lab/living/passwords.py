"""Passwords in a verb for an open lab: none may be a word of the lab, or be kept without its mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from lab.amazonmq.account.account import Account
from lab.base.masking import Mask, named_in
from lab.check.passwords import words_among
from lab.declare.expectations import expectations_of
from lab.declare.steps.base import OfUser, Step
from lab.declare.steps.service import UpdateConfiguration
from lab.declare.topology import Configuration
from lab.errors import InputError, Place
from lab.history import Header, observations
from lab.runtime.lab import StandingLab


def checked(verb: Step, lab: StandingLab, history: Path) -> Step:
    """Return a verb; raise InputError, which quotes no password, if a password could not be masked in kept files."""
    if isinstance(verb, OfUser) and verb.new_password is not None:
        _check_word(verb, verb.new_password, lab.note.control.account, history)
    if isinstance(verb, UpdateConfiguration) and (named := named_in(verb.file.text) - lab.mask().secrets):
        _check_repeated(verb.file, Mask.of(named))
    return verb


def _check_word(verb: OfUser, password: SecretStr, account: Account, history: Path) -> None:
    """Refuse a password that is a name or a word of the lab, as one in a scenario's files is refused."""
    header = _header(history)
    names = {*_names(account), verb.user, *(getattr(verb, "groups", None) or ())}
    declared: dict[str, Any] = {"names": dict.fromkeys(sorted(names)), **(header.declared if header else {})}
    expectations = expectations_of(declared) if "expect" in declared else ()
    if any(words_among(frozenset((password.get_secret_value(),)), declared, expectations)):
        problem = "this password is also a name or a word of the lab, which would be masked in all kept files"
        raise InputError.of(problem, "choose another password")


def _check_repeated(configuration: Configuration, mask: Mask) -> None:
    """Refuse a password that a text repeats: the service removes its own element, so it would not be masked."""
    rest = Mask().text(configuration.text)  # without the named passwords
    for number, line in enumerate(rest.split("\n"), 1):
        if mask.text(line) != line:
            problem = "the text here has a password from an element that the service removes"
            place = Place(file=configuration.file, line=number, column=1)
            raise InputError.of(problem, "remove the password: the lab would keep it unmasked", place)


def _names(account: Account) -> set[str]:
    names = {each.name for each in account.brokers} | {each.name for each in account.configurations}
    for broker in account.brokers:
        for user in broker.users:
            names |= {user.name, *user.latest.groups}
    return names


def _header(history: Path) -> Header | None:
    """Return the first line of a lab's history; None for a lab that keeps none."""
    try:
        first = next(observations(history))
    except InputError:
        return None
    return first if isinstance(first, Header) else None
