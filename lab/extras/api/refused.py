"""The refusal of a request, with the code, the words and the attribute that AWS's clients read."""

from __future__ import annotations


class ApiRefused(Exception):
    """A service refuses a request; `attribute` names the wrong part of the request, as the request spells it."""

    def __init__(self, code: str, message: str, status: int = 400, attribute: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.attribute = attribute
