"""A dry run: the steps of a scenario applied to the account of Amazon MQ alone, without a lab.

Finds the refusals that are certain before a run. The service's clock stands at a moment long past, so that every
moment a step gives is later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from lab.amazonmq.account import brokers as account_brokers
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import AppliedRevision, BrokerRecord
from lab.amazonmq.configurations.configuration import Configuration, read
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.sanitising import sanitise
from lab.base.dataclass import dataclass
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OnAccount
from lab.declare.topology import Topology
from lab.declare.unrolling import every_step, in_order
from lab.errors import InputError
from lab.plan.brokers import identity

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_ACCOUNTS = 16  # possible accounts that are followed; with more, no refusal is certain


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step in the dry run: the accounts that are possible after it, and its refusal, if certain and no story."""

    path: Keys
    step: OnAccount
    accounts: tuple[Account, ...]  # several if maintenance windows may have opened meanwhile
    refusal: InputError | None = None

    @property
    def account(self) -> Account:
        """Return the account in which every window that may have opened did."""
        return self.accounts[-1]


def opening_account(topology: Topology) -> Account:
    """Return the account that a lab opens with, as `whole_account` does; brokers for later are not created yet."""
    later = [name for name, broker in topology.brokers.items() if broker.later]
    return account_brokers.set_aside(whole_account(topology), later)


def whole_account(topology: Topology) -> Account:
    """Return the account with every broker; raise InputError if one is refused, or in no region.

    The checks of the topology report both.
    """
    account = Account(attended=_LONG_AGO)
    for name, broker in topology.brokers.items():
        if broker.region not in topology.regions:
            raise InputError.of(f"{name} is in no region of this topology")
        written = broker.configuration
        account = account_brokers.open_broker(
            account,
            identity(topology, name),
            _LONG_AGO,
            file="" if written is None else written.file,
            text=None if written is None else written.text,
        )
    return account


def moves(scenario: Scenario) -> Iterator[Move]:
    """Yield the steps that change the account, in their order; a refused step changes nothing.

    Once the clock has been moved, a window may open before any step; it is unknown which. So a refusal is certain only
    if the step is refused whether a window has opened or not.
    """
    possible: tuple[Account, ...] = (opening_account(scenario.topology),)
    may_open: set[str] = set()
    for path, step in in_order(scenario.steps):
        possible = _with_windows_opened(possible, may_open)
        if not isinstance(step, OnAccount):
            continue
        may_open |= set(step.opens_windows(scenario.topology.brokers))
        after: list[Account] = []
        refusals: list[InputError] = []
        for account in possible:
            if step.fails:  # it may be refused for what the dry run does not know
                after.append(account)
            try:
                after.append(step.decide(account, _LONG_AGO))
            except InputError as error:
                refusals.append(error)
                after.append(account)
        certain = len(refusals) == len(possible) < _MOST_ACCOUNTS and not step.fails
        possible = _different(after)
        yield Move(path=path, step=step, accounts=possible, refusal=refusals[0] if certain else None)


def connectors_by_broker(scenario: Scenario) -> dict[str, list[tuple[NetworkConnector, ...]]]:
    """Return the connectors of every configuration that each broker has, or has pending, at some time; each once."""
    return {broker: [each.connectors for each in its] for broker, its in configurations_by_broker(scenario).items()}


def configurations_by_broker(scenario: Scenario) -> dict[str, list[Configuration]]:
    """Return every configuration that each broker has, or has pending, at some time; none if a broker is refused."""
    found: dict[str, dict[AppliedRevision, Configuration]] = {}

    def add(account: Account, record: BrokerRecord) -> None:
        for applied in (record.current, record.pending):
            if applied is not None and applied not in found.setdefault(record.name, {}):
                text = account.configuration(applied.configuration).revision(applied.revision).text
                saved = sanitise(read(text.encode(), str(applied)), record.engine_version)
                found[record.name][applied] = saved.configuration

    try:
        first = whole_account(scenario.topology)
    except InputError:  # reported by the checks of the topology
        return {}
    for record in first.brokers:
        add(first, record)
    if changes_anything(scenario):
        for move in moves(scenario):
            for account in move.accounts:
                for record in account.brokers:
                    add(account, record)
    return {broker: list(each.values()) for broker, each in found.items()}


def changes_anything(scenario: Scenario) -> bool:
    """Return whether a scenario saves or applies a configuration."""
    return any(isinstance(step, OnAccount) and step.configures for step in every_step(scenario.steps))


def _with_windows_opened(possible: tuple[Account, ...], brokers: set[str]) -> tuple[Account, ...]:
    """Return the accounts, and those that follow if the windows of brokers open, one broker after the other."""
    from lab.declare.steps.service import Reboot  # here, since few scenarios have steps of its family

    found = list(possible)
    for name in sorted(brokers):
        for account in tuple(found):
            record = next((each for each in account.brokers if each.name == name), None)
            if record is not None and record.has_pending and record.state == "RUNNING":
                found.append(Reboot(broker=name).decide(account, _LONG_AGO))
        found = list(_different(found))
    return tuple(found)


def _different(accounts: Sequence[Account]) -> tuple[Account, ...]:
    """Return accounts, each once; of too many the last ones."""
    different = [each for place, each in enumerate(accounts) if each not in accounts[:place]]
    return tuple(different[-_MOST_ACCOUNTS:])
