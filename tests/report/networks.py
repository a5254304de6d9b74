"""Reports of networks of many regions, for tests of the drawing and of the page's map."""

from __future__ import annotations

from collections.abc import Sequence

from lab.judge.values import BridgeReport, BrokerOutline, Flow, LinkReport, Outcome, RegionOutline, Report
from lab.network.regions import REGIONS, city

THREE = ("eu-west-1", "us-east-1", "eu-central-1")
FIVE = (*THREE, "ap-northeast-1", "ap-southeast-2")
EIGHT = (*FIVE, "eu-west-2", "sa-east-1", "us-west-2")
THIRTY = tuple(REGIONS)[:30]


def hub(regions: int) -> list[tuple[int, int]]:
    return [(0, spoke) for spoke in range(1, regions)]


def mesh(regions: int) -> list[tuple[int, int]]:
    return [(a, b) for a in range(regions) for b in range(a + 1, regions)]


def network(
    codes: Sequence[str], joined: Sequence[tuple[int, int]], *, connectors: Sequence[str] = ("queues", "topics")
) -> Report:
    """Return the report of brokers b0, b1 …, one in each region, with duplex bridges from the later ones."""

    def link(leaving: int, reaching: int) -> LinkReport:
        return LinkReport(
            leaving=f"r{leaving}", reaching=f"r{reaching}", configured_delay=20.0, measured_p50=20.1,
            measured_p99=20.3, packets=9,
        )  # fmt: skip

    def end(connector: str, broker: int, remote: int, created_by_duplex: bool) -> BridgeReport:
        return BridgeReport(
            connector=connector, broker=f"b{broker}", remote=f"b{remote}", remote_address="",
            created_by_duplex=created_by_duplex, up=True, enqueued=0, dequeued=0, received=0, duplex=True,
        )  # fmt: skip

    count = range(len(codes))
    bridges = [end(f"b{b}-b{a}-{kind}", b, a, False) for a, b in joined for kind in connectors]
    return Report(
        scenario="many", run="r1", seed=1, runtime="emulation", started="2026-08-21T10:15:00Z", mqlab="0",
        outcome=Outcome.PASSED, verdicts=(), deliveries=(), notes=(),
        flows=tuple(
            Flow(source=f"b{a}", target=f"b{b}", received=10, expected=10) for a in count for b in count if a != b
        ),
        links=tuple(link(*ends) for a, b in joined for ends in ((a, b), (b, a))),
        bridges=(*bridges, *(end("#4", a, b, True) for a, b in joined)),
        regions=tuple(
            RegionOutline(
                name=f"r{number}", aws_region=code, city=city(code),
                brokers=(BrokerOutline(name=f"b{number}", engine_version="5.18"),),
            )
            for number, code in enumerate(codes)
        ),
    )  # fmt: skip
