"""Check that no password is a name or a word of its scenario or lab, of which all that is kept would be masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from lab.declare.expectations.base import Expectation
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.errors import Problem
from lab.masking import Mask

_OF_A_PERSON = ("about", "body", "headers", "properties", "scenario", "set", "text")  # nothing is found by these words


def check_passwords(scenario: Scenario) -> Iterator[Problem]:
    """Yield a Problem for each password that is a name or a word of the scenario, without quoting it."""
    declared: dict[str, Any] = {}
    for secret in sorted(scenario.origin.mask.secrets):
        declared = declared or scenario.declared()
        if is_a_word(secret, declared, scenario.expect):
            yield Problem(
                what="this password is a name or a word of the scenario, and passwords are masked in all that is kept",
                remedy="choose another one, or write generated",
                place=scenario.origin.place(*_where(secret, scenario)),
            )


def is_a_word(secret: str, declared: Any, claims: Iterable[Expectation]) -> bool:
    """Return whether what is declared, or one of its claims, would be another one when a password is masked in it."""
    mask = Mask(frozenset((secret,)))
    return _is_a_word(secret, mask, declared) or not all(_is_read(claim, mask) for claim in claims)


def _is_a_word(secret: str, mask: Mask, value: Any, *, free: bool = False) -> bool:
    """Return whether a password is in a key, or is a whole text that is not a person's own words (`free`)."""
    if isinstance(value, dict):
        return any(
            mask.text(key) != key or _is_a_word(secret, mask, each, free=free or key in _OF_A_PERSON)
            for key, each in value.items()
        )
    if isinstance(value, list):
        return any(_is_a_word(secret, mask, each, free=free) for each in value)
    return bool(value == secret) and not free


def _is_read(claim: Expectation, mask: Mask) -> bool:
    """Return whether a claim is one still when it is masked."""
    written = claim.written()
    masked = mask.value(written) | {key: each for key, each in written.items() if key == "matches"}  # has its own check
    if masked == written:
        return True
    try:
        type(claim).model_validate(masked)
    except ValidationError:
        return False
    return True


def _where(secret: str, scenario: Scenario) -> Keys:
    """Return the path to the first user's password that is this one; to the topology, whose files have it, if none."""
    for name, broker in scenario.topology.brokers.items():
        for user, its in broker.users.items():
            if its.password.get_secret_value() == secret:
                return ("topology", "brokers", name, "users", user, "password")
    return ("topology",)
