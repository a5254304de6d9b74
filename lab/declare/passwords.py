"""The passwords of a scenario: written in it, taken from the environment, or generated, one for each user's name."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from lab.base.masking import is_secret
from lab.declare.origin import Keys
from lab.errors import Place, Problem

GENERATED = "generated"
NO_PASSWORDS = (GENERATED, "right", "wrong")  # words that stand where a password may; too short for the service
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIGNS = string.ascii_letters + string.digits


def new_password() -> str:
    """Return a new random password, of letters and digits: no protocol, file or shell reads anything into them."""
    return "".join(secrets.choice(_SIGNS) for _ in range(24))


def leads_to_a_secret(keys: Keys) -> bool:
    """Return whether keys lead to a password, or to a header that usually has a secret."""
    return keys[-1:] == ("password",) or (keys[-2:-1] == ("headers",) and is_secret(str(keys[-1])))


class NotSet(Problem):
    """An environment variable without a password; `AnyPassword` still permits to check everything else."""


class AnyPassword(dict[str, str]):
    """An environment in which also a missing or empty variable has a password, to check everything else."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__({name: value for name, value in environment.items() if value})

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, new_password())

    def get(self, name: str, default: object = None) -> str:
        """Return the value of the variable, which is never missing."""
        return self[name]


class Passwords:
    """The passwords of one scenario; `all` are those taken so far.

    A generated password is the same on every broker with that user name, since a bridge logs in on two brokers.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._generated: dict[str, str] = {}
        self.all: list[str] = []

    def take(self, written: Any, user: str, place: Place) -> tuple[str, Problem | None]:
        """Return the password that is written for a user, or "" and the problem with it."""
        password, problem = self._taken(written, user, place)
        self.all.append(password)
        return password, problem

    def _taken(self, written: Any, user: str, place: Place) -> tuple[str, Problem | None]:
        if written == GENERATED:
            return self._generated.setdefault(user, new_password()), None
        if isinstance(written, str):
            return written, None
        variable = written.get("env") if isinstance(written, dict) and len(written) == 1 else None
        if not isinstance(variable, str) or not _VARIABLE.fullmatch(variable):
            what = "a password is a text, generated, or the name of an environment variable"
            return "", Problem(what=what, remedy="write generated, or {env: NAME}", place=place)
        if not self._environment.get(variable):
            what = f"the environment variable {variable} is not set, or empty"
            return "", NotSet(what=what, remedy=f"export {variable}=… first", place=place)
        return self._environment[variable], None
