"""A drawing fits its width, counts cells and not letters, and says the numbers of the report."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.cells import cell_len
from rich.console import Console

from lab.judge.values import BridgeReport, BrokerOutline, Flow, LinkReport, Outcome, RegionOutline, Report, Verdict
from lab.report.drawing import drawing
from lab.report.terminal import render


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
        outcome=Outcome.BROKEN,
        verdicts=(Verdict(expectation="delivered: {to: [a], promise: nothing}", outcome=Outcome.BROKEN, reason="why"),),
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
    assert "9 of 10" in lines[there - 1] and "35.3 ms asked, 35.4 given" in lines[there + 1]
    assert " 7 " in lines[back - 1] and "35.3 ms asked " in lines[back + 1]
    assert any("within: 3 of 3" in line for line in lines)
    assert lines[-1] == "wan: tokyo ⇄ sampa, up at tokyo and sampa"


def test_ascii_means_ascii() -> None:
    assert drawing(report(), 80, ascii=True).isascii()


def test_more_regions_become_a_table_with_every_way() -> None:
    many = replace(
        report(), regions=(*report().regions, RegionOutline(name="d", aws_region="x", city="Dublin", brokers=()))
    )
    lines = drawing(many, 60).splitlines()
    assert all(cell_len(line) <= 60 for line in lines)
    assert [line.split()[0] for line in lines[2:5]] == ["東京", "東京", "São"]


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


def test_colour_and_control_characters_stay_out_of_files() -> None:
    stream = StringIO()
    evil = replace(report(), scenario="a\x1b[31mb [bold]c[/bold]")
    render(evil, Console(file=stream, width=80))
    assert "\x1b" not in stream.getvalue()
    assert "a?[31mb [bold]c[/bold]: broken" in stream.getvalue()


@pytest.mark.parametrize(("duplex", "way"), [(True, "⇄"), (False, "→")])
def test_a_duplex_bridge_that_never_came_up_is_drawn_both_ways(duplex: bool, way: str) -> None:
    near = replace(report().bridges[0], up=False, duplex=duplex)
    lines = drawing(replace(report(), bridges=(near,)), 100).splitlines()
    assert lines[-1] == f"wan: tokyo {way} sampa, down"
