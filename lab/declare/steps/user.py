"""The base class of steps on a broker's users."""

from __future__ import annotations

from pydantic import SecretStr

from lab.declare.steps.record import OnRecord


class OfUser(OnRecord):
    """A step that changes a user, from the broker's next reboot on."""

    user: str
    """The name of the user."""

    @property
    def new_password(self) -> SecretStr | None:
        """Return the password that the user has from then on; None if it stays the same."""
        return None
