"""Runtimes are known by name, and what one needs is loaded when it is asked for; commands ask all there are."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from lab import labs
from lab.check.scenarios import plan_named
from lab.errors import HostError, InputError
from lab.history import read
from lab.judge import Outcome, judge_file
from lab.operating.runtimes import USUAL, AllRuntimes, runtime
from lab.plan.values import Plan
from lab.runtime import state_file as state_files
from lab.runtime.progress import Logged
from lab.runtime.runtime import Sweep
from tests.living.live_lab import LiveLab
from tests.runtime.memory import Memory

LOADED = "import sys, lab.labs, lab.cli.up; print({'docker', 'lab.emulation'} & sys.modules.keys())"
NO_ENGINE = HostError("no engine answers", "start it")


def noted(folder: Path, run: str, runtime: str) -> None:
    state_files.save(LiveLab().note.with_fields(run=run, runtime=runtime), folder)


def test_the_usual_runtime_has_the_name_that_notes_and_histories_have() -> None:
    assert runtime(USUAL, {}).name == USUAL


def test_a_name_that_no_runtime_has_is_refused() -> None:
    with pytest.raises(InputError, match='no runtime named "steam"\n  write emulation or simulation'):
        runtime("steam", {})


def test_what_opens_labs_is_imported_without_an_engine() -> None:
    said = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=120)
    assert said.stdout.strip() == "set()"


def test_the_labs_of_all_runtimes_are_found_the_oldest_first(tmp_path: Path) -> None:
    for run, of in (("20260101-101011-aaaaaa", "one"), ("20260101-101010-aaaaaa", "two"), ("x", "steam")):
        noted(tmp_path, run, of)
    with AllRuntimes({}, (Memory("one"), Memory("two"))) as its:
        found = its.labs(tmp_path)
        assert [note.run[:15] for note in found] == ["20260101-101010", "20260101-101011"]
        assert [its.of(note).name for note in found] == ["two", "one"]


def test_a_runtime_that_cannot_be_reached_and_has_no_lab_keeps_nobody_from_the_labs_of_another(tmp_path: Path) -> None:
    noted(tmp_path, "r", "one")
    with AllRuntimes({}, (Memory("none", unreachable=NO_ENGINE), Memory("one"))) as its:
        assert [note.run for note in its.labs(tmp_path)] == ["r"]


@pytest.mark.parametrize("of", ["none", None])
def test_labs_that_there_may_be_in_a_runtime_that_cannot_be_reached_are_not_passed_over(
    tmp_path: Path, of: str | None
) -> None:
    if of is not None:
        noted(tmp_path, "r", of)
    others = (Memory("one"),) if of is not None else ()
    with (
        AllRuntimes({}, (Memory("none", unreachable=NO_ENGINE), *others)) as its,
        pytest.raises(HostError, match="no engine answers"),
    ):
        its.labs(tmp_path)


def test_what_was_left_behind_is_that_of_all_runtimes(tmp_path: Path) -> None:
    with AllRuntimes({}, (Memory("one"), Memory("two"))) as its:
        assert its.sweep(tmp_path, Sweep(every=True)).alive == 0


def test_a_runtime_that_the_environment_names_by_mistake_is_refused_by_whoever_asks_all_of_them() -> None:
    with pytest.raises(InputError, match='MQLAB_RUNTIME: no runtime named "steam"\n  write emulation or simulation'):
        AllRuntimes({"MQLAB_RUNTIME": "steam"}, (Memory("one"),))


def test_a_simulation_needs_python_alone() -> None:
    with runtime("simulation", {}) as its:
        assert [(each.what, each.ok) for each in its.examine()] == [("simulation", True)]
        assert its.images(Logged(), versions=(), archive=None) == ()
        with pytest.raises(InputError, match="a simulation needs no images"):
            its.images(Logged(), versions=("5.18.3",), archive=None)


def test_a_run_is_swept_in_the_runtime_that_has_it(tmp_path: Path) -> None:
    two = Memory("two")
    with labs.up("one-way", runtime=two, runs=tmp_path) as lab, AllRuntimes({}, (Memory("one"), two)) as its:
        assert its.sweep(tmp_path, Sweep(run=lab.run, dry_run=True)).alive == 1
        with pytest.raises(InputError, match="nothing of run r is in one"):
            its.sweep(tmp_path, Sweep(run="r"))


def test_a_scenario_is_run_in_the_runtime_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='no runtime named "steam"'):
        labs.run("tokyo-singapore", runtime="steam", runs=tmp_path)


def test_a_scenario_is_run_in_the_runtime_that_is_handed_in(tmp_path: Path) -> None:
    ran = labs.run("tokyo-singapore", runtime=Memory(), runs=tmp_path)
    assert (ran.report.runtime, ran.report.outcome) == ("memory", Outcome.PASSED)


def test_what_is_set_is_told_in_the_plan_the_history_and_the_report(tmp_path: Path) -> None:
    changed = {"links.tokyo-singapore.delay": "70ms", "steps.3.count": "12", "expect.3.at-least": "70ms"}
    ran = labs.run("tokyo-singapore", runtime=Memory(), runs=tmp_path, set=changed)
    assert [each.expected for each in ran.report.deliveries] == [12, 10]
    assert ran.report.set == changed
    assert json.loads((ran.folder.path / "plan.json").read_text())["set"] == changed
    assert judge_file(ran.folder.history).set == changed
    with labs.up("tokyo-singapore", runtime=Memory(), runs=tmp_path, set=changed) as lab:
        assert read(lab.history.file.path).header.declared["set"] == changed


def test_a_lab_is_opened_in_the_runtime_that_is_handed_in(tmp_path: Path) -> None:
    memory = Memory()
    with labs.up("one-way", runtime=memory, runs=tmp_path) as lab:
        assert list(memory.labs) == [lab.run]
        lab.cut()
        assert lab.status().links[0].round_trip_ms is None
    assert memory.labs == {}


def test_a_lab_that_no_other_process_could_reach_is_not_left_open(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="a lab of the runtime memory cannot stay"),
        labs.up("one-way", runtime=Memory(), runs=tmp_path, detach=True),
    ):
        pass


def test_ports_that_were_asked_for_are_in_the_note_that_others_read(tmp_path: Path) -> None:
    with labs.up("tokyo-singapore", runtime=Memory(), runs=tmp_path, port_base=21000) as lab:
        state_files.save(lab.lab.note, tmp_path)
        kept = state_files.load(lab.run, tmp_path)
    assert kept is not None
    (first,), (second,) = (broker.instances for broker in kept.plan.brokers)
    assert (first.ports["openwire"], first.ports["mqtt"], second.ports["mqtt"]) == (21000, 21003, 21009)


def test_a_simulation_says_that_it_has_no_ports(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    its = plan_named("tokyo-singapore", {}, port_base=21000).plan
    runtime("simulation", {}).prepare(its, Logged())
    assert "the requested ports lead nowhere" in caplog.text


def test_a_run_that_could_not_be_noted_begins_no_run_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environment = {"MQLAB_STATE": str(tmp_path / "file" / "labs"), "MQLAB_HOME": str(tmp_path / "runs")}
    with pytest.raises(
        HostError, match=f"state files cannot be written in {tmp_path}/file/labs: Not a directory"
    ) as caught:
        labs.run("one-way", runtime=Memory(USUAL), environment=environment)
    assert "MQLAB_STATE" in caught.value.remedy and str(tmp_path / "runs") not in str(caught.value)
    assert not (tmp_path / "runs").exists()


def test_an_archive_alone_names_the_release_of_all_brokers(tmp_path: Path) -> None:
    file = tmp_path / "apache-activemq-5.17.9-bin.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("apache-activemq-5.17.9/LICENSE"), BytesIO())
    ran = labs.run("migration", runtime=Memory(), runs=tmp_path, activemq_archive=file, raising=False)
    assert set(ran.judged.evidence.header.activemq.values()) == {"5.17.9"}


class Newest(Memory):
    """A runtime that has newer releases than plans name, and one that is a mixture."""

    def settle(self, plan: Plan) -> Plan:
        return replace(plan, brokers=tuple(each.of_release("5.19.99") for each in plan.brokers))

    @property
    def mixed(self) -> Mapping[str, str]:
        return {"5.19.99": "STOMP is of 5.18.3"}


def test_a_history_and_its_report_say_which_release_ran(tmp_path: Path) -> None:
    ran = labs.run("one-way", runtime=Newest(), runs=tmp_path, raising=False)
    assert set(ran.judged.evidence.header.activemq.values()) == {"5.19.99"}
    assert "ActiveMQ 5.19.99 is not all of one release: STOMP is of 5.18.3." in ran.report.notes
