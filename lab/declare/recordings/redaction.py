"""Headers whose values are secrets, by their names. Bodies are not looked into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from lab.base.masking import MASK, Mask, is_secret
from lab.base.printable import shown


def names_of(names: Iterable[str]) -> str:
    """Return names in quotes: at most three of them, and how many more there are."""
    return at_most_three(shown(each, 40) for each in names)


def at_most_three(names: Iterable[str]) -> str:
    """Return at most three of some words, and how many more there are."""
    told = sorted(names)
    return ", ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")


def sent_masked(redacted: Mapping[str, int]) -> str:
    """Return in words the masked headers that a replay sends; "" if none."""
    return f"sent with {MASK} in place of masked text: {names_of(redacted)}" if redacted else ""


class Redaction:
    """Replaces the secrets in headers, known passwords in any of them, and counts by header in how many messages."""

    def __init__(self, mask: Mask = Mask()) -> None:  # noqa: B008 - a frozen value
        self._mask = mask
        self.counts: Counter[str] = Counter()

    def of(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Return headers without secrets: a header stays, and its value is replaced."""
        found = {}
        for name, value in headers.items():
            found[name] = safe = MASK if is_secret(name) else self._mask.text(value)
            if safe != value:
                self.counts[name] += 1
        return found

    def forget(self, headers: Mapping[str, str], safe: Mapping[str, str]) -> None:
        """Take a message off the count, since the message is dropped."""
        self.counts -= Counter(name for name, value in headers.items() if safe[name] != value)
