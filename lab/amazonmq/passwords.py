"""Amazon MQ's rules for passwords of users."""

from __future__ import annotations

SHORTEST, LONGEST = 12, 250  # characters


def check_password(text: str) -> str | None:
    """Return why Amazon MQ would refuse a password, without repeating it, or None."""
    if not SHORTEST <= len(text) <= LONGEST:
        return f"the password has {len(text)} characters: Amazon MQ takes {SHORTEST} to {LONGEST}"
    if not all(" " <= character <= "~" for character in text):
        return "the password has a character that is not printable ASCII"
    banned = [character for character in ",:=" if character in text]
    if banned:
        return f"the password contains {' and '.join(banned)}: Amazon MQ takes no comma, colon or equals sign"
    if len(set(text)) < 4:
        return "the password has fewer than 4 different characters"
    return None
