"""The observations of observers in a history as lines without moments, ids and chance, each with how often it is there.

`python -m tests.simulation.observed_lines HISTORY NAME` keeps those of real brokers in measured/observed/NAME.txt.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lab.history import (
    ConnectionSeen,
    ConsumerSeen,
    Header,
    MessageSeen,
    Observation,
    ObserverChanged,
    TransactionEnded,
    observations,
)

KEPT = Path(__file__).parent / "measured" / "observed"
_CHANCE = re.compile(r"ID:\S+|(?<=Expiration:)[0-9]+")
_FLAGS = ("network", "persistent", "retain", "automatic", "browser")


def lines(history: Path) -> list[str]:
    """Return the lines of a history, sorted, each after its number."""
    header, *seen = observations(history)
    assert isinstance(header, Header)
    # How an AMQP client encodes its message decides the size, and a simulation does not encode.
    encoded = {each.message for each in seen if isinstance(each, MessageSeen) and each.over == "amqp"}
    found = Counter(line.replace(f"mqlab-{header.run}-", "") for each in seen for line in _line(each, encoded))
    return [f"{number} {line}" for line, number in sorted(found.items())]


def _line(seen: Observation, encoded: set[str]) -> Iterator[str]:
    match seen:
        case ObserverChanged():
            yield _joined("observer", seen.state, seen.broker)
        case ConnectionSeen():
            address = re.sub(r"[0-9.]+:[0-9]+$|#[0-9]+$", "", seen.address)  # without its host and number
            yield _joined("connection", seen.state, seen.broker, seen.client_id, seen.user, seen.over, address)
        case ConsumerSeen():
            parts = (seen.broker, seen.destination, seen.client_id, seen.over, seen.selector, seen.durable)
            yield _joined("consumer", seen.state, *parts, *_flags(seen), _CHANCE.sub("…", seen.error))
        case MessageSeen():
            size = "" if seen.bytes is None or seen.message in encoded else f"{seen.bytes} bytes"
            life = "" if seen.lifetime is None else f"{seen.lifetime:.1f} s"
            again = f"redelivered {seen.redelivered}" if seen.redelivered else ""
            parts = (
                seen.broker,
                seen.destination,
                seen.original and f"from {seen.original}",
                seen.client_id,
                seen.over,
            )
            yield _joined("message", seen.event, *parts, *_flags(seen), size, life, again, _CHANCE.sub("…", seen.why))
        case TransactionEnded():
            yield _joined("transaction", seen.broker, f"committed {seen.committed}")


def _flags(seen: Observation) -> list[str]:
    return [name for name in _FLAGS if getattr(seen, name, False)]


def _joined(*parts: str) -> str:
    return " | ".join(part for part in parts if part)


if __name__ == "__main__":
    (KEPT / f"{sys.argv[2]}.txt").write_text("".join(f"{line}\n" for line in lines(Path(sys.argv[1]))), "utf-8")
