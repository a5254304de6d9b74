"""The step `delete-user`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from lab.amazonmq.account import users
from lab.amazonmq.account.account import Account
from lab.declare.steps.user import OfUser


class DeleteUser(OfUser):
    """Delete a user at the broker's next reboot."""

    verb: ClassVar[str] = "delete-user"

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"delete the user {self.user} of {self.broker}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return users.delete_user(account, self.broker, self.user)
