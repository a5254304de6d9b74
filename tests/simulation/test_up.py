"""A simulated lab in a program: its verbs, clients and waits drive virtual time; no other process reaches it."""

from __future__ import annotations

import gc
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab import labs
from lab.errors import InputError, LabTimeout
from lab.judge import judge_whole


def test_a_program_drives_a_simulated_lab(tmp_path: Path) -> None:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as lab:
        with lab.connect("singapore", "mqtt") as there, lab.connect("tokyo", "mqtt") as here:
            there.subscribe(topic="prices.eur")
            lab.wait(lambda: lab.demand("tokyo", topic="prices.eur"), within=60)
            here.publish("hello", topic="prices.eur")
            found = there.receive(within=5)
            assert found is not None and found.body == b"hello"
        lab.cut()
        begun = time.monotonic()
        lab.wait(lambda: not lab.bridged("connector_tokyo_to_singapore"), within=120)
        assert time.monotonic() - begun < 60  # of the wall clock, however long the partition
        assert lab.status().links[0].states == ("cut", "cut")
        assert lab.status().bridges[0].why_not == "the link tokyo-singapore is cut"
        lab.heal()
        lab.wait(lambda: lab.bridged("connector_tokyo_to_singapore"), within=60)
        with pytest.raises(InputError, match="no address"):
            lab.lab.endpoint("tokyo", "mqtt", "testuser", "someone")
        folder = Path(lab.lab.note.folder)
    assert judge_whole(folder / "history.jsonl").report.runtime == "simulation"
    assert "Apache ActiveMQ 5.18.3 (tokyo, ID:tokyo" in (folder / "logs" / "tokyo.log").read_text()


def test_a_simulated_lab_cannot_stay_and_a_command_offers_none(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="cannot stay"),
        labs.up("tokyo-singapore", runtime="simulation", detach=True, runs=tmp_path, environment={}),
    ):
        pass
    from lab.cli import app

    ended = CliRunner().invoke(app, ["up", "tokyo-singapore"], env={"MQLAB_RUNTIME": "simulation"})
    assert ended.exit_code == 2
    assert "has no ports, and other commands" in ended.output
    for how in (["--runtime", "simulation"], ["--runtime", "real"]):
        ended = CliRunner().invoke(app, ["up", "tokyo-singapore", *how], env={"MQLAB_RUNTIME": ""})
        assert ended.exit_code == 2
        assert (
            "has no ports, and other commands" if how[1] == "simulation" else 'no runtime named "real"'
        ) in ended.output


def test_an_empty_name_of_a_runtime_in_the_environment_is_none() -> None:
    from lab.cli import app

    ended = CliRunner().invoke(app, ["check", "tokyo-singapore"], env={"MQLAB_RUNTIME": ""})
    assert ended.exit_code == 0, ended.output


def test_labs_that_close_in_the_order_in_which_they_opened_leave_python_as_it_was(tmp_path: Path) -> None:
    before = gc.get_threshold()
    with ExitStack() as second:
        with ExitStack() as first:
            first.enter_context(labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path / "1", environment={}))
            seldom = gc.get_threshold()
            second.enter_context(labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path / "2", environment={}))
        assert gc.get_threshold() == seldom
    assert gc.get_threshold() == before


@pytest.mark.parametrize("threshold", [0, 1_000_000], ids=["never", "more seldom"])
def test_a_program_that_looks_for_garbage_more_seldom_goes_on_so(threshold: int, tmp_path: Path) -> None:
    before = gc.get_threshold()
    gc.set_threshold(threshold)
    try:
        with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}):
            assert gc.get_threshold()[0] == threshold
        assert gc.get_threshold()[0] == threshold
    finally:
        gc.set_threshold(*before)


def test_a_moved_clock_opens_only_the_windows_that_it_passes(tmp_path: Path) -> None:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as lab:
        for broker, window in (("tokyo", "sunday 03:00 UTC"), ("singapore", "sunday 04:00 UTC")):
            lab.update_broker(broker, window=window)
            lab.update_user(broker, "testuser", console_access=False)

        def waits() -> list[bool]:
            return [broker.has_pending for broker in lab.account.brokers]

        lab.move_clock(before="tokyo", by="1s")
        assert waits() == [True, True]
        assert f"{lab.now:%A %H:%M:%S}" == "Sunday 02:59:59"
        lab.move_clock(before="singapore", by="1s")
        assert waits() == [False, True]
        with pytest.raises(LabTimeout):
            lab.wait(lambda: False, within=2)
        lab.move_clock(to=lab.now + timedelta(seconds=1))
        assert waits() == [False, False]
