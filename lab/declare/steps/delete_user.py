"""The step `delete-user`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.service import OfUser


class DeleteUser(OfUser):
    """A user goes with the broker's next reboot."""

    verb: ClassVar[str] = "delete-user"

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"delete the user {self.user} of {self.broker}"
