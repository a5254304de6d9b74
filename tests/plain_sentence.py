"""A description as a user can read it: one short sentence, of words and forms that a translator understands too."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 25  # words
_FORMS = {
    "a clause that begins with what": r"\bwhat(ever)?\b",
    "a person where software acts, or a pronoun": (
        r"\b(nobody|somebody|anybody|everybody|who(ever|m|se)? (is|was|has))\b"
    ),
    "a default in other words": r"\b(when|if) (left out|nothing is|none is)\b|\bunless\b|\bleft out\b",
    "a condition with where, also, but for": r"\b(also where|but for|even where|where (it|there|nothing|they))\b",
    "a pronoun that points back": r"\b(another one|the other one|of its own|that of|those of|one by itself)\b",
    "is none, is no": r"\b(is|are|was|has|have) (no|none)\b(?! (matching|network|message|value))",
    "so many, as an amount": r"\bso (many|much|long)\b(?! as)",
    "an old verb": r"\b(befalls?|befell|anew|makes? good|takes? up|catch up|comes? (again|back|up)|goes away)\b",
    "a program that speaks": r"\b(tells?|told|says?|said|asks?|asked|wants?|knows?|looks? at|is meant)\b",
    "another word for the same": (
        r"\b(held|owed|claims?|witness(es)?|story|twins?|receipts?|monitor|remarks?|seal|stretch|standing|"
        r"strangers?|the service|hears?|befalls|stands? (up|there)|beyond)\b"
    ),
    "an inversion": r"^(Of|In|So|Added|To|Nor|Up|Out) (?!(the end|order))",
}
FORBIDDEN = {name: re.compile(form, re.IGNORECASE) for name, form in _FORMS.items()}


def faults(sentence: str) -> Iterator[str]:
    """Yield what a reader would stumble over."""
    prose = re.sub(r"`[^`]*`|\"[^\"]*\"|'[^']* [^']*'", "X", sentence)
    if not re.match(r"[A-Z`]", sentence) or not sentence.endswith("."):
        yield "it begins with a capital letter and ends with a full stop"
    if "\n" in sentence or re.search(r"\. [A-Z]", prose):
        yield "it is one sentence"
    if len(prose.split()) > LONGEST:
        yield f"it has {len(prose.split())} words"
    if len(re.findall(r"[:;](?= |$)", re.sub(r"\(default: [^)]*\)", "", prose))) > 1:
        yield "it has one colon or semicolon"
    for name, form in FORBIDDEN.items():
        if found := form.search(prose):
            yield f"{name}: {found[0]}"
