"""The note of a lab that stands: found by other processes."""

from __future__ import annotations

import json
import stat
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab.emulation import state
from lab.emulation.state import BrokerState, InstanceState, LabState
from lab.errors import HostError, InputError
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime import state_file as state_files
from lab.runtime.clock import Origin, boot
from lab.runtime.owner import Owner
from lab.runtime.state_file import StateFile
from lab.runtime.turns import turn
from tests.amazonmq.account.test_maintenance import waiting


def _lab(run: str, engine: str = "") -> StateFile:
    instance = InstanceState(
        broker="tokyo", name="tokyo", number=1, container="c", address="10.0.0.1", ports={"mqtt": 1}, management_port=2
    )
    where = LabState(
        ca_file="/f/ca.pem",
        router="r",
        networks={"tokyo": "10.0.0.0/27"},
        brokers={"tokyo": BrokerState(instances=(instance,), management_password="hush-hush")},
        engine=engine,
    )
    return StateFile(
        run=run,
        scenario="s",
        plan=Plan(topology="t", seed=1, regions=(), links=(), brokers=(), bridges=(), actions=()),
        control=Control(),
        folder="/f",
        owner="h/b/1/1",
        detached=True,
        opened=datetime(2026, 1, 1, tzinfo=UTC),
        origin=Origin(boot=boot(), monotonic=7.5),
        runtime="emulation",
        own=where.to_dict(),
    )


def test_a_lab_is_found_again_and_forgotten(tmp_path: Path) -> None:
    state_files.save(_lab("r-1"), tmp_path)
    state_files.save(_lab("r-2"), tmp_path)
    assert [each.run for each in state_files.load_all(tmp_path)] == ["r-1", "r-2"]
    assert state_files.load_all(tmp_path)[0] == _lab("r-1")
    state_files.forget("r-1", tmp_path)
    state_files.forget("r-1", tmp_path)
    assert [each.run for each in state_files.load_all(tmp_path)] == ["r-2"]


def test_of_several_labs_the_one_of_the_shells_variables_is_meant() -> None:
    labs, of_shell = [_lab("r-1"), _lab("r-2")], {"MQLAB_RUN": "r-2"}
    assert state_files.choose(labs, None, of_shell).run == "r-2"
    assert state_files.choose(labs, "r-1", of_shell).run == "r-1"
    for environment in ({}, {"MQLAB_RUN": ""}):
        with pytest.raises(InputError, match="more than one lab is running: name a run"):
            state_files.choose(labs, None, environment)


def test_the_shells_variable_may_have_the_beginning_or_the_end_of_a_run_id() -> None:
    labs = [_lab("20261127-210015-a45e64"), _lab("20261127-210020-b00000"), _lab("20261126-210020-c00000")]
    for part in ("a45e64", "20261127-210015", "20261127-210015-a45e64"):
        assert state_files.choose(labs, None, {"MQLAB_RUN": part}).run == "20261127-210015-a45e64"
    with pytest.raises(InputError, match=r'MQLAB_RUN of this shell, "20261127", fits.*\n.*whole run id(.|\n)*b00000'):
        state_files.choose(labs, None, {"MQLAB_RUN": "20261127"})
    with pytest.raises(InputError, match='no lab "45e6" is running, but MQLAB_RUN of this shell names it'):
        state_files.choose(labs, None, {"MQLAB_RUN": "45e6"})


def test_a_shell_that_has_outlived_its_lab_means_no_other_one() -> None:
    with pytest.raises(InputError, match=r'no lab "r-2" is running, but MQLAB_RUN of this shell names it(.|\n)*unset'):
        state_files.choose([_lab("r-1")], None, {"MQLAB_RUN": "r-2"})
    assert state_files.choose([_lab("r-1")], "r-1", {"MQLAB_RUN": "r-2"}).run == "r-1"


def test_what_its_runtime_wrote_is_for_the_runtime_alone(tmp_path: Path) -> None:
    simulated = _lab("r-1").with_fields(runtime="another", own={"anything": [1, {"else": None}]})
    state_files.save(simulated, tmp_path)
    assert state_files.load("r-1", tmp_path) == simulated


def test_processes_of_one_boot_have_one_clock() -> None:
    note = _lab("r-1")
    assert note.began == 7.5
    hour = note.with_fields(opened=datetime.now(UTC) - timedelta(hours=1))
    later = hour.with_fields(origin=Origin(boot="another", monotonic=7.5))
    assert abs(time.monotonic() - later.began - 3600) < 5


def test_only_what_has_surely_gone_is_off_the_list() -> None:
    here = Owner.current()
    dead = str(replace(here, started=1))
    labs = [
        _lab("swept", "one"),
        _lab("there", "one"),
        _lab("elsewhere", "other"),  # DOCKER_HOST named another engine when it was opened
        _lab("unsaid", ""),
        _lab("standing", "one").with_fields(detached=False, owner=str(here)),
        _lab("killed", "one").with_fields(detached=False, owner=dead),
        _lab("not ours", "one").with_fields(runtime="another"),
    ]
    assert state.ended_runs(labs, {"there"}, "one", here) == ("swept", "killed")


def test_what_a_killed_writer_has_left_goes(tmp_path: Path) -> None:
    state_files.save(_lab("r-1"), tmp_path)
    for run in ("r-1", "r-2"):
        (tmp_path / f"{run}.part").write_text("half of a secret")
    state_files.forget("r-1", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["r-2.part"]
    state_files.forget_parts(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "labs"
    state_files.save(_lab("r-1"), folder)
    assert stat.S_IMODE((folder / "r-1.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(json.dumps({"run": "old"}))
    (tmp_path / "new.json").write_text(json.dumps({"run": "new", "runtime": "emulation"}))
    (tmp_path / "half.json").write_text('{"run"')
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "odd.json").write_text(json.dumps({"run": True}))
    assert state_files.load_all(tmp_path) == ()


def test_its_printed_form_has_no_secret() -> None:
    note = _lab("r-1")
    assert "hush-hush" not in repr(note) and "hush-hush" not in repr(state.read(note))


def test_the_folder_follows_the_environment() -> None:
    assert state_files.note_folder({"MQLAB_STATE": "/a"}) == Path("/a")
    assert state_files.note_folder({"XDG_STATE_HOME": "/b"}) == Path("/b/mqlab/labs")
    assert state_files.note_folder({"HOME": "/h"}) == Path("/h/.local/state/mqlab/labs")


def test_what_a_command_left_of_the_service_is_there_for_the_next(tmp_path: Path) -> None:
    control = Control(account=waiting())
    state_files.save(_lab("r-1").with_fields(control=control), tmp_path)
    found = state_files.load("r-1", tmp_path)
    assert found is not None
    assert found.control == control


def test_without_a_home_folder_the_variable_is_named_and_a_look_finds_nothing(tmp_path: Path) -> None:
    assert state_files.note_folder({"HOME": "", "MQLAB_STATE": "/a"}) == Path("/a")
    assert state_files.note_folder({"HOME": "", "XDG_STATE_HOME": "/b"}) == Path("/b/mqlab/labs")
    with pytest.raises(HostError, match=r"no home folder, and HOME is not set\n.*MQLAB_STATE"):
        state_files.note_folder({"HOME": ""})
    state_files.save(_lab("r-1"), tmp_path)
    assert state_files.noted({"HOME": ""}) == ()
    assert [each.run for each in state_files.noted({"HOME": "", "MQLAB_STATE": str(tmp_path)})] == ["r-1"]


def test_a_folder_that_cannot_be_made_is_named_with_its_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "labs"
    for work in (
        state_files.make_folder,
        lambda its: state_files.save(_lab("r-1"), its),
        lambda its: turn("r-1", its).__enter__(),
    ):
        with pytest.raises(HostError) as caught:
            work(folder)
        assert caught.value.what == f"state files cannot be written in {folder}: Not a directory"
        assert "set MQLAB_STATE to a folder" in caught.value.remedy


def test_a_full_disk_of_the_notes_is_said_to_be_full(tmp_path: Path) -> None:
    (tmp_path / "r-1.part").symlink_to("/dev/full")
    with pytest.raises(HostError) as caught:
        state_files.save(_lab("r-1"), tmp_path)
    assert caught.value.what == f"the disk is full, or its quota: {tmp_path} cannot be written"
    assert "MQLAB_STATE" in caught.value.remedy
