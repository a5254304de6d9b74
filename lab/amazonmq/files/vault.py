"""The passwords of one broker, those of users who still wait for a reboot too: a file that only the broker can read.

The account knows a password by its number; the file has the passwords by these numbers, and the lab's own secrets. It
lies in the broker's container, so that whoever looks after the lab later finds it there, and it goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lab.amazonmq.files.activemq_xml import FOLDER
from lab.amazonmq.files.broker_files import STRANGER_PASSWORD, BrokerFile, BrokerSecrets
from lab.errors import HostError

VAULT = f"{FOLDER}/passwords.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """What the file holds."""

    own: Mapping[str, str] = field(repr=False)  # key_store, console, jolokia
    passwords: Mapping[int, str] = field(repr=False)  # by number
    current: Mapping[str, int]  # user → number, of those whom the broker knows
    latest: Mapping[str, int]  # user → number, of all

    @classmethod
    def of(cls, secrets: BrokerSecrets, numbers: Mapping[str, int]) -> Vault:
        """Begin with the users that a broker has from its beginning."""
        return cls(
            own={"key_store": secrets.key_store, "console": secrets.console, "jolokia": secrets.jolokia},
            passwords={number: secrets.users[user] for user, number in numbers.items()},
            current=dict(numbers),
            latest=dict(numbers),
        )

    def with_password(self, user: str, number: int, password: str) -> Vault:
        """Return a vault with one password more."""
        return replace(self, passwords={**self.passwords, number: password}, latest={**self.latest, user: number})

    def with_current(self, numbers: Mapping[str, int]) -> Vault:
        """Return a vault in which these are the users whom the broker knows; what a user had before is forgotten.

        Of a deleted user the last one stays, for as long as the lab lives: a client still tries it.
        """
        latest = {**self.latest, **numbers}
        wanted = set(latest.values())
        kept = {number: password for number, password in self.passwords.items() if number in wanted}
        return replace(self, passwords=kept, current=dict(numbers), latest=latest)

    def password(self, user: str) -> str:
        """Return what a client logs in with: what the broker knows, else what was last asked for."""
        return self.passwords.get(self.current.get(user, self.latest.get(user, 0)), STRANGER_PASSWORD)

    @property
    def secrets(self) -> BrokerSecrets:
        """Return the secrets that the broker's files are made of."""
        return BrokerSecrets(users={user: self.passwords[number] for user, number in self.current.items()}, **self.own)

    @property
    def file(self) -> BrokerFile:
        """Return the file."""
        found = {
            "own": self.own,
            "passwords": {str(number): password for number, password in self.passwords.items()},
            "current": self.current,
            "latest": self.latest,
        }
        return BrokerFile(path=VAULT, content=json.dumps(found).encode(), secret=True)

    @classmethod
    def read(cls, content: bytes) -> Vault:
        """Read the file's content."""
        try:
            found = json.loads(content)
            return cls(
                own=found["own"],
                passwords={int(number): password for number, password in found["passwords"].items()},
                current=found["current"],
                latest=found["latest"],
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            # from None: the error that was might quote what it could not read.
            raise HostError(f"the broker's {VAULT} cannot be read", "was this lab opened by another mqlab?") from None
