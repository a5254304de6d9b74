import json
import stat
from dataclasses import replace
from pathlib import Path

from lab.emulation import state
from lab.emulation.engine.labels import Owner
from lab.emulation.state import BrokerState, InstanceState, LabState
from lab.operating import Control
from lab.plan.values import Plan
from tests.amazonmq.account.test_maintenance import waiting


def _lab(run: str) -> LabState:
    empty = Plan(topology="t", seed=1, regions=(), links=(), brokers=(), bridges=(), actions=())
    instance = InstanceState(
        broker="tokyo", name="tokyo", number=1, container="c", address="10.0.0.1", ports={"mqtt": 1}, management_port=2
    )
    broker = BrokerState(instances=(instance,), management_password="hush-hush")
    return LabState(
        run=run,
        scenario="s",
        plan=empty,
        folder="/f",
        ca_file="/f/ca.pem",
        router="r",
        networks={"tokyo": "10.0.0.0/27"},
        brokers={"tokyo": broker},
        owner="h/b/1/1",
        detached=True,
    )


def test_a_lab_is_found_again_and_forgotten(tmp_path: Path) -> None:
    state.save(_lab("r-1"), tmp_path)
    state.save(_lab("r-2"), tmp_path)
    assert [each.run for each in state.load_all(tmp_path)] == ["r-1", "r-2"]
    assert state.load_all(tmp_path)[0] == _lab("r-1")
    state.forget("r-1", tmp_path)
    state.forget("r-1", tmp_path)
    assert [each.run for each in state.load_all(tmp_path)] == ["r-2"]


def test_only_what_has_surely_gone_is_off_the_list() -> None:
    here = Owner.current()
    dead = str(replace(here, started=1))
    labs = [
        replace(_lab("swept"), engine="one"),
        replace(_lab("there"), engine="one"),
        replace(_lab("elsewhere"), engine="other"),  # DOCKER_HOST named another engine when it was opened
        replace(_lab("unsaid"), engine=""),
        replace(_lab("standing"), engine="one", detached=False, owner=str(here)),
        replace(_lab("killed"), engine="one", detached=False, owner=dead),
    ]
    assert state.gone(labs, {"there"}, "one", here) == ("swept", "killed")


def test_what_a_killed_writer_has_left_goes(tmp_path: Path) -> None:
    state.save(_lab("r-1"), tmp_path)
    for run in ("r-1", "r-2"):
        (tmp_path / f"{run}.part").write_text("half of a secret")
    state.forget("r-1", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["r-2.part"]
    state.forget_parts(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "labs"
    state.save(_lab("r-1"), folder)
    assert stat.S_IMODE((folder / "r-1.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(json.dumps({"run": "old"}))
    assert state.load_all(tmp_path) == ()


def test_its_printed_form_has_no_secret() -> None:
    assert "hush-hush" not in repr(_lab("r-1"))


def test_the_folder_follows_the_environment() -> None:
    assert state.state_folder({"MQLAB_STATE": "/a"}) == Path("/a")
    assert state.state_folder({"XDG_STATE_HOME": "/b"}) == Path("/b/mqlab/labs")
    assert state.state_folder({"HOME": "/h"}) == Path("/h/.local/state/mqlab/labs")


def test_what_a_command_left_of_the_service_is_there_for_the_next(tmp_path: Path) -> None:
    control = Control(account=waiting())
    state.save(replace(_lab("r-1"), control=control), tmp_path)
    found = state.load("r-1", tmp_path)
    assert found is not None
    assert found.control == control
