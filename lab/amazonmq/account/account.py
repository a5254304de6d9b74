"""All that one AWS account holds of Amazon MQ in a lab: configurations, brokers, and the service's clock.

A frozen value. The verbs that change it are functions beside it: `account_configurations`, `account_brokers`,
`account_users`; each gives another Account, or refuses with InputError in the service's words. No password is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from lab.amazonmq.account.broker_record import BrokerRecord, BrokerState
from lab.amazonmq.account.refusals import bad_request, not_found
from lab.amazonmq.account.revisions import SavedConfiguration

_BEGUN = {
    BrokerState.REBOOT_IN_PROGRESS: "reboot",
    BrokerState.CREATION_IN_PROGRESS: "creation",
    BrokerState.DELETION_IN_PROGRESS: "deletion",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Configurations and brokers, each in the order they came to be."""

    configurations: tuple[SavedConfiguration, ...] = ()
    brokers: tuple[BrokerRecord, ...] = ()
    passwords: int = 0  # how many were ever set; the next one gets the next number
    ahead: timedelta = timedelta(0)  # of the service's clock, before the machine's
    attended: datetime | None = None  # maintenance windows that opened until then have been attended to

    def now(self, machine: datetime) -> datetime:
        """Return the service's time, from the machine's."""
        return machine.astimezone(UTC) + self.ahead

    def configuration(self, name: str) -> SavedConfiguration:
        """Return one configuration, by its name or its id; refused where there is none."""
        for each in self.configurations:
            if name in (each.name, each.id):
                return each
        names = (each.name for each in self.configurations)
        raise not_found("configuration", name, names, "configurations")

    def broker(self, name: str) -> BrokerRecord:
        """Return one broker, by its name or its id; refused where there is none."""
        for each in self.brokers:
            if name in (each.name, each.broker_id):
                return each
        raise not_found("broker", name, (each.name for each in self.brokers), "brokers")

    def with_configuration(self, configuration: SavedConfiguration) -> Account:
        """Return the account with a configuration more, or another value of the one of its name."""
        kept = self.configurations
        if any(each.name == configuration.name for each in kept):
            put = tuple(configuration if each.name == configuration.name else each for each in kept)
            return replace(self, configurations=put)
        return replace(self, configurations=(*kept, configuration))

    def with_broker(self, record: BrokerRecord) -> Account:
        """Return the account with a broker more, or another record of the one of its name."""
        kept = self.brokers
        if any(each.name == record.name for each in kept):
            return replace(self, brokers=tuple(record if each.name == record.name else each for each in kept))
        return replace(self, brokers=(*kept, record))


def move_clock(account: Account, to: datetime, machine: datetime) -> Account:
    """Set the service's clock forward; it never goes back, since revisions and windows already have their times."""
    now = account.now(machine)
    if to < now:
        raise bad_request(
            f"the service's clock is at {clock_text(now)} and cannot go back to {clock_text(to)}",
            "give a later moment",
        )
    return replace(account, ahead=account.ahead + (to - now))


def open_windows(account: Account, machine: datetime) -> tuple[Account, tuple[str, ...]]:
    """Return the brokers whose maintenance window has opened and finds something pending, and the account after that.

    A window is attended to once. What came to be pending after it opened waits for the next one. Each of these brokers
    is `due` until its reboot begins, so that whoever is interrupted between two of them has lost none.
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
    """Return the brokers whose maintenance window has opened and whose reboot nobody has begun yet."""
    return tuple(each.name for each in account.brokers if each.due and each.state == "RUNNING")


def unfinished(account: Account) -> tuple[tuple[str, str], ...]:
    """Return what was begun of a broker and has not ended, `reboot`, `creation` or `deletion`, and of which."""
    return tuple((_BEGUN[each.state], each.name) for each in account.brokers if each.state in _BEGUN)


def next_opening(account: Account, machine: datetime) -> datetime | None:
    """Return the service's moment of the next window that has something to apply, or None."""
    since = account.attended or account.now(machine)
    return min((each.window.opens_after(since) for each in account.brokers if each.has_pending), default=None)


def clock_text(moment: datetime) -> str:
    """Write a moment of the service's clock."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
