"""The service's record of a broker: state, applied and pending revisions, users, maintenance window."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from lab.amazonmq.account.maintenance import DEFAULT_WINDOW, Window
from lab.amazonmq.account.refusals import not_found
from lab.amazonmq.account.user_record import UserRecord
from lab.amazonmq.identity import UserIdentity
from lab.base.dataclass import dataclass


class BrokerState(StrEnum):
    """The states of a broker, as the service names them."""

    CREATION_IN_PROGRESS = "CREATION_IN_PROGRESS"
    CREATION_FAILED = "CREATION_FAILED"
    RUNNING = "RUNNING"
    REBOOT_IN_PROGRESS = "REBOOT_IN_PROGRESS"
    DELETION_IN_PROGRESS = "DELETION_IN_PROGRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRevision:
    """A revision of a configuration that a broker has, had, or gets with its next reboot."""

    configuration: str
    revision: int

    def __str__(self) -> str:
        return f"{self.configuration} revision {self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRecord:
    """A broker; pending changes wait for a reboot, ordered or in the maintenance window."""

    name: str
    broker_id: str
    engine_version: str
    created: datetime
    current: AppliedRevision
    pending: AppliedRevision | None = None
    history: tuple[AppliedRevision, ...] = ()  # earlier ones, the oldest first
    users: tuple[UserRecord, ...] = ()
    state: BrokerState = BrokerState.RUNNING
    deployment_mode: str = "SINGLE_INSTANCE"
    public: bool = True
    security_groups: tuple[str, ...] = ()
    pending_security_groups: tuple[str, ...] | None = None
    pending_engine_version: str = ""
    window: Window = DEFAULT_WINDOW
    due: bool = False  # its window has opened with a change pending, and the reboot has not begun

    @property
    def has_pending(self) -> bool:
        """Return whether any change waits for a reboot."""
        changed = any(user.change is not None for user in self.users)
        awaited = (self.pending, self.pending_security_groups, self.pending_engine_version or None)
        return changed or any(each is not None for each in awaited)

    @property
    def identities(self) -> tuple[UserIdentity, ...]:
        """Return the users that the running broker knows."""
        return tuple(found for user in self.users if (found := user.identity()) is not None)

    @property
    def passwords(self) -> dict[str, int]:
        """Return the password numbers of the users that the running broker knows, by name."""
        return {user.name: user.current.password for user in self.users if user.current is not None}

    def user(self, name: str) -> UserRecord:
        """Return the user of a name, pending or not; raise InputError if there is none."""
        for user in self.users:
            if user.name == name:
                return user
        raise not_found("user", name, (user.name for user in self.users), f"users of {self.name}")

    def with_user(self, user: UserRecord) -> BrokerRecord:
        """Return the record with a user added, or in the place of the one of its name."""
        if any(each.name == user.name for each in self.users):
            return replace(self, users=tuple(user if each.name == user.name else each for each in self.users))
        return replace(self, users=(*self.users, user))

    def without_user(self, name: str) -> BrokerRecord:
        """Return the record without the user of a name."""
        return replace(self, users=tuple(each for each in self.users if each.name != name))

    def applied(self) -> BrokerRecord:
        """Return the record with every pending change applied, and the revision it replaces in the history."""
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
            engine_version=self.pending_engine_version or self.engine_version,
            pending_engine_version="",
        )
