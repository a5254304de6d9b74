"""A variant's file: a scenario with other values, and the reasons of the verdicts that fail."""

from __future__ import annotations

from pydantic import Field

from lab.declare.fields import Declared


class VariantFile(Declared):
    """A scenario with other values: the path of the scenario, and the values that differ.

    The keys and values of `set` are those of `--set`. A run does not read `fails`; `mqlab scenarios` and
    `make scenarios` do.
    """

    variant_of: str = Field(min_length=1)
    """The path of the scenario file, relative to this file."""
    scenario: str = Field(min_length=1)
    """The name of the variant."""
    about: str = ""
    """A description for people."""
    set: dict[str, str] = Field(min_length=1)
    """The changed values, by key, as for `--set`."""
    fails: tuple[str, ...] = ()
    """The texts that the reasons of failed verdicts must contain, if the variant must fail."""


def is_variant(content: object) -> bool:
    """Return whether the content of a file is a variant's."""
    return isinstance(content, dict) and "variant-of" in content
