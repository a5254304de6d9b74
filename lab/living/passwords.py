"""Passwords that a verb sets in an open lab: none may be a name or a word of the lab, as in a scenario's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.amazonmq.account.account import Account
from lab.check.passwords import words_among
from lab.declare.expectations import expectations_of
from lab.declare.steps.base import Step
from lab.declare.steps.user import OfUser
from lab.errors import InputError
from lab.history import Header, observations


def checked(verb: Step, history: Path, account: Account) -> Step:
    """Return a verb; raise InputError, which does not quote it, if a password that it sets is a name or a word."""
    if not isinstance(verb, OfUser) or verb.new_password is None:
        return verb
    header = _header(history)
    names = {*_names(account), verb.user, *(getattr(verb, "groups", None) or ())}
    declared: dict[str, Any] = {"names": dict.fromkeys(sorted(names)), **(header.declared if header else {})}
    claims = expectations_of(declared) if "expect" in declared else ()
    if any(words_among(frozenset((verb.new_password.get_secret_value(),)), declared, claims)):
        what = "this password is a name or a word of the lab, and passwords are masked in all that is kept"
        raise InputError.of(what, "choose another one")
    return verb


def _names(account: Account) -> set[str]:
    found = {each.name for each in account.brokers} | {each.name for each in account.configurations}
    for broker in account.brokers:
        for user in broker.users:
            found |= {user.name, *user.latest.groups}
    return found


def _header(history: Path) -> Header | None:
    """Return the first line of a lab's history; None for a lab that keeps none."""
    try:
        first = next(observations(history))
    except InputError:
        return None
    return first if isinstance(first, Header) else None
