"""Check that no password is a name or a word of its scenario or lab, of which all that is kept would be masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from lab.base.masking import Mask
from lab.declare.expectations.base import Expectation
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.errors import Problem

_OF_A_PERSON = ("about", "body", "headers", "properties", "scenario", "set", "text")  # nothing is found by these words


def check_passwords(scenario: Scenario) -> Iterator[Problem]:
    """Yield a Problem for each password that is a name or a word of the scenario, without quoting it."""
    if not (secrets := scenario.origin.mask.secrets):
        return
    for secret in words_among(secrets, scenario.declared(), scenario.expect):
        yield Problem(
            what="this password is a name or a word of the scenario, and passwords are masked in all that is kept",
            remedy="choose another one, or write generated",
            place=scenario.origin.place(*_where(secret, scenario)),
        )


def words_among(secrets: frozenset[str], declared: Any, expectations: Iterable[Expectation]) -> Iterator[str]:
    """Yield the passwords that are also part of the declarations or expectations, which masking would change."""
    every, texts = Mask(secrets), set(_texts(declared))
    keys = [key for key in set(_keys(declared)) if every.text(key) != key]
    touched = [expectation for expectation in expectations if every.value(written := expectation.written()) != written]
    for secret in sorted(secrets):
        mask = Mask(frozenset((secret,)))
        if (
            secret in texts
            or any(mask.text(key) != key for key in keys)
            or not all(_is_read(expectation, mask) for expectation in touched)
        ):
            yield secret


def _keys(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        yield from tree
    for each in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _keys(each)


def _texts(tree: Any) -> Iterator[str]:
    """Yield the whole texts that are not a person's own words."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, list):
        for each in tree:
            yield from _texts(each)
    elif isinstance(tree, dict):
        for key, each in tree.items():
            if key not in _OF_A_PERSON:
                yield from _texts(each)


def _is_read(expectation: Expectation, mask: Mask) -> bool:
    """Return whether a masked expectation can still be read."""
    written = expectation.written()
    masked = mask.value(written) | {key: each for key, each in written.items() if key == "matches"}  # has its own check
    if masked == written:
        return True
    try:
        type(expectation).model_validate(masked)
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
