"""A broker as the service keeps it: its state, its configuration's revisions, its users, its maintenance window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lab.amazonmq.account.maintenance import DEFAULT_WINDOW, Window
from lab.amazonmq.account.refusals import not_found
from lab.amazonmq.account.user_record import UserRecord
from lab.amazonmq.identity import UserIdentity


class BrokerState(StrEnum):
    """The states of a broker, as the service names them."""

    CREATION_IN_PROGRESS = "CREATION_IN_PROGRESS"
    CREATION_FAILED = "CREATION_FAILED"
    RUNNING = "RUNNING"
    REBOOT_IN_PROGRESS = "REBOOT_IN_PROGRESS"
    DELETION_IN_PROGRESS = "DELETION_IN_PROGRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRevision:
    """One revision of one configuration, as a broker has it, will have it or had it."""

    configuration: str
    revision: int

    def __str__(self) -> str:
        return f"{self.configuration} revision {self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRecord:
    """One broker; what is pending waits for a reboot, ordered or by the maintenance window."""

    name: str
    broker_id: str
    engine_version: str
    created: datetime
    current: AppliedRevision
    pending: AppliedRevision | None = None
    history: tuple[AppliedRevision, ...] = ()  # the oldest first
    users: tuple[UserRecord, ...] = ()
    state: BrokerState = BrokerState.RUNNING
    deployment_mode: str = "SINGLE_INSTANCE"
    public: bool = True
    security_groups: tuple[str, ...] = ()
    pending_security_groups: tuple[str, ...] | None = None
    window: Window = DEFAULT_WINDOW
    due: bool = False  # its window has opened and found something pending; a reboot is to begin

    @property
    def has_pending(self) -> bool:
        """Return whether anything waits for a reboot."""
        changed = any(user.change is not None for user in self.users)
        return self.pending is not None or self.pending_security_groups is not None or changed

    @property
    def identities(self) -> tuple[UserIdentity, ...]:
        """Return the users that the broker knows now."""
        return tuple(found for user in self.users if (found := user.identity()) is not None)

    @property
    def passwords(self) -> dict[str, int]:
        """Return the number of the password of each user that the broker knows now."""
        return {user.name: user.current.password for user in self.users if user.current is not None}

    def user(self, name: str) -> UserRecord:
        """Return one user, pending or not; refused where there is none."""
        for user in self.users:
            if user.name == name:
                return user
        raise not_found("user", name, (user.name for user in self.users), f"users of {self.name}")

    def with_user(self, user: UserRecord) -> BrokerRecord:
        """Return the record with one user more, or another one in the place of the one of its name."""
        if any(each.name == user.name for each in self.users):
            return replace(self, users=tuple(user if each.name == user.name else each for each in self.users))
        return replace(self, users=(*self.users, user))

    def without_user(self, name: str) -> BrokerRecord:
        """Return the record with one user less."""
        return replace(self, users=tuple(each for each in self.users if each.name != name))

    def applied(self) -> BrokerRecord:
        """Return the record with nothing pending: all that waited is so, and the old revision is in the history."""
        moved = self.pending is not None and self.pending != self.current
        groups = self.pending_security_groups
        return replace(
            self,
            current=self.pending or self.current,
            pending=None,
            history=(*self.history, self.current) if moved else self.history,
            users=tuple(found for user in self.users if (found := user.applied()) is not None),
            security_groups=self.security_groups if groups is None else groups,
            pending_security_groups=None,
        )
