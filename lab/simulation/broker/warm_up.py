"""The extra time of a process for its first messages, while its code is not compiled yet.

The first n together took about √n longer than later ones: this was measured with bursts of 300 to brokers which had
just started, and again when these had had 300 and 600. It was 1 × 3.8 ms · √n for messages of topics and those that are
not persistent, 3 × for persistent ones of queues, and 6 × for such that came over a bridge, while `first` was 0.17 s.
"""

from __future__ import annotations

from math import sqrt

from lab.simulation.broker.message import Message

_MESSAGES = 300  # the second burst of as many took hardly longer than the third
_SHARE = 45  # of `first`, which is the same for a connection: code that is met for the first time
_PERSISTENT, _FORWARDED = 3, 6


def warm_up(first: int) -> list[int]:
    """Return how much longer each of a process's first messages takes at least, in ns, the first one last."""
    return [round(first / _SHARE * (sqrt(n) - sqrt(n - 1))) for n in range(_MESSAGES, 0, -1)] if first else []


def times(message: Message, *, network: bool) -> int:
    """Return the factor of this extra time for a message of a client, or of a bridge."""
    if not message.persistent or not message.destination.startswith("queue://"):
        return 1
    return _FORWARDED if network else _PERSISTENT
