"""The vault of one broker: a file with its users' passwords, pending ones too, that only the broker can read.

The account knows a password by its number; the file maps numbers to passwords and holds the lab's own secrets. It is in
the broker's container, so a later process that operates the lab finds it there, and it is removed with the container.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from lab.amazonmq.files.activemq_xml import FOLDER
from lab.amazonmq.files.broker_files import STRANGER_PASSWORD, BrokerFile, BrokerSecrets
from lab.base.dataclass import dataclass
from lab.errors import HostError

VAULT = f"{FOLDER}/passwords.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The content of the file."""

    own: Mapping[str, str] = field(repr=False)  # key_store, console, jolokia
    passwords: Mapping[int, str] = field(repr=False)  # by number
    current: Mapping[str, int]  # user → number, of the users that the running broker knows
    latest: Mapping[str, int]  # user → number last set, deleted users too
    others: tuple[str, ...] = field(default=(), repr=False)  # nobody's here, and masked all the same

    @classmethod
    def of(cls, secrets: BrokerSecrets, numbers: Mapping[str, int], others: Iterable[str] = ()) -> Vault:
        """Return the vault of a new broker; `numbers` maps its users to their passwords' numbers.

        `others` are all passwords in the scenario's files.
        """
        return cls(
            own={"key_store": secrets.key_store, "console": secrets.console, "jolokia": secrets.jolokia},
            passwords={number: secrets.users[user] for user, number in numbers.items()},
            current=dict(numbers),
            latest=dict(numbers),
            others=tuple(sorted(others)),
        )

    def with_password(self, user: str, number: int, password: str) -> Vault:
        """Return a vault with the password that was set last for a user."""
        return replace(self, passwords={**self.passwords, number: password}, latest={**self.latest, user: number})

    def with_current(self, numbers: Mapping[str, int]) -> Vault:
        """Return a vault whose current users are those of `numbers` (user → number); older passwords are only masked.

        The last password of a deleted user stays for as long as the lab does: a client still tries to log in with it.
        """
        latest = {**self.latest, **numbers}
        wanted = set(latest.values())
        kept = {number: password for number, password in self.passwords.items() if number in wanted}
        others = {*self.others, *(set(self.passwords.values()) - set(kept.values()))}  # they are in logs still
        return replace(self, passwords=kept, current=dict(numbers), latest=latest, others=tuple(sorted(others)))

    def password(self, user: str) -> str:
        """Return the password with which a client logs in: the one in the broker's files, else the last one set."""
        return self.passwords.get(self.current.get(user, self.latest.get(user, 0)), STRANGER_PASSWORD)

    @property
    def all(self) -> tuple[str, ...]:
        """Return every password in the file: of users, of the lab's own, and others."""
        return (*self.own.values(), *self.passwords.values(), *self.others)

    @property
    def secrets(self) -> BrokerSecrets:
        """Return the secrets that go into the broker's files."""
        return BrokerSecrets(users={user: self.passwords[number] for user, number in self.current.items()}, **self.own)

    @property
    def file(self) -> BrokerFile:
        """Return the vault as a file of the broker."""
        found = {
            "own": self.own,
            "passwords": {str(number): password for number, password in self.passwords.items()},
            "current": self.current,
            "latest": self.latest,
            "others": self.others,
        }
        return BrokerFile(path=VAULT, content=json.dumps(found).encode(), secret=True)

    @classmethod
    def read(cls, content: bytes) -> Vault:
        """Return the vault in a file's content; raise HostError if it is not one."""
        try:
            found = json.loads(content)
            return cls(
                own=found["own"],
                passwords={int(number): password for number, password in found["passwords"].items()},
                current=found["current"],
                latest=found["latest"],
                others=tuple(found.get("others", ())),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            # from None: the cause might quote the secrets it could not read.
            raise HostError(
                f"the broker's {VAULT} cannot be read", "use the mqlab that opened this lab, or open the lab again"
            ) from None
