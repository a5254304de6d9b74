"""EC2's refusal of a request: a code, a sentence and a remedy, each a field of its own."""

from __future__ import annotations

from lab.errors import InputError, Problem


class Refused(InputError):
    """EC2 refused a request; `code` and `sentence` are AWS's, apart from the text for people, which has both."""

    code: str = ""
    sentence: str = ""


def refused(code: str, sentence: str, remedy: str = "") -> Refused:
    """Return a refusal with AWS's code and words."""
    made = Refused([Problem(what=f"{code}: {sentence}", remedy=remedy)])
    made.code, made.sentence = code, sentence
    return made
