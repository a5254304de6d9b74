"""A drawing fits its width, counts cells and not letters, and says the numbers of the report."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.cells import cell_len
from rich.console import Console

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.extras.page.plan_picture import planned
from lab.judge.not_delivered import NotDelivered
from lab.judge.percentiles import Percentiles
from lab.judge.values import (
    BridgeReport,
    BrokerOutline,
    Delivery,
    Flow,
    LinkReport,
    Outcome,
    RegionOutline,
    Report,
    RouteReport,
    Verdict,
)
from lab.plan.planning import plan
from lab.report.drawing import drawing
from lab.report.terminal import render

from .networks import EIGHT, FIVE, THIRTY, THREE, hub, mesh, network

NETWORKS = [
    network(THREE, hub(3)),
    network(FIVE, hub(5)),
    network(["none", "none", "eu-west-1", "none"], hub(4)),
    network(["none"] * 6, hub(6), connectors=("all",)),
    network(EIGHT, mesh(8)),
    network(THIRTY, hub(30)),
]


def report() -> Report:
    def end(connector: str, broker: str, remote: str, duplex: bool) -> BridgeReport:
        return BridgeReport(
            connector=connector, broker=broker, remote=remote, remote_address="", created_by_duplex=duplex,
            up=True, enqueued=0, dequeued=0, received=0,
        )  # fmt: skip

    def link(leaving: str, reaching: str, measured: float | None) -> LinkReport:
        return LinkReport(
            leaving=leaving, reaching=reaching, configured_delay=35.3, measured_p50=measured, measured_p99=measured,
            packets=9,
        )  # fmt: skip

    def region(name: str, aws: str, city: str, *brokers: str) -> RegionOutline:
        outlines = tuple(BrokerOutline(name=broker, engine_version="5.18") for broker in brokers)
        return RegionOutline(name=name, aws_region=aws, city=city, brokers=outlines)

    return Report(
        scenario="crossing", run="r1", seed=1, runtime="emulation", started="2026-08-21T10:15:00Z", mqlab="0",
        outcome=Outcome.FAILED,
        verdicts=(Verdict(expectation="delivered: {to: [a], promise: nothing}", outcome=Outcome.FAILED, reason="why"),),
        deliveries=(), notes=(),
        flows=(
            Flow(source="tokyo", target="sampa", received=9, expected=10),
            Flow(source="sampa", target="tokyo", received=7, expected=None),
            Flow(source="tokyo", target="tokyo", received=3, expected=3),
        ),
        links=(link("tk", "sp", 35.4), link("sp", "tk", None)),
        bridges=(end("wan", "tokyo", "sampa", False), end("#4", "sampa", "tokyo", True)),
        regions=(
            region("tk", "ap-northeast-1", "東京", "tokyo"),
            region("sp", "sa-east-1", "São Paulo", "sampa", "a-broker-whose-name-is-far-too-long-to-be-drawn-anywhere"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("width", [60, 72, 80, 120])
@pytest.mark.parametrize("ascii", [False, True])
def test_every_line_fits_and_the_boxes_are_straight(width: int, ascii: bool) -> None:
    lines = drawing(report(), width, ascii).splitlines()
    boxes = lines[: lines.index("")]
    assert {cell_len(line) for line in boxes} == {min(width, 100)}
    assert all(cell_len(line) <= width for line in lines)


def test_counts_and_delays_stand_at_their_arrows() -> None:
    lines = drawing(report(), 100).splitlines()
    there = next(number for number, line in enumerate(lines) if "▶" in line)
    back = next(number for number, line in enumerate(lines) if "◀" in line)
    assert "9 of 10" in lines[there - 1] and "35.3 ms, measured 35.4" in lines[there + 1]
    assert " 7 " in lines[back - 1] and "35.3 ms configured " in lines[back + 1]
    assert any("within: 3 of 3" in line for line in lines)
    assert lines[-1] == "wan: tokyo ⇄ sampa, up at tokyo and sampa"


def test_ascii_means_ascii() -> None:
    assert drawing(report(), 80, ascii=True).isascii()


@pytest.mark.sampled(12)
@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", [20, 59, 60, 80, 120])
@pytest.mark.parametrize("many", NETWORKS, ids=lambda many: len(many.regions))
def test_more_regions_fit_their_width_too(many: Report, width: int, ascii: bool) -> None:
    lines = drawing(many, width, ascii).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert not ascii or "\n".join(lines).isascii()


@pytest.mark.parametrize("many", NETWORKS[:3], ids=lambda many: len(many.regions))
def test_cities_and_their_tables_are_seen_at_once(many: Report) -> None:
    assert len(drawing(many, 80).splitlines()) <= 23


def test_every_broker_has_its_city_and_the_table_every_way() -> None:
    text = drawing(network(THREE, hub(3)), 80)
    assert text.startswith("b0 (Ireland), b1 (N. Virginia), b2 (Frankfurt)\n\n")
    assert "b0 – b1  40.0 ms         40.2 ms   10 of 10    10 of 10" in text
    assert "b1 – b2  no link                   10 of 10    10 of 10" in text
    assert "b1-b0-queues: b1 ⇄ b0, up at b1 and b0" in text


def test_of_many_regions_the_cities_are_in_lines() -> None:
    text = drawing(network(EIGHT, mesh(8)), 80)
    assert text.startswith("b0 (Ireland), b1 (N. Virginia), b2 (Frankfurt), ")
    assert "56 of 56 bridges up" in text


@pytest.mark.sampled(4)
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("many", NETWORKS, ids=lambda many: len(many.regions))
def test_of_many_pairs_those_that_lack_messages_are_told_and_the_others_in_sum(many: Report, width: int) -> None:
    source, target = len(many.regions) - 2, len(many.regions) - 1
    lacking = tuple(
        replace(each, received=7) if (each.source, each.target) == (f"b{source}", f"b{target}") else each
        for each in many.flows
    )
    lines = drawing(replace(many, flows=lacking), width).splitlines()
    assert len(lines) <= 23
    assert any(line.startswith(f"b{source} – b{target} ") and "7 of 10" in line for line in lines)
    told = sum(10 * line.count(" of 10") for line in lines)
    rest = next((line for line in lines if line.startswith("and ") and "in sum" in line), "and 0 more, in sum 0 of 0")
    assert told + int(rest.split()[-2 if rest.endswith("messages") else -1]) == 10 * len(many.flows)


def test_of_many_bridges_those_that_are_not_up_are_named() -> None:
    many = network(EIGHT, hub(8))
    down = tuple(replace(end, up=False) if end.connector == "b3-b0-topics" else end for end in many.bridges)
    lines = drawing(replace(many, bridges=down), 80).splitlines()
    assert lines[-2:] == ["13 of 14 bridges up", "b3-b0-topics: b3 ⇄ b0, down"]
    none = tuple(replace(end, up=False) for end in many.bridges)
    assert drawing(replace(many, bridges=none), 80).splitlines()[-1] == "and 10 more that are not"


def test_directions_that_are_unlike_are_told_apart() -> None:
    many = network(THREE, hub(3))
    slow, *others = many.links
    text = drawing(replace(many, links=(replace(slow, configured_delay=90.0, measured_p50=91.5), *others)), 80)
    assert "b0 – b1  90.0 + 20.0 ms  91.5 + 20.1 ms" in text
    assert "20.0 ms one way" in drawing(replace(many, links=tuple(others)), 80)
    unseen = replace(slow, measured_p50=None)
    assert "b0 – b1  40.0 ms                   10 of 10" in drawing(replace(many, links=(unseen, *others)), 80)


def test_a_plan_is_drawn_with_what_is_asked_and_nothing_else() -> None:
    found = plan(load(shipped("scenarios") / "hub-and-spokes.yaml", environment={}).topology, seed=7)
    (_, germany) = joints = planned(found).joints
    assert [(each.link, each.measured, each.linked) for each in joints] == [
        ("69.6 ms", "", True),
        ("27.1 ms", "", True),
    ]
    assert [bridge.connector for bridge in germany.bridges] == ["frankfurt-queues", "frankfurt-topics"]


def test_a_link_that_nobody_counted_is_a_link_all_the_same() -> None:
    """The router's counters come at the end of a run; a lab that stands, or a run that was killed, has none."""
    many = replace(network(THREE, hub(3)), links=(), linked=(("r0", "r1"), ("r2", "r0")))
    text = drawing(many, 80)
    assert "b0 – b1  not recorded" in text and "b0 – b2  not recorded" in text
    assert "b1 – b2  no link" in text


def test_a_responders_end_is_not_counted_for_a_connector_that_is_down_beside_another() -> None:
    many = network(THREE, hub(3))
    down = tuple(replace(end, up=False) if end.connector == "b1-b0-topics" else end for end in many.bridges)
    text = drawing(replace(many, bridges=down), 80)
    assert "b1-b0-queues: b1 ⇄ b0, up at b1 and b0" in text
    assert "b1-b0-topics: b1 ⇄ b0, down" in text


def test_a_region_that_is_none_of_aws_has_the_persons_name() -> None:
    text = drawing(network(["none", "eu-west-1"], hub(2)), 80)
    assert "┌─ r0 " in text and "none" not in text


def test_one_region_is_one_box_and_none_is_nothing() -> None:
    one = replace(report(), regions=report().regions[:1], bridges=())
    assert drawing(one, 60).count("┌") == 1
    assert drawing(replace(one, regions=()), 60) == ""


def test_a_console_that_is_not_utf8_gets_ascii() -> None:
    octets = BytesIO()
    stream = TextIOWrapper(octets, encoding="ascii", newline="\n")
    render(report(), Console(file=stream, width=80))
    stream.flush()
    assert b"[X] delivered" in octets.getvalue()


def test_a_long_name_of_a_connector_is_whole_also_where_there_is_nothing_but_ascii() -> None:
    octets = BytesIO()
    stream = TextIOWrapper(octets, encoding="ascii", newline="\n")
    name = "connector_tokyo_to_singapore"
    way = RouteReport(
        source="singapore", target="tokyo", destination="topic://MQ Test", arrives="never", over=(name * 2,), stops=()
    )
    render(replace(report(), routes=(way,)), Console(file=stream, width=80))
    stream.flush()
    routes = octets.getvalue().decode().partition("do so at once:")[2]
    assert f"singapore > tokyo, topic://MQ Test: never\n  {name * 2}\n" in routes


@pytest.mark.parametrize("width", [20, 40, 59, 80, 100, 120])
def test_who_reached_whom_is_told_in_whole_words_at_every_width(width: int) -> None:
    over = ("virginia-ireland-queues", "ireland-frankfurt-queues")
    way = RouteReport(
        source="virginia", target="frankfurt", destination="queue://orders.placed", arrives="sometimes", over=over,
        stops=('ireland-frankfurt-queues has networkTTL="1"',),
    )  # fmt: skip
    stream = StringIO()
    render(replace(report(), routes=(way, replace(way, arrives="always", stops=()))), Console(file=stream, width=width))
    routes = stream.getvalue().partition("once:")[2].partition("✘")[0]
    words = {*over, "virginia", "frankfurt", "sometimes", "always", 'networkTTL="1"'}
    assert words <= set(re.split(r"[\s:;,]+", routes))
    assert ("over, or the obstacle" in re.sub(r"\s+", " ", routes)) == (width >= 100)
    assert all(cell_len(line) <= max(width, len("  ireland-frankfurt-queues;") + 2) for line in routes.splitlines())


def test_a_narrow_terminal_still_says_who_got_how_many() -> None:
    percentiles = Percentiles(p50=38.1, p95=38.5, p99=39.0, max=39.0)
    row = Delivery(
        subscriber="ear", broker="sampa", destination="topic://prices", expected=1000, received=991,
        not_delivered=NotDelivered(waiting={"sampa": 4}, lost=5), kept=NotDelivered(), over=0, doubtful=0,
        duplicated=0, unexpected=0, recovered=0, undecided=0, reordered=0, redelivered=0, returned=0,
        late=0, latency=percentiles,
    )  # fmt: skip
    stream = StringIO()
    render(replace(report(), deliveries=(row,)), Console(file=stream, width=30))
    text = stream.getvalue()
    assert "ear at sampa, topic://prices\n  991 of 1000, 5 lost, 4" in text
    assert "waiting on sampa\n  p50 38.1 ms, p99 39.0 ms\n" in text
    assert all(cell_len(line) <= 30 for line in text.partition("delivered:")[0].splitlines())


def test_colour_and_control_characters_stay_out_of_files() -> None:
    stream = StringIO()
    evil = replace(report(), scenario="a\x1b[31mb [bold]c[/bold]")
    render(evil, Console(file=stream, width=80))
    assert "\x1b" not in stream.getvalue()
    assert "a?[31mb [bold]c[/bold]: failed" in stream.getvalue()


@pytest.mark.parametrize(("duplex", "way"), [(True, "⇄"), (False, "→")])
def test_a_duplex_bridge_that_never_came_up_is_drawn_both_ways(duplex: bool, way: str) -> None:
    near = replace(report().bridges[0], up=False, duplex=duplex)
    lines = drawing(replace(report(), bridges=(near,)), 100).splitlines()
    assert lines[-1] == f"wan: tokyo {way} sampa, down"
