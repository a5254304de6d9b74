"""An account of two brokers, as the tests of the service's verbs need it."""

from __future__ import annotations

from datetime import UTC, datetime

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.brokers import broker_created, create_broker
from lab.amazonmq.configurations.configuration import NAMESPACE
from lab.amazonmq.identity import UserIdentity

NOON = datetime(2019, 12, 1, 12, 0, tzinfo=UTC)  # a Sunday
TEXT = f'<broker xmlns="{NAMESPACE}" useVirtualTopics="true" brokerName="x">\n</broker>\n'


def account() -> Account:
    found = Account(attended=NOON)
    for name, text in (("tokyo", TEXT), ("singapore", None)):
        found = create_broker(
            found,
            name=name,
            broker_id=f"b-{name}",
            engine_version="5.18",
            users=[UserIdentity(name="testuser", groups=("users",), console_access=True)],
            at=NOON,
            file=f"{name}.xml",
            text=text,
        )
        found = broker_created(found, name)
    return found
