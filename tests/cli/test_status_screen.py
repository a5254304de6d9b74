"""The screen of `mqlab status --watch`, made of values: what it shows, in what room, and what it never prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from rich.cells import cell_len

from lab import labs
from lab.base.shipped import shipped
from lab.cli.status_screen import screen
from lab.cli.status_watch import watch
from lab.declare.loading import load
from lab.history import Counted, LinkSeen
from lab.history.display import Row, Weight
from lab.living.lab import Live
from lab.living.polls import Look, Looks
from lab.plan.control import opening_control
from lab.plan.planning import plan
from lab.runtime.clock import Origin
from lab.runtime.state_file import StateFile
from lab.runtime.status import BridgeStatus, BrokerStatus, LinkStatus, Status, Whereabouts

SCREENS = Path(__file__).parent / "status-screens"
LINK = LinkSeen(
    t=10.0, link="tokyo-singapore", leaving="tokyo", reaching="singapore", configured_delay_ms=35.0,
    measured_p50_ms=35.1, measured_p99_ms=36.0, packets=400,
)  # fmt: skip
BRIDGE = BridgeStatus(
    connector="ocean", initiator="tokyo", responder="singapore", duplex=True, up=True, why_not="", ends=()
)
BROKER = BrokerStatus(name="tokyo", container="running", health="healthy", version="5.18.3", memory=412 * 2**20)


def counted(of: str, broker: str, name: str, remote: str = "", **counters: int) -> Counted:
    return Counted(t=12.0, snapshot="watch", broker=broker, of=of, name=name, counters=counters, remote=remote)


def look(t: float, *, sent: int, queued: int, session: str = "1") -> Look:
    its = plan(load(shipped("scenarios") / "one-way.yaml", environment={}).topology, seed=7)
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    there = LINK.with_fields(t=t, packets=40 * int(t))
    back = LINK.with_fields(
        t=t, leaving="singapore", reaching="tokyo", measured_p50_ms=None, measured_p99_ms=None, packets=0
    )
    seen = (
        counted("bridge", "tokyo", "ocean", "singapore", dequeued=sent),
        counted("bridge", "singapore", "ocean", "tokyo", dequeued=7),
        counted("destination", "tokyo", "topic://news", enqueued=9, dequeued=9, queued=0, consumers=1),
        counted("destination", "singapore", "queue://invoices", enqueued=0, dequeued=0, queued=0, consumers=0),
        counted(
            "destination", "tokyo", "queue://orders", enqueued=sent, dequeued=sent - queued, queued=queued, consumers=1
        ),
    )
    exited = BrokerStatus(name="singapore", container="exited", health="none", version=None, memory=None)
    return Look(
        clock="14:03:22",
        t=t,
        status=Status(
            note=StateFile(
                run="20260101-101010-aaaaaa", scenario="one way", plan=its, control=opening_control(its, opened),
                folder="f", owner="o//1/1", opened=opened, origin=Origin(boot="another", monotonic=0.0),
                runtime="any", own={}, detached=True,
            ),
            whereabouts=Whereabouts(ca_file="ca", networks={}, brokers={}, reached_at="127.0.0.1"),
            owner_alive=True,
            brokers=(BROKER, exited),
            bridges=(BRIDGE, replace(BRIDGE, connector="spare", up=False, why_not="singapore has exited")),
            links=(
                LinkStatus(
                    name="tokyo-singapore", round_trip_ms=70.2, states=("open", "cut"), directions=(there, back)
                ),
            ),
            dropped=(),
        ),
        counted=tuple(each.with_fields(t=t, session=session) for each in seen),
        events=(
            Row(t=8.5, actor="step 1", text="began: cut tokyo-singapore", weight=Weight.STEP),
            Row(t=9.0, actor="tokyo-singapore", text="singapore to tokyo is cut", weight=Weight.FAULT),
        ),
    )  # fmt: skip


BEFORE, NOW = look(10.0, sent=100, queued=5), look(12.0, sent=125, queued=17)


def text(lines: Sequence[object]) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("name", "width", "height", "ascii"),
    [("80x24", 80, 24, False), ("20x24", 20, 24, False), ("80x14-ascii", 80, 14, True)],
)
def test_a_screen_is_the_one_that_is_expected(name: str, width: int, height: int, ascii: bool) -> None:
    assert text(screen(NOW, BEFORE, width=width, height=height, ascii=ascii)) == (SCREENS / f"{name}.txt").read_text()


@pytest.mark.parametrize("width", [1, 2, 20, 41, 79, 80, 200])
@pytest.mark.parametrize("height", [1, 2, 6, 11, 24, 60])
@pytest.mark.parametrize("ascii", [False, True])
def test_nothing_is_outside_the_screen(width: int, height: int, ascii: bool) -> None:
    wide = replace(NOW, status=replace(NOW.status, brokers=tuple(replace(BROKER, name=f"東京{n}") for n in range(30))))
    for its in (NOW, wide):
        lines = [str(line) for line in screen(its, BEFORE, width=width, height=height, ascii=ascii)]
        assert len(lines) <= height
        assert max(map(cell_len, lines)) <= width
        assert not ascii or all(line.isascii() for line in lines)


def test_what_is_bad_is_shown_where_there_is_no_room_for_all() -> None:
    fine = [replace(BROKER, name=f"fine{n}") for n in range(20)]
    its = replace(NOW, status=replace(NOW.status, brokers=(*fine, replace(BROKER, name="down", container="exited"))))
    shown = text(screen(its, BEFORE, width=80, height=24))
    assert "down  " in shown and "fine19" not in shown and "brokers 8 of 21" in shown
    assert "queues" in shown and "events" in shown


def test_there_is_no_rate_at_the_first_look_nor_where_counters_began_anew() -> None:
    for before in (None, look(10.0, sent=100, queued=5, session="0"), look(10.0, sent=900, queued=5)):
        (line,) = (str(line) for line in screen(NOW, before, width=120) if "ocean" in str(line))
        assert "→ –" in line


def test_words_of_strangers_cannot_control_the_terminal() -> None:
    hostile = "\x1b[2J\x07[red]a\nb\u202e"
    its = replace(
        NOW,
        status=replace(NOW.status, bridges=(replace(BRIDGE, connector=hostile, up=False, why_not=hostile),)),
        counted=(counted("destination", "tokyo", f"queue://{hostile}", queued=1),),
        events=(Row(t=1.0, actor=hostile, text=hostile),),
    )
    shown = text(screen(its, None, width=200))
    assert shown.replace("\n", "").isprintable()
    assert shown.count("?[2J?[red]a b?") == 5


def test_an_open_lab_is_looked_at(tmp_path: Path) -> None:
    with labs.up("one-way", runtime="simulation", runs=tmp_path, environment={}) as lab:
        looks = Looks(lab)
        first = looks.look()
        with lab.connect("tokyo", over="stomp", name="sender") as sender:
            sender.publish("an order", queue="orders")
        lab.cut()
        last = looks.look()
        shown = text(screen(last, first, width=100))
        assert [row.t for row in last.events] == sorted(row.t for row in last.events)
        looks.close()
    assert "orders at tokyo" in shown
    assert "cut, " in shown.partition("links")[2]
    assert "cut link tokyo-singapore (by python)" in shown.partition("events")[2]


def test_ctrl_c_ends_the_watch_also_where_the_interpreter_makes_another_error_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def sleep(seconds: float) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("release unlocked lock")

    with labs.up("one-way", runtime="simulation", runs=tmp_path, environment={}) as lab:
        its = SimpleNamespace(note=lab.lab.note, management=lab.lab.management)
        its.clock = SimpleNamespace(now=lab.lab.clock.now, sleep=sleep)
        watch(cast(Live, SimpleNamespace(status=lab.status, lab=its)), 2.0)
    assert "tokyo-singapore" in capsys.readouterr().out
