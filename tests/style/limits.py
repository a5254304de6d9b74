"""The limits of forms that the project avoids, in `limits.toml`: each number may only fall."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

LIMITS = Path(__file__).parent / "limits.toml"


def read() -> dict[str, int]:
    """Return the limits by kind of text and form."""
    return {
        f"{kind}.{form}": number
        for kind, forms in tomllib.loads(LIMITS.read_text("utf-8")).items()
        for form, number in forms.items()
    }


def written(limits: Mapping[str, int]) -> str:
    """Return the text of the file."""
    kinds: dict[str, list[str]] = {}
    for key, number in sorted(limits.items()):
        kind, _, form = key.partition(".")
        kinds.setdefault(kind, []).append(f"{form} = {number}\n")
    return "\n".join(f"[{kind}]\n{''.join(forms)}" for kind, forms in kinds.items())
