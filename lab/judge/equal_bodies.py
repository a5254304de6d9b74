"""Messages that have equal bodies and carry no id: the number that came is known, and not which."""

from __future__ import annotations

from collections.abc import Sequence

from lab.judge.evidence.tally import Tally

EQUAL = "one of equal bodies"  # in the place of an id
ADVICE = 'write the number into the body to distinguish them: body: "order {n}"'


def equal_bodies(tallies: Sequence[Tally], receiver: str, so: str) -> str:
    """Return in words how many messages arrived, and the fact `so` that equal bodies leave unknown; else ""."""
    alike = [tally for tally in tallies if tally.alike]
    if not alike:
        return ""
    came, expected = (sum(getattr(tally, name) for tally in alike) for name in ("received", "expected"))
    again = sum(tally.duplicated for tally in alike)
    more = f" and {again} more came" if again else ""
    return f"{came} of {expected} with equal bodies reached {receiver}{more}, but {so}: {ADVICE}"
