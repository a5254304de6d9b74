"""The secrets of a lab's brokers, made with the lab or a broker: certificates, key stores, passwords, vaults."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address

from pydantic import SecretStr

from lab.amazonmq.files.broker_files import KEY_STORE, TRUST_STORE, BrokerFile, BrokerSecrets, broker_files
from lab.amazonmq.files.certificates import LabAuthority
from lab.amazonmq.files.vault import Vault
from lab.emulation.network.published_at import LOOPBACK
from lab.plan.control import Control
from lab.plan.values import BrokerPlan
from lab.runtime.runtime import Passwords


class Credentials:
    """The secrets of one lab."""

    def __init__(
        self,
        passwords: Passwords,
        others: Iterable[str],
        control: Control,
        now: datetime,
        host: str = LOOPBACK,
        authority: LabAuthority | None = None,
    ) -> None:
        self.authority, self._host = authority or LabAuthority.create(now), host
        self._secrets = {broker: _secrets(of_users) for broker, of_users in passwords.items()}
        records = (*control.account.brokers, *(record for record, _ in control.account.later))
        self.vaults = {
            each.name: Vault.of(self._secrets[each.name], each.passwords, others)
            for each in records
            if each.name in self._secrets
        }

    def management(self, broker: str) -> str:
        """Return the password of a broker's management port."""
        return self._secrets[broker].jolokia

    def files(self, broker: BrokerPlan, used: Sequence[str]) -> tuple[BrokerFile, ...]:
        """Return the files that a broker starts from.

        Its certificate has its declared and its `used` addresses, and the host that clients reach its ports at.
        """
        own = self._secrets[broker.name]
        names, addresses = certified(broker, used, self._host)
        return (
            *broker_files(broker.activemq_xml, broker.identity.users, own),
            self.vaults[broker.name].file,
            BrokerFile(path=KEY_STORE, content=self.authority.issue(names, addresses, own.key_store), secret=True),
            BrokerFile(path=TRUST_STORE, content=self.authority.trust_store(own.key_store), secret=True),
        )


def certified(broker: BrokerPlan, used: Sequence[str], host: str) -> tuple[list[str], list[IPv4Address]]:
    """Return the names and the addresses in a broker's certificate; `host` is one of them, whichever it is."""
    names = [name for its in broker.instances for name in (its.host_name, its.name)]
    addresses = [*(its.address for its in broker.instances), *map(IPv4Address, used)]
    try:
        return names, [*addresses, IPv4Address(host)]
    except AddressValueError:
        return [*names, host], addresses


def _secrets(passwords: Mapping[str, SecretStr]) -> BrokerSecrets:
    return BrokerSecrets(
        users={user: password.get_secret_value() for user, password in passwords.items()},
        key_store=secrets.token_urlsafe(18),
        console=secrets.token_urlsafe(18),
        jolokia=secrets.token_urlsafe(18),
    )
