"""The facts of a drawing: messages between regions and the state of bridges, without any layout."""

from __future__ import annotations

from dataclasses import dataclass

from lab.judge.evidence.timeline import End
from lab.judge.values import BridgeReport, LinkReport, RegionOutline, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The messages of one direction between two regions, or within one region."""

    received: int
    expected: int | None  # None where no broker was owed a particular message
    used: bool  # whether there was any flow
    link: LinkReport | None

    def count(self, digits: str = "") -> str:
        """Return the count in words: "9 of 10", or "9" if `expected` is None; `digits` is a format of numbers."""
        received = f"{self.received:{digits}}"
        return received if self.expected is None else f"{received} of {self.expected:{digits}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A connector's bridge, with the brokers at which its ends are up, and those at which nobody can tell."""

    connector: str
    broker: str
    remote: str
    duplex: bool
    up: tuple[str, ...]  # brokers
    unseen: tuple[str, ...] = ()  # brokers that did not answer at the end

    @property
    def state(self) -> str:
        """Return where it is up, in words."""
        known = [f"up at {' and '.join(self.up)}"] if self.up else []
        return ", ".join([*known, *(f"unknown at {broker}" for broker in self.unseen)]) or "down"

    @property
    def whole(self) -> bool:
        """Return whether the bridge is up at every end: one, or two if it is duplex."""
        return len(self.up) == (2 if self.duplex else 1)


def way(report: Report, source: RegionOutline, target: RegionOutline) -> Way:
    """Return the messages from one region's brokers to another's in sum, and the link between them."""
    senders, hearers = ({broker.name for broker in region.brokers} for region in (source, target))
    flows = [flow for flow in report.flows if flow.source in senders and flow.target in hearers]
    owed = [flow.expected for flow in flows]
    ends = (source.name, target.name)
    return Way(
        received=sum(flow.received for flow in flows),
        expected=None if None in owed else sum(number for number in owed if number is not None),
        used=bool(flows),
        link=next((link for link in report.links if (link.leaving, link.reaching) == ends), None),
    )


def bridges(report: Report) -> tuple[Bridge, ...]:
    """Return the bridge of every connector observed."""
    found = []
    for near in (end for end in report.bridges if not end.created_by_duplex):
        ends = [near, *(far for far in report.bridges if _end(far).answers(_end(near)))]
        found.append(
            Bridge(
                connector=near.connector,
                broker=near.broker,
                remote=near.remote,
                duplex=near.duplex or len(ends) > 1,
                up=tuple(end.broker for end in ends if end.up and end.unseen_since is None),
                unseen=tuple(dict.fromkeys(end.broker for end in ends if end.unseen_since is not None)),
            )
        )
    return tuple(found)


def _end(of: BridgeReport) -> End:
    return End(of.connector, of.broker, of.remote, of.created_by_duplex)
