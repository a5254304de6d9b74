"""The text of a broker's record, for the commands that print it."""

from __future__ import annotations

from lab.amazonmq.account.account_json import pending_changes
from lab.amazonmq.account.broker_record import BrokerRecord


def lines(record: BrokerRecord) -> list[str]:
    """Return the service's record of a broker as a few lines of text."""
    found = [f"{record.name}: {record.state}, {record.current}"]
    if record.pending is not None:
        found.append(f"  pending: {record.pending}, until a reboot")
    if record.pending_security_groups is not None:
        found.append(f"  pending security groups: {', '.join(record.pending_security_groups) or 'none'}")
    found += [f"  pending user: {user}, {change}" for user, change in pending_changes(record).items()]
    return found
