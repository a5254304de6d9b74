"""The passwords of a simulated lab's brokers: pending ones too, by number, as the service's records have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import SecretStr

from lab.amazonmq.account.broker_record import BrokerRecord
from lab.amazonmq.files.broker_files import BrokerSecrets
from lab.amazonmq.files.vault import Vault
from lab.base.masking import Mask
from lab.plan.control import Control
from lab.runtime.runtime import Passwords as Given


class Passwords:
    """The vault of each broker, in memory."""

    def __init__(self, passwords: Given, others: Iterable[str], control: Control) -> None:
        records = (*control.account.brokers, *(record for record, _ in control.account.later))
        self._others = tuple(sorted(others))
        self._vaults = {each.name: Vault.of(_secrets(passwords[each.name]), each.passwords) for each in records}

    def add(self, record: BrokerRecord, passwords: Mapping[str, SecretStr]) -> None:
        """Add the vault of a broker that is new in the lab."""
        self._vaults[record.name] = Vault.of(_secrets(passwords), record.passwords)

    def of(self, broker: str) -> Mapping[str, str]:
        """Return the passwords of the users that a broker's next process knows."""
        return self._vaults[broker].secrets.users

    def password(self, broker: str, user: str) -> str:
        """Return the password with which a client logs in."""
        return self._vaults[broker].password(user)

    def keep(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Keep the password that was set last for a user, under a number."""
        self._vaults[broker] = self._vaults[broker].with_password(user, number, password.get_secret_value())

    def apply(self, broker: str, numbers: Mapping[str, int]) -> None:
        """Have the next process of a broker know the passwords with these numbers, by user."""
        self._vaults[broker] = self._vaults[broker].with_current(numbers)

    def mask(self) -> Mask:
        """Return the mask of all passwords."""
        known = (password for vault in self._vaults.values() for password in vault.passwords.values())
        return Mask.of([*known, *self._others])


def _secrets(passwords: Mapping[str, SecretStr]) -> BrokerSecrets:
    """Return a broker's secrets; it has no key store and no console."""
    users = {user: password.get_secret_value() for user, password in passwords.items()}
    return BrokerSecrets(users=users, key_store="", console="", jolokia="")
