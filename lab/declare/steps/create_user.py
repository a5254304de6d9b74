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
    """Create a user, who can log in from the broker's next reboot on."""

    verb: ClassVar[str] = "create-user"
    password: Password
    """The password of the new user."""
    groups: Texts = ()
    """The groups of the new user, for an authorization map in the configuration."""
    console_access: YesNo = False
    """Whether the new user may open the web console."""

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
