"""The step `create-user`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from lab.amazonmq.account import users
from lab.amazonmq.account.account import Account
from lab.declare.fields import Password, Texts, YesNo
from lab.declare.steps.user import OfUser


class CreateUser(OfUser):
    """A user is created, whom the broker knows after its next reboot."""

    verb: ClassVar[str] = "create-user"
    password: Password
    groups: Texts = ()
    console_access: YesNo = False

    @property
    def new_password(self) -> SecretStr | None:
        """Return the password that the user has from then on; None if it stays the same."""
        return self.password

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"create the user {self.user} of {self.broker}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return users.create_user(
            account, self.broker, self.user, self.password, groups=self.groups, console_access=self.console_access
        )
