"""Passwords that Amazon MQ takes, and those that it refuses."""

from __future__ import annotations

import pytest

from lab.amazonmq.passwords import check_password


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("correct horse battery", None),
        ("abcd" * 3, None),
        ("a${x}#\\!\"<&> '~", None),
        ("secret", "the password has 6 characters: Amazon MQ takes 12 to 250"),
        ("abcd" * 63, "the password has 252 characters: Amazon MQ takes 12 to 250"),
        ("abc" * 5, "the password has fewer than 4 different characters"),
        ("abcdefghijkl,=", "the password contains , and =: Amazon MQ takes no comma, colon or equals sign"),
        ("pässword-pässword", "the password has a character that is not printable ASCII"),
    ],
)
def test_passwords(password: str, reason: str | None) -> None:
    assert check_password(password) == reason
