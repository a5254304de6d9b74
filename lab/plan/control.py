"""A lab's control plane: the account of Amazon MQ and the network, in their current state."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import datetime, timedelta

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.brokers import open_broker, set_aside
from lab.amazonmq.configurations.default_configuration import FILE
from lab.base.dataclass import dataclass
from lab.network.vpc import Network
from lab.plan.values import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The control plane of a lab, a frozen value."""

    account: Account = field(default_factory=Account)
    network: Network = field(default_factory=Network)

    @property
    def present(self) -> Network:
        """Return the network with interfaces of hosts and existing brokers only: they come and go with their broker."""
        there = {each.name for each in self.account.brokers}
        return replace(
            self.network, interfaces=tuple(i for i in self.network.interfaces if i.broker in there or not i.broker)
        )


def opening_control(plan: Plan, at: datetime, *, ahead: timedelta = timedelta(0)) -> Control:
    """Return the control plane of a lab that has just opened: every broker runs, with its own configuration.

    `at` is the machine's time, and `ahead` how far the service's clock is ahead of it. Brokers that are created later
    have their password numbers already; their records are set aside. A plan always gives the same passwords the same
    numbers, whatever the time.
    """
    account = Account(ahead=ahead)
    account = replace(account, attended=account.now(at))
    for broker in plan.brokers:
        written = broker.configuration_file != FILE
        text = broker.configuration if written else None
        account = open_broker(account, broker.identity, account.now(at), file=broker.configuration_file, text=text)
        for its in plan.network.of_broker(broker.name)[:1]:
            record = account.broker(broker.name)
            account = account.with_broker(replace(record, public=its.public, security_groups=its.groups))
    later = [broker.name for broker in plan.brokers if broker.later]
    return Control(account=set_aside(account, later), network=plan.network)
