"""A variant's file: a scenario with other values, and the reasons of the verdicts that fail."""

from __future__ import annotations

from pydantic import Field

from lab.declare.fields import Declared


class VariantFile(Declared):
    """What a variant's file has instead of steps: the scenario that it is of, and what it sets.

    KEYs and VALUEs of `set` are those of `--set`. With `fails`, a run of it must fail, and each text is
    in the reason of a failed verdict. No run looks at it; `mqlab scenarios` and `make scenarios` do.
    """

    variant_of: str = Field(min_length=1)  # the scenario's path, counted from the folder of this file
    scenario: str = Field(min_length=1)
    about: str = ""
    set: dict[str, str] = Field(min_length=1)
    fails: tuple[str, ...] = ()


def is_variant(content: object) -> bool:
    """Return whether the content of a file is a variant's."""
    return isinstance(content, dict) and "variant-of" in content
