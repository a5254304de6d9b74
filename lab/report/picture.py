"""What stood and what went where, for whoever draws it: ways between regions, and bridges; nothing of how it looks."""

from __future__ import annotations

from dataclasses import dataclass

from lab.judge.values import BridgeReport, LinkReport, RegionOutline, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One direction between two regions, or a region's own brokers among themselves."""

    received: int
    expected: int | None  # None where nobody was owed a particular message
    used: bool  # whether anything was meant to go there
    link: LinkReport | None

    def count(self, digits: str = "") -> str:
        """Write how many went: 9 of 10, or 9 where nothing particular was owed."""
        received = f"{self.received:{digits}}"
        return received if self.expected is None else f"{received} of {self.expected:{digits}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A connector's bridge, with the brokers at which its ends are up."""

    connector: str
    broker: str
    remote: str
    duplex: bool
    up: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Return whether it is up at every end that it has."""
        return len(self.up) == (2 if self.duplex else 1)


def way(report: Report, source: RegionOutline, target: RegionOutline) -> Way:
    """Return what went from a region's brokers to another's, summed up, and what the link between them did."""
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
    """Return the bridge of every connector that was seen."""
    found = []
    for near in (end for end in report.bridges if not end.created_by_duplex):
        ends = [near, *(far for far in report.bridges if _answers(near, far))]
        found.append(
            Bridge(
                connector=near.connector,
                broker=near.broker,
                remote=near.remote,
                duplex=near.duplex or len(ends) > 1,
                up=tuple(end.broker for end in ends if end.up),
            )
        )
    return tuple(found)


def _answers(near: BridgeReport, far: BridgeReport) -> bool:
    """Return whether an end is the responder's of that initiator's."""
    named = far.connector in (near.connector, "") or far.connector.startswith("#")
    return far.created_by_duplex and named and (far.broker, far.remote) == (near.remote, near.broker)
