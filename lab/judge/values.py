"""The Report and its parts: the result of judging, as plain values.

Times are in milliseconds, delays are one way. `lab.report` writes and draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Self

from lab.base.dataclass import dataclass
from lab.declare.expectations.base import Basis
from lab.judge.not_delivered import NotDelivered
from lab.judge.percentiles import Percentiles


class Outcome(StrEnum):
    """The outcome of an expectation; unknown if the history cannot decide it."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, passed: bool) -> Self:
        """Return PASSED or FAILED, for an expectation that could be decided."""
        return cls.PASSED if passed else cls.FAILED


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the worst outcome: failed before unknown before passed; passed when there is none."""
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN):
        if outcome in outcomes:
            return outcome
    return Outcome.PASSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One expectation, whether it passed, and the reason."""

    expectation: str  # one line, as a person writes it
    outcome: Outcome
    reason: str
    basis: Basis | None = None  # of a simulated run


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The number of messages of a shared queue that one subscriber received."""

    subscriber: str
    broker: str
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The messages expected by one topic subscriber, or by all subscribers of one queue, and those received.

    expected = received + not_delivered.total; all arrivals = received + recovered + duplicated + unexpected.
    """

    subscriber: str
    broker: str
    destination: str
    expected: int
    received: int
    not_delivered: NotDelivered  # of those expected
    duplicated: int  # arrivals beyond a message's first
    unexpected: int
    recovered: int
    undecided: int  # sends that the broker did not confirm and that never arrived
    reordered: int
    redelivered: int  # arrivals beyond a message's first that a broker may rightly make
    returned: int  # arrivals given back without an acknowledgement; not counted elsewhere
    kept: NotDelivered  # not expected: for a durable subscriber that never returned, waiting or unknown
    over: int  # not expected: expired before any subscriber listened
    doubtful: int  # not expected: never arrived, and it is unknown whether they were expected
    late: int  # by the shortest `within` of the expectations that cover the delivery
    latency: Percentiles | None
    shares: tuple[Share, ...] = ()  # one for each subscriber of a queue that has several

    @property
    def lost(self) -> int:
        """Return the number of messages that no broker has any more."""
        return self.not_delivered.lost

    @property
    def waiting(self) -> int:
        """Return the number of messages that a broker has, by its counters, expected or kept."""
        return self.not_delivered.count("waiting") + self.kept.count("waiting")

    @property
    def dead_letters(self) -> int:
        """Return the number of messages that are among the dead letters."""
        return self.not_delivered.count("dead_letters")

    @property
    def discarded(self) -> int:
        """Return the number of messages that a broker dropped for a slow bridge."""
        return self.not_delivered.count("discarded")

    @property
    def expired(self) -> int:
        """Return the number of messages that expired, by their brokers' counters or before a client listened."""
        return self.not_delivered.count("expired") + self.over

    @property
    def unknown(self) -> int:
        """Return the number of messages that were expected and did not come, and that no counter locates."""
        return self.not_delivered.unknown

    @property
    def unsure(self) -> int:
        """Return the number of messages that never came, and were perhaps not expected, or may be kept."""
        return self.doubtful + self.kept.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """How many messages a step was asked to send or to take, and how many it did."""

    step: int
    words: str  # its place and what it asked, in one line
    did: str  # "sent" | "taken"
    asked: int | None  # None: as many as its rate gives until it is told to end
    at_least: int | None  # what the scenario needs, if not all
    sent: int  # handed over; 0 for a step that takes
    done: int  # accepted by the broker, or taken
    unknown: int  # sends without an acknowledgement that nobody received
    failed: int  # sends that the broker refused
    short: bool  # it did less than the scenario needs

    @property
    def asked_words(self) -> str:
        """Return how many were asked, in words, and how many of them the scenario needs if not all."""
        asked = "by rate" if self.asked is None else f"{self.asked}"
        return asked if self.at_least is None else f"{asked}, at least {self.at_least}"

    @property
    def as_asked(self) -> bool:
        """Return whether it did all that it was asked."""
        return not self.short and self.done >= max(self.sent, self.asked or 0)

    @property
    def amounts(self) -> str:
        """Return the number of messages asked and the numbers done, in words."""
        done = f"{self.sent} sent, {self.done} accepted" if self.did == "sent" else f"{self.done} taken"
        return f"asked: {self.asked_words}; {done}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The messages from one broker's publishers to the subscribers of another broker, or of the same one."""

    source: str
    target: str
    received: int
    expected: (
        int | None
    )  # None where several brokers share a queue: no broker is expected to receive a particular message


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """One direction of a link: the configured delay, the measured latency and the counted packets."""

    leaving: str
    reaching: str
    configured_delay: float
    measured_p50: float | None
    measured_p99: float | None
    packets: int
    dropped: Mapping[str, int] = field(default_factory=dict)  # by cause


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeReport:
    """The last observed state of one end of a bridge."""

    connector: str
    broker: str
    remote: str
    remote_address: str
    created_by_duplex: bool
    up: bool
    enqueued: int
    dequeued: int
    received: int
    duplex: bool = False  # whether the configuration asks for it, where the configuration is known
    unseen_since: float | None = None  # seconds; its broker did not answer from then to the end, so this is as of then


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossCheck:
    """Client counts and broker counts of one destination and one direction between two brokers.

    `arrived`, `missing` and `lost` are None where a message that was forwarded need not have reached a client.
    """

    destination: str
    source: str
    target: str
    accepted: int  # clients: sends that the source confirmed
    at_most: int  # clients: confirmed sends and those whose outcome is unknown
    enqueued: int  # source's counter, less `back`
    arrived: int | None  # clients: reached a subscriber at the target
    missing: int | None  # clients: accepted, but reached no subscriber at the target
    waiting: int  # target's counter: in its queue
    forwarded: int  # source's counter: what was answered, and what a bridge held back
    back: int  # the same of the target's, to the source, or what clients there had from the target if that is more
    taken: int  # target's counter of enqueued messages, less what its own clients sent
    lost: int | None  # clients: expected by a subscriber at the target and never received
    discarded: int  # source's counter: dropped for a slow consumer
    why_fewer: str = ""  # what may have kept from clients what is not accounted for; in words

    @property
    def kept_back(self) -> int:
        """Return the number of messages that the source had and the target did not get, by the brokers' counters."""
        return self.enqueued - self.taken

    @property
    def agreed_accepted(self) -> bool:
        """Return whether the source's counter agrees with its clients on the messages accepted.

        Any message that the target forwarded may have been held back.
        """
        return self.accepted <= self.enqueued + self.back and self.enqueued <= self.at_most

    @property
    def agreed_arrived(self) -> bool:
        """Return whether as many messages were forwarded as reached a subscriber or wait for one.

        A ForwardCount also counts what a bridge holds back, of which the target takes nothing; and it lacks what the
        target took and whose answer never came back.
        """
        if self.arrived is None:
            return True
        seen = self.arrived + self.waiting
        if self.why_fewer and self.unaccounted > 0:
            return True
        return min(self.forwarded, self.taken) <= seen <= self.forwarded or seen == self.taken

    @property
    def unaccounted(self) -> int:
        """Return the number of messages that the target took and that neither reached a subscriber nor wait."""
        return min(self.forwarded, self.taken) - (self.arrived or 0) - self.waiting

    @property
    def agree(self) -> bool:
        """Return whether clients and brokers agree."""
        return self.agreed_accepted and self.agreed_arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOutline:
    """A broker of the lab."""

    name: str
    engine_version: str  # as declared
    activemq_version: str | None = None  # the version that ran, if the history has it
    pair: bool = False  # an active and a standby instance


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionOutline:
    """A region with its brokers, enough to draw it."""

    name: str
    aws_region: str
    city: str  # or the region's code if its city is not known
    brokers: tuple[BrokerOutline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReport:
    """Whether a destination's messages got from one broker to another, by the rules of forwarding, at the beginning."""

    source: str
    target: str
    destination: str
    arrives: str  # always, sometimes, never, unknown
    over: tuple[str, ...]  # connectors of the shortest way
    stops: tuple[str, ...]  # why none, or not every one, arrives
    heard: str = ""  # what the client listens to, if that is another name: a wildcard, or a queue of a virtual topic
    by_chance: bool = False  # whether the copies that arrive depend on whose demand a broker learns of first

    @property
    def of(self) -> str:
        """The destination, and how it is heard if by another name."""
        return f"{self.destination}, heard as {self.heard}" if self.heard else self.destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The judged result of a run: verdicts, figures and notes."""

    scenario: str
    run: str
    seed: int
    runtime: str
    started: str
    mqlab: str  # version of mqlab that made the run
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    deliveries: tuple[Delivery, ...]
    flows: tuple[Flow, ...]
    links: tuple[LinkReport, ...]
    bridges: tuple[BridgeReport, ...]
    notes: tuple[str, ...]
    regions: tuple[RegionOutline, ...] = ()
    linked: tuple[tuple[str, str], ...] = ()  # each two regions with a declared link, whether it was counted or not
    steps: tuple[StepReport, ...] = ()  # those that send or take messages
    cross_checks: tuple[CrossCheck, ...] = ()
    routes: tuple[RouteReport, ...] = ()
    routes_notes: tuple[str, ...] = ()  # what a reader of the routes has to know
    round_trips: Mapping[str, str] = field(default_factory=dict)  # link → where its delay comes from, if not declared
    tcp: str = ""  # the congestion control of the brokers' machines; "" if it is not known
    set: Mapping[str, str] = field(default_factory=dict)  # what was set instead of the scenario's own, KEY → VALUE

    @property
    def simulated(self) -> bool:
        """Return whether models ran, and no broker; a report shows this at its top."""
        return self.runtime == "simulation"
