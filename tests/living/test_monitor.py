"""Who keeps a lab watches it for its history, says so, and says when nobody did."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Timer

import pytest

from lab.amazonmq.account.brokers import begin_reboot
from lab.declare.steps.service import Reboot
from lab.errors import HostError
from lab.history import (
    BEAT,
    BridgeSeen,
    Demand,
    Header,
    Observation,
    Publishing,
    StepStarted,
    Trouble,
    Unwatched,
    Watched,
    read,
)
from lab.history.shared_file import begin
from lab.living import monitor_process
from lab.living.history import MONITOR, LivingHistory, end_history, file_of
from lab.living.monitor import Monitor, main
from lab.runtime import state_file as state_files
from lab.simulation.clock import VirtualClock
from lab.simulation.kernel import Kernel
from tests.living.live_lab import LiveLab

HEADER = Header(
    run="r", scenario="s", seed=1, runtime="memory", started="", declared={"steps": []}, mqlab="0", standing=True
)


class JumpingClock(VirtualClock):
    """Virtual time that may jump."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.jumped = 0.0
        self.now = lambda: kernel.tick() + self.jumped

    def pass_at_once(self, seconds: float) -> None:
        """Let time pass without anybody's noticing, as for a process that was stopped."""
        self.jumped += seconds


class Kept(LiveLab):
    """A simulated lab with a history in a folder."""

    clock: JumpingClock

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.clock = JumpingClock(self.kernel)
        self.note = self.note.with_fields(folder=str(folder))
        begin(file_of(self.note), HEADER).close()

    @property
    def history(self) -> LivingHistory:
        return LivingHistory(self.note, self.clock.now, MONITOR)

    @property
    def seen(self) -> list[Observation]:
        return list(read(file_of(self.note)).observations)

    def of(self, kind: type[Observation]) -> list[Observation]:
        return [each for each in self.seen if isinstance(each, kind)]


@pytest.fixture
def lab(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_it_says_every_few_seconds_that_it_watches(lab: Kept) -> None:
    with closing(lab.history) as history, Monitor(lab, history):
        lab.clock.sleep(3 * BEAT + 1)
    moments = [each.t for each in lab.of(Watched)]
    assert len(moments) == 4 and all(BEAT <= b - a <= BEAT + 1 for a, b in pairwise(moments))
    assert lab.of(BridgeSeen), "what there is, is told at once"
    assert lab.of(Unwatched) == []


def test_it_looks_for_demand_where_clients_send(lab: Kept) -> None:
    with closing(lab.history) as history, Monitor(lab, history):
        history.record(
            Publishing(
                t=lab.clock.now(), step=1, client="c", broker="tokyo", over="mqtt", destination="topic://prices",
                persistent=True, body="given",
            )
        )  # fmt: skip
        lab.clock.sleep(1)
        assert {(broker, str(to)) for broker, to in lab.wanted} == {
            ("tokyo", "topic://prices"), ("singapore", "topic://prices")
        }  # fmt: skip


def test_of_demand_only_the_changes_are_told(lab: Kept) -> None:
    with closing(lab.history) as history:
        monitor = Monitor(lab, history)
        for present in (False, False, True, True, False):
            monitor.record(Demand(t=1.0, broker="tokyo", destination="topic://a", present=present))
    assert [each.present for each in lab.of(Demand) if isinstance(each, Demand)] == [False, True, False]


def test_whoever_comes_later_says_that_nobody_watched(lab: Kept) -> None:
    with closing(lab.history) as history:
        with Monitor(lab, history):
            lab.clock.sleep(BEAT + 1)
        last = lab.of(Watched)[-1].t
        lab.clock.sleep(100)
        with Monitor(lab, history):
            lab.clock.sleep(1)
    (gap,) = lab.of(Unwatched)
    assert isinstance(gap, Unwatched)
    assert gap.since == last and gap.t >= last + 100
    after = lab.seen[lab.seen.index(gap) :]
    assert any(isinstance(each, BridgeSeen) for each in after), "what is there is told anew"


def test_whoever_was_stopped_says_so_himself(lab: Kept) -> None:
    with closing(lab.history) as history, Monitor(lab, history):
        lab.clock.sleep(1)
        lab.clock.pass_at_once(100)
        lab.clock.sleep(1)
    (gap,) = lab.of(Unwatched)
    assert isinstance(gap, Unwatched) and 99 < gap.t - gap.since < 103


def test_a_watch_that_has_died_is_told_as_nobody_s(lab: Kept) -> None:
    with closing(lab.history) as history, Monitor(lab, history):
        lab.clock.sleep(BEAT + 1)
        lab.watch_fails(ZeroDivisionError("a bug of the watch"))
        died = lab.clock.now()
        lab.clock.sleep(3 * BEAT + 1)
    before, *after = lab.of(Watched)[1:]
    assert before.t <= died, "nobody says that the lab is watched while a part of the watch is dead"
    (gap,) = lab.of(Unwatched)
    assert isinstance(gap, Unwatched)
    assert gap.since == pytest.approx(before.t, abs=1e-5) and gap.t > died
    assert [each.t for each in after] == pytest.approx([gap.t], abs=1e-5), "from then on it is watched anew"


def test_an_engine_that_has_gone_ends_the_watch_in_words(lab: Kept, caplog: pytest.LogCaptureFixture) -> None:
    def gone() -> bool:
        raise HostError("the Docker engine does not answer any more")

    with closing(lab.history) as history, Monitor(lab, history):
        lab.refresh = gone  # type: ignore[method-assign]
        lab.clock.sleep(BEAT + 1)
    assert len(lab.of(Watched)) == 1, "nobody says that it is watched"
    (said,) = (record.getMessage() for record in caplog.records)
    assert said == f"lab {lab.note.run} is not monitored any more: the Docker engine does not answer any more"


def test_a_broker_that_the_service_reboots_is_no_trouble(lab: Kept) -> None:
    def silent(broker: str) -> Trouble:
        return Trouble(t=1.0, who=f"broker {broker}", what="it has ended by itself: exit code 143")

    control = lab.note.control
    lab.note = lab.note.with_fields(control=replace(control, account=begin_reboot(control.account, "tokyo")))
    with closing(lab.history) as history:
        monitor = Monitor(lab, history)
        monitor.record(silent("tokyo"))
        monitor.record(silent("singapore"))
    assert lab.of(Trouble) == [silent("singapore")]


def test_its_own_lines_of_a_verb_have_its_door(lab: Kept) -> None:
    with closing(lab.history) as history, history.step(Reboot(broker="tokyo")):
        pass
    (step,) = lab.of(StepStarted)
    assert isinstance(step, StepStarted) and step.by == "monitor"


@pytest.fixture
def other(lab: Kept) -> Iterator[subprocess.Popen[str]]:
    """Another process that keeps the lab, or says that it does."""
    holding = "import fcntl, sys\nfile = open(sys.argv[1], 'a')\nfcntl.flock(file, fcntl.LOCK_EX)\nprint(flush=True)\n"
    words = [sys.executable, "-c", f"{holding}sys.stdin.read()", str(monitor_process.log_of(lab.note))]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_a_lab_has_one_monitor(lab: Kept, other: subprocess.Popen[str]) -> None:
    assert monitor_process.is_kept(lab.note)
    monitor_process.start(lab.note, {})  # there is nothing to start
    other.kill()
    other.wait()
    assert not monitor_process.is_kept(lab.note), "the lock goes with the process"


def test_its_beginning_is_awaited_until_a_line_tells_of_it(lab: Kept) -> None:
    with closing(lab.history) as history:
        monitor = Timer(0.05, lambda: history.record(Watched(t=1.0)))
        monitor.start()
        monitor_process.await_begin(lab.note)
        monitor.join()
    assert lab.of(Watched)


def test_its_end_is_awaited(lab: Kept, other: subprocess.Popen[str]) -> None:
    killer = Timer(0.05, other.kill)
    killer.start()
    monitor_process.await_end(lab.note)
    assert not monitor_process.is_kept(lab.note)
    killer.join()


def test_nobody_keeps_a_lab_that_has_gone(tmp_path: Path, lab: Kept) -> None:
    end_history(lab.note)
    monitor_process.start(lab.note, os.environ)
    assert not monitor_process.log_of(lab.note).exists()
    assert state_files.load("20260101-101010-aaaaaa", tmp_path) is None
    main("20260101-101010-aaaaaa")  # it finds nothing, and says nothing
