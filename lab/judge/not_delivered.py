"""The fates of messages that were accepted, expected and not delivered, as counts and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Self

from lab.base.dataclass import dataclass
from lab.judge.wording import listed

FATES = ("waiting", "dead_letters", "discarded", "expired", "lost", "unknown")
PLACED = FATES[:4]  # those of which it is known at which broker
MOST_PLACES = 3  # brokers that are named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDelivered:
    """Counts of messages that did not come, each counted once; where a broker is known, by broker."""

    waiting: Mapping[str, int] = field(default_factory=dict)  # a broker has them, in a queue or for a durable client
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    discarded: Mapping[str, int] = field(default_factory=dict)
    expired: Mapping[str, int] = field(default_factory=dict)
    lost: int = 0  # no broker has them
    unknown: int = 0  # the counters are missing, or do not tell

    @classmethod
    def together(cls, parts: Iterable[Self]) -> Self:
        """Return the sums of several."""
        placed: dict[str, dict[str, int]] = {name: {} for name in PLACED}
        lost = unknown = 0
        for part in parts:
            lost, unknown = lost + part.lost, unknown + part.unknown
            for name, at in placed.items():
                for broker, count in getattr(part, name).items():
                    at[broker] = at.get(broker, 0) + count
        return cls(**placed, lost=lost, unknown=unknown)

    def count(self, fate: str) -> int:
        """Return the number of messages of a fate, at all brokers."""
        its = getattr(self, fate)
        return its if isinstance(its, int) else sum(its.values())

    @property
    def total(self) -> int:
        """Return the number of all."""
        return sum(map(self.count, FATES))

    @property
    def fate(self) -> str:
        """Return the fate that all have; "unknown" if they differ, as it is not known which has which."""
        found = [fate for fate in FATES if self.count(fate)]
        return found[0] if len(found) == 1 else "unknown"

    def words(self, thousands: str = "") -> str:
        """Return the fates in words, such as "3 wait on tokyo and 1 was lost"; "" if there are no messages.

        `thousands` separates the thousands of a number.
        """
        found = [
            f"{count:{thousands}} {_VERBS[fate][count > 1]}{where}"
            for fate in PLACED
            for count, where in _places(getattr(self, fate))
        ]
        found += [f"{self.lost:{thousands}} {'were' if self.lost > 1 else 'was'} lost"] if self.lost else []
        if (count := self.unknown) > 0:
            found.append(f"of {count:{thousands}} no counter shows where {'they are' if count > 1 else 'it is'}")
        return listed(found) if found else ""

    def at(self, fate: str, thousands: str = "") -> str:
        """Return the count of a fate with its brokers, such as "3 on tokyo"; "0" if there are none."""
        return ", ".join(f"{count:{thousands}}{where}" for count, where in _places(getattr(self, fate))) or "0"


_VERBS = {  # of one, of several
    "waiting": ("waits", "wait"),
    "dead_letters": ("is a dead letter", "are dead letters"),
    "discarded": ("was discarded", "were discarded"),
    "expired": ("expired", "expired"),
}


def _places(at: Mapping[str, int]) -> list[tuple[int, str]]:
    """Return the count at each broker with the broker, in words; of many brokers the sum."""
    known = {broker: count for broker, count in at.items() if count}
    if len(known) > MOST_PLACES:
        return [(sum(known.values()), f" on {len(known)} brokers")]
    return [(count, f" on {broker}") for broker, count in known.items()]
