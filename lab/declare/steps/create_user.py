"""The step `create-user`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import SecretStr

from lab.declare.fields import Texts, YesNo
from lab.declare.steps.service import OfUser


class CreateUser(OfUser):
    """A user is made, whom the broker knows after its next reboot."""

    verb: ClassVar[str] = "create-user"
    password: SecretStr
    groups: Texts = ()
    console_access: YesNo = False

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"create the user {self.user} of {self.broker}"
