"""The end of a creation, a reboot or a deletion of a broker in an account that has records alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.amazonmq.account import brokers
from lab.amazonmq.account.account import Account, unfinished
from lab.amazonmq.account.broker_record import BrokerState
from lab.extras.api.records import Records
from lab.plan.control import Control


def in_progress(account: Account) -> Iterator[str]:
    """Yield the ids of the brokers whose creation, reboot or deletion has begun and not ended."""
    yield from (account.broker(name).broker_id for _, name in unfinished(account))


def finished(control: Control, records: Records, broker_id: str) -> tuple[Control, Records]:
    """Return both with the broker's creation, reboot or deletion ended."""
    account, network, facts = control.account, control.network, records.mq.brokers[broker_id]
    record = account.broker(broker_id)
    if record.state is BrokerState.CREATION_IN_PROGRESS:
        return replace(control, account=brokers.broker_created(account, record.name)), records
    if record.state is BrokerState.DELETION_IN_PROGRESS:
        kept = tuple(interface for interface in network.interfaces if interface.broker != record.name)
        left = {key: each for key, each in records.mq.brokers.items() if key != broker_id}
        tags = {arn: its for arn, its in records.mq.tags.items() if arn != facts.arn}
        after = replace(
            control, account=brokers.broker_deleted(account, record.name), network=replace(network, interfaces=kept)
        )
        return after, replace(records, mq=replace(records.mq, brokers=left, tags=tags))
    account = brokers.applied(account, record.name)
    record = account.broker(record.name)
    account = brokers.finish_reboot(account, record.name)
    grouped = tuple(
        replace(interface, groups=record.security_groups) if interface.broker == record.name else interface
        for interface in network.interfaces
    )
    known = {**records.mq.brokers, broker_id: facts.applied()}
    after = replace(control, account=account, network=replace(network, interfaces=grouped))
    return after, replace(records, mq=replace(records.mq, brokers=known))
