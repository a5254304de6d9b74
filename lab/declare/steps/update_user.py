"""The step `update-user`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from pydantic import SecretStr, model_validator

from lab.amazonmq.account import users
from lab.amazonmq.account.account import Account
from lab.declare.fields import Password, Texts, YesNo
from lab.declare.steps.user import OfUser


class UpdateUser(OfUser):
    """Change the given properties of a user at the broker's next reboot."""

    verb: ClassVar[str] = "update-user"
    password: Password | None = None
    """The new password (default: unchanged)."""
    groups: Texts | None = None
    """The new groups of the user, which replace all earlier ones (default: unchanged)."""
    console_access: YesNo | None = None
    """Whether the user may open the web console (default: unchanged)."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.password is None and self.groups is None and self.console_access is None:
            raise ValueError("nothing changes: write password, groups or console-access")
        return self

    @property
    def new_password(self) -> SecretStr | None:
        """Return the password that the user has from then on; None if it stays the same."""
        return self.password

    def words(self) -> str:
        """Return the step in one line, for people."""
        changes = {"password": self.password, "groups": self.groups, "console access": self.console_access}
        named = ", ".join(name for name, value in changes.items() if value is not None)
        return f"update the user {self.user} of {self.broker}: {named}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return users.update_user(
            account,
            self.broker,
            self.user,
            password=self.password,
            groups=self.groups,
            console_access=self.console_access,
        )
