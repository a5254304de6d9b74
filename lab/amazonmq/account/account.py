"""An AWS account's Amazon MQ in a lab: configurations, brokers, and the service's clock.

A frozen value without passwords. The verbs that change it are functions in `configurations`, `brokers` and `users`:
each returns another Account, or raises InputError in the service's words.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lab.amazonmq.account.broker_record import BrokerRecord, BrokerState
from lab.amazonmq.account.refusals import bad_request, not_found
from lab.amazonmq.account.revisions import SavedConfiguration
from lab.base.dataclass import dataclass

_BEGUN = {
    BrokerState.REBOOT_IN_PROGRESS: "reboot",
    BrokerState.CREATION_IN_PROGRESS: "creation",
    BrokerState.DELETION_IN_PROGRESS: "deletion",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Configurations and brokers, each in the order of their creation."""

    configurations: tuple[SavedConfiguration, ...] = ()
    brokers: tuple[BrokerRecord, ...] = ()
    later: tuple[tuple[BrokerRecord, SavedConfiguration], ...] = ()  # declared, and not created yet
    passwords: int = 0  # how many were ever set; a password is known by its number, from 1
    ahead: timedelta = timedelta(0)  # how far the service's clock is ahead of the machine's
    attended: datetime | None = None  # maintenance windows that opened until then are dealt with

    def now(self, machine: datetime) -> datetime:
        """Return the service's time in UTC, given the machine's."""
        return machine.astimezone(UTC) + self.ahead

    def configuration(self, name: str) -> SavedConfiguration:
        """Return the configuration of a name or an id; raise InputError if there is none."""
        for each in self.configurations:
            if name in (each.name, each.id):
                return each
        names = (each.name for each in self.configurations)
        raise not_found("configuration", name, names, "configurations")

    def broker(self, name: str) -> BrokerRecord:
        """Return the broker of a name or an id; raise InputError if there is none."""
        for each in self.brokers:
            if name in (each.name, each.broker_id):
                return each
        raise not_found("broker", name, (each.name for each in self.brokers), "brokers")

    def with_configuration(self, configuration: SavedConfiguration) -> Account:
        """Return the account with a configuration added, or in the place of the one of its name."""
        kept = self.configurations
        if any(each.name == configuration.name for each in kept):
            put = tuple(configuration if each.name == configuration.name else each for each in kept)
            return replace(self, configurations=put)
        return replace(self, configurations=(*kept, configuration))

    def with_broker(self, record: BrokerRecord) -> Account:
        """Return the account with a broker added, or in the place of the one of its name."""
        kept = self.brokers
        if any(each.name == record.name for each in kept):
            return replace(self, brokers=tuple(record if each.name == record.name else each for each in kept))
        return replace(self, brokers=(*kept, record))


def move_clock(account: Account, to: datetime, machine: datetime) -> Account:
    """Return the account with the service's clock set to a later moment; raise InputError if it is earlier.

    The clock never goes back, since revisions and windows already have their times.
    """
    now = account.now(machine)
    if to < now:
        raise bad_request(
            f"the service's clock is at {clock_text(now)} and cannot go back to {clock_text(to)}",
            "give a later moment",
        )
    return replace(account, ahead=account.ahead + (to - now))


def open_windows(account: Account, machine: datetime) -> tuple[Account, tuple[str, ...]]:
    """Open the maintenance windows whose time has come; return the account after that, and the brokers to reboot.

    A window opens once: a change that is pending only later waits for the next one. Each of these brokers is `due`
    until its reboot begins, so that a process interrupted between two reboots loses none.
    """
    now = account.now(machine)
    since = account.attended
    opened = [
        each.name
        for each in account.brokers
        if since is not None and each.window.opens_after(since) <= now and each.has_pending and each.state == "RUNNING"
    ]
    marked = (replace(each, due=each.has_pending and (each.due or each.name in opened)) for each in account.brokers)
    return replace(account, attended=now, brokers=tuple(marked)), tuple(opened)


def due_brokers(account: Account) -> tuple[str, ...]:
    """Return the brokers whose maintenance window has opened and whose reboot has not begun."""
    return tuple(each.name for each in account.brokers if each.due and each.state == "RUNNING")


def unfinished(account: Account) -> tuple[tuple[str, str], ...]:
    """Return ("reboot", "creation" or "deletion", broker) for each that has begun and not ended."""
    return tuple((_BEGUN[each.state], each.name) for each in account.brokers if each.state in _BEGUN)


def next_opening(account: Account, machine: datetime) -> datetime | None:
    """Return the service's time at which the next window with a pending change opens, or None."""
    since = account.attended or account.now(machine)
    return min((each.window.opens_after(since) for each in account.brokers if each.has_pending), default=None)


def clock_text(moment: datetime) -> str:
    """Return a moment of the service's clock as text, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
