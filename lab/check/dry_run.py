"""A scenario's steps done to the service's account alone, without a lab: what it would refuse, and what comes of it.

Only what is certain before a run: the service's clock stands at a moment long past, so that a later one may be given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lab.amazonmq.account import brokers as account_brokers
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import AppliedRevision, BrokerRecord
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.sanitising import sanitise
from lab.declare.origin import Keys
from lab.declare.scenario import Scenario
from lab.declare.steps.move_clock import MoveClock
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.service import OfService
from lab.declare.steps.update_broker import UpdateBroker
from lab.declare.steps.update_configuration import UpdateConfiguration
from lab.declare.topology import Topology
from lab.declare.unrolling import every_step, in_time
from lab.errors import InputError
from lab.plan.brokers import identity

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


_MOST_WORLDS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step that the service is asked to do: the accounts there may be after it, or why each would refuse it."""

    path: Keys
    step: OfService | Reboot
    accounts: tuple[Account, ...]  # more than one where windows may have opened meanwhile, or not
    refusal: InputError | None = None

    @property
    def account(self) -> Account:
        """Return the one in which every window that may have opened did."""
        return self.accounts[-1]


def opening(topology: Topology) -> Account:
    """Return the account that a topology's lab opens with; InputError where some broker cannot be."""
    account = Account(attended=_LONG_AGO)
    for name, broker in topology.brokers.items():
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
    """Do the steps in their order; what was refused changes nothing for those after it.

    Once the clock has been moved, a window may open before any step: nobody knows which one, so a step is refused for
    certain only where it is whether a window has opened or not.
    """
    worlds: tuple[Account, ...] = (opening(scenario.topology),)
    may_open: set[str] = set()
    for path, step in in_time(scenario.steps):
        worlds = _opened_or_not(worlds, may_open)
        if isinstance(step, MoveClock):
            may_open |= set(scenario.topology.brokers) if step.before is None else {step.before}
        if not isinstance(step, OfService | Reboot):
            continue
        after: list[Account] = []
        refusals: list[InputError] = []
        for account in worlds:
            try:
                after.append(step.decide(account, _LONG_AGO))
            except InputError as error:
                refusals.append(error)
                after.append(account)
        certain = len(refusals) == len(worlds) < _MOST_WORLDS
        worlds = tuple(after)
        yield Move(path=path, step=step, accounts=worlds, refusal=refusals[0] if certain else None)


def texts(scenario: Scenario) -> dict[str, list[tuple[NetworkConnector, ...]]]:
    """Return, for each broker, the connectors of every configuration that it has or that waits for it, once each."""
    found: dict[str, dict[AppliedRevision, tuple[NetworkConnector, ...]]] = {}

    def take(account: Account, record: BrokerRecord) -> None:
        for applied in (record.current, record.pending):
            if applied is not None and applied not in found.setdefault(record.name, {}):
                text = account.configuration(applied.configuration).revision(applied.revision).text
                saved = sanitise(read(text.encode(), str(applied)), record.engine_version)
                found[record.name][applied] = saved.configuration.connectors

    try:
        first = opening(scenario.topology)
    except InputError:  # said by the checks of the topology
        return {}
    for record in first.brokers:
        take(first, record)
    if changes_anything(scenario):
        for move in moves(scenario):
            for account in move.accounts:
                for record in account.brokers:
                    take(account, record)
    return {broker: list(each.values()) for broker, each in found.items()}


def changes_anything(scenario: Scenario) -> bool:
    """Return whether a scenario saves or applies anything."""
    return any(isinstance(step, UpdateConfiguration | UpdateBroker) for step in every_step(scenario.steps))


def _opened_or_not(worlds: tuple[Account, ...], brokers: set[str]) -> tuple[Account, ...]:
    """Return each account, and what it is once the windows of brokers have opened, one broker after the other."""
    found = list(worlds)
    for name in sorted(brokers):
        for account in tuple(found):
            record = next((each for each in account.brokers if each.name == name), None)
            if record is not None and record.has_pending and record.state == "RUNNING":
                found.append(Reboot(broker=name).decide(account, _LONG_AGO))
        different = [each for place, each in enumerate(found) if each not in found[:place]]
        found = different[-_MOST_WORLDS:]  # of more, nobody says any more what is certain
    return tuple(found)
