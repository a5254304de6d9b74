"""EC2's refusal of a request: a code, a sentence and a remedy, each a field of its own."""

from __future__ import annotations

from lab.errors import Problem, Refused


def refused(code: str, sentence: str, remedy: str = "") -> Refused:
    """Return a refusal with AWS's code and words."""
    made = Refused([Problem(what=f"{code}: {sentence}", remedy=remedy)])
    made.code, made.sentence = code, sentence
    return made
