"""What judging gives: the Report and its parts, plain values without a word about how they are shown.

Times are milliseconds, delays are one way. `lab.report` writes and draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Self


class Outcome(StrEnum):
    """What became of an expectation."""

    HELD = "held"
    BROKEN = "broken"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, held: bool) -> Self:
        """Return whether something that can be told held."""
        return cls.HELD if held else cls.BROKEN


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the worst outcome: broken before unknown before held; held when there is none."""
    for outcome in (Outcome.BROKEN, Outcome.UNKNOWN):
        if outcome in outcomes:
            return outcome
    return Outcome.HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One expectation, what became of it, and why."""

    expectation: str  # one line, as a person writes it
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """How long messages took, from send to first receipt; by nearest rank, so each is a time that was measured."""

    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, ordered: Sequence[float]) -> Self | None:
        """Take the percentiles of values in ascending order; None of none."""
        if not ordered:
            return None
        p50, p95, p99 = (ordered[ceil(len(ordered) * p / 100) - 1] for p in (50, 95, 99))
        return cls(p50=p50, p95=p95, p99=p99, max=ordered[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much of a shared queue one subscriber received."""

    subscriber: str
    broker: str
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one topic subscriber, or all subscribers of one queue together, should have received and did.

    expected = received + lost; and receipts in all = received + recovered + duplicated + unexpected.
    """

    subscriber: str
    broker: str
    destination: str
    expected: int
    received: int
    lost: int
    duplicated: int  # receipts beyond a message's first
    unexpected: int
    recovered: int
    undecided: int  # sends without a receipt of acceptance that never arrived
    reordered: int
    redelivered: int  # receipts beyond a message's first that are no fault of a broker's
    returned: int  # receipts that were given back without an acknowledgement, and count no more
    waiting: int  # kept at a broker for a durable subscriber that never came back
    expired: int  # over before anyone listened
    unsure: int  # never arrived, and nobody can tell whether they were owed
    late: int  # by the shortest `within` of the expectations that cover it
    latency: Percentiles | None
    shares: tuple[Share, ...] = ()  # of a queue with several subscribers


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What went from one broker's publishers to another's subscribers (or its own)."""

    source: str
    target: str
    received: int
    expected: int | None  # None where several brokers share a queue: nobody is owed a particular message


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """One direction of a link: what it was asked and what it did."""

    leaving: str
    reaching: str
    configured_delay: float
    measured_p50: float | None
    measured_p99: float | None
    packets: int
    dropped: Mapping[str, int] = field(default_factory=dict)  # by cause


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeReport:
    """One end of a bridge as it was last seen."""

    connector: str
    broker: str
    remote: str
    remote_address: str
    created_by_duplex: bool
    up: bool
    enqueued: int
    dequeued: int
    received: int
    duplex: bool = False  # whether the configuration asks for it, wherever that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What both witnesses, the clients and the brokers, say of one destination's way from a broker to another.

    `arrived`, `missing` and `lost` are None where a message that crossed need not have reached a client.
    """

    destination: str
    source: str
    target: str
    accepted: int  # the clients: sends that the source gave a receipt for
    at_most: int  # the clients: those and the ones without a receipt
    enqueued: int  # the source's counter, without what the target had forwarded to it
    arrived: int | None  # the clients: reached a subscriber of the target's
    missing: int | None  # the clients: of those accepted, what reached no subscriber of the target's
    waiting: int  # the target's counter: in its queue
    forwarded: int  # the source's counter
    back: int  # the target's counter: what it forwarded to the source
    taken: int  # the target's counter, without what its own clients sent
    lost: int | None  # the clients: owed to a subscriber of the target's, and never there
    discarded: int  # the source's counter: dropped for a slow consumer

    @property
    def kept_back(self) -> int:
        """Count, by the brokers, what the source had and the target did not get."""
        return self.enqueued - self.taken

    @property
    def agreed_accepted(self) -> bool:
        """Return whether the source has counted what its clients had receipts for."""
        return self.accepted <= self.enqueued <= self.at_most

    @property
    def agreed_arrived(self) -> bool:
        """Return whether as many crossed as reached a subscriber, or wait for one."""
        return self.arrived is None or self.forwarded == self.arrived + self.waiting

    @property
    def agree(self) -> bool:
        """Return whether the witnesses say the same."""
        return self.agreed_accepted and self.agreed_arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOutline:
    """A broker that stood."""

    name: str
    engine_version: str  # as declared
    activemq_version: str | None = None  # that ran, where the history tells
    pair: bool = False  # an active and a standby instance


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionOutline:
    """A region with its brokers, enough to draw it."""

    name: str
    aws_region: str
    city: str  # or the region's code where we know no city
    brokers: tuple[BrokerOutline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a run showed, judged."""

    scenario: str
    run: str
    seed: int
    runtime: str
    started: str
    mqlab: str  # the version that ran it
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    deliveries: tuple[Delivery, ...]
    flows: tuple[Flow, ...]
    links: tuple[LinkReport, ...]
    bridges: tuple[BridgeReport, ...]
    notes: tuple[str, ...]
    regions: tuple[RegionOutline, ...] = ()
    witnesses: tuple[Testimony, ...] = ()
