"""The service's record of a broker's user: its settings now, and those after the next reboot.

Holds the number of a password, never the password: an account numbers the passwords that are set, in order, and the
passwords themselves are in the broker's vault.
"""

from __future__ import annotations

from enum import StrEnum

from lab.amazonmq.identity import UserIdentity
from lab.base.dataclass import dataclass


class Change(StrEnum):
    """A change that waits for a reboot, in the service's words."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSetting:
    """A user's settings: groups, console access, and the number of the password."""

    groups: tuple[str, ...] = ()
    console_access: bool = False
    password: int  # its number


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """A user; `current` is None before the broker knows the user, `pending` if no new settings wait."""

    name: str
    current: UserSetting | None
    pending: UserSetting | None = None
    change: Change | None = None

    @property
    def latest(self) -> UserSetting:
        """Return the settings last asked for; a user about to be deleted keeps the present settings."""
        found = self.pending or self.current
        assert found is not None  # a user has one or the other
        return found

    def applied(self) -> UserRecord | None:
        """Return the user after a reboot, or None if it was deleted."""
        if self.change is Change.DELETE:
            return None
        return UserRecord(name=self.name, current=self.latest)

    def identity(self) -> UserIdentity | None:
        """Return the user as it stands in the broker's files, or None if the broker does not know it yet."""
        if self.current is None:
            return None
        return UserIdentity(name=self.name, groups=self.current.groups, console_access=self.current.console_access)
