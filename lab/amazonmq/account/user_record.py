"""A broker's user as the service keeps it: what it is now, and what it will be after the next reboot.

Holds no password, only its number: each password that is set in an account gets the next one, and travels apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lab.amazonmq.identity import UserIdentity


class Change(StrEnum):
    """What waits for a reboot, in the service's words."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSetting:
    """What the service keeps of a user beside the name."""

    groups: tuple[str, ...] = ()
    console_access: bool = False
    password: int  # its number


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """A user: `current` is None of one whom the broker does not know yet, `pending` of one that nothing waits for."""

    name: str
    current: UserSetting | None
    pending: UserSetting | None = None
    change: Change | None = None

    @property
    def latest(self) -> UserSetting:
        """Return what was last asked for, which a deleted user keeps."""
        found = self.pending or self.current
        assert found is not None  # a user has one or the other
        return found

    def applied(self) -> UserRecord | None:
        """Return the user after a reboot, or None where it has gone."""
        if self.change is Change.DELETE:
            return None
        return UserRecord(name=self.name, current=self.latest)

    def identity(self) -> UserIdentity | None:
        """Return the user as the broker's files have it now, or None where the broker does not know it yet."""
        if self.current is None:
            return None
        return UserIdentity(name=self.name, groups=self.current.groups, console_access=self.current.console_access)
