"""How well two regions talk: the impairment of each direction of a link, and whether it is open at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from lab import units

NOTHING = timedelta(0)


class Distribution(StrEnum):
    """How jitter spreads around the delay."""

    NORMAL = "normal"
    UNIFORM = "uniform"


class LinkState(StrEnum):
    """Open passes packets, cut drops them silently, reject answers as a closed port would."""

    OPEN = "open"
    CUT = "cut"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """What the router does to packets crossing a link in one direction; always set as a whole, never added up."""

    delay: timedelta = NOTHING  # one way
    jitter: timedelta = NOTHING  # standard deviation (normal) or half width (uniform)
    distribution: Distribution = Distribution.NORMAL
    correlation: float = 0.0  # of one packet's jitter with the one before, 0 to 1
    loss: float = 0.0  # chance of a packet to be lost, 0 to 1
    rate: int | None = None  # bits per second on the wire
    queue_bytes: int | None = None  # drop-tail limits of what waits for its turn
    queue_packets: int | None = None

    def __str__(self) -> str:
        """Say it in the words of a scenario file."""
        words = [f"delay {units.format_duration(self.delay)}"]
        if self.jitter:
            words.append(f"jitter {units.format_duration(self.jitter)} ({self.distribution})")
        if self.correlation:
            words.append(f"correlation {units.format_percent(self.correlation)}")
        if self.loss:
            words.append(f"loss {units.format_percent(self.loss)}")
        if self.rate is not None:
            words.append(f"rate {units.format_rate(self.rate)}")
        if self.queue_bytes is not None:
            words.append(f"queue {units.format_size(self.queue_bytes)}")
        if self.queue_packets is not None:
            words.append(f"queue {self.queue_packets} packets")
        return ", ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One way along a link: from the region it leaves to the region it reaches."""

    leaving: str
    reaching: str
    impairment: Impairment = field(default_factory=Impairment)
    state: LinkState = LinkState.OPEN
