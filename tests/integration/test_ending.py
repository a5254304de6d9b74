"""A lab ends whatever is in the way: a stranger on its networks or its store, a note that is damaged or lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

import docker
from lab import labs
from lab.emulation.engine import labels, removal
from lab.emulation.runtime import Emulation
from lab.emulation.state import NAME
from lab.errors import HostError
from lab.history import read
from lab.runtime import state_file as state_files
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from lab.runtime.state_file import new_run_id
from tests.command import Commands
from tests.integration.labs import ARTICLE, Engine, Quiet, host_of, left_of, opening_of, scenario_at, stranger
from tests.living.live_lab import LiveLab

pytestmark = [pytest.mark.docker, pytest.mark.release]


@pytest.fixture
def run(engine: Engine) -> Iterator[str]:
    """A run id of whatever a test makes; nothing of it is left."""
    run = new_run_id()
    yield run
    removal.remove(engine.client, run, RealClock())


def labelled(run: str, state: Path, *, detached: bool = True) -> dict[str, str]:
    owner = labels.of_lab(run, Owner.current(), detached=detached)
    return {**owner, **labels.places(state, state / run)}


def parts(engine: Engine, run: str, state: Path, *, detached: bool = True) -> None:
    """Make a network and a router that was never started: to its labels, a lab that has opened."""
    its = labelled(run, state, detached=detached)
    engine.client.networks.create(f"mqlab-{run}-region-tokyo", labels={**its, labels.ROLE: "network"})
    image = next(iter(engine.images.values())).router
    engine.client.containers.create(image, name=labels.router_name(run), labels={**its, labels.ROLE: "router"})


def test_a_detached_lab_whose_note_is_damaged_is_named_and_ends_in_spite_of_a_stranger(
    mqlab: Commands, engine: Engine
) -> None:
    assert mqlab("up", "one-way", "--detach").code == 0
    run = mqlab.latest.name
    try:
        with stranger(engine) as (its, _):
            network = f"mqlab-{run}-region-tokyo"
            engine.client.networks.get(network).connect(its)
            (mqlab.state / f"{run}.json").write_text('{"run": ')
            shown = mqlab("status")
            assert (shown.code, run in shown.out, f"mqlab down {run} ends the lab" in shown.out) == (0, True, True), (
                shown
            )
            (told,) = mqlab("status", "--json").json
            assert (told["run"], told["containers"], told["networks"]) == (run, 3, 3)
            for words in (("link", "cut"), ("logs", "tokyo", "--run", run[-6:]), ("env", run)):
                refused = mqlab(*words)
                assert (refused.code, f"lab {run}: its state file is lost or damaged" in refused.err) == (2, True), (
                    refused
                )
                assert f"end the lab: mqlab down {run}" in refused.err
            ended = mqlab("down", run[-6:], "--json")
            assert (ended.code, ended.json) == (0, {run: 6}), ended
            assert (
                f"{its.name} is not part of lab {run} and was disconnected from its network {network}; it still runs"
                in ended.err
            )
            its.reload()
            assert (its.status, list(its.attrs["NetworkSettings"]["Networks"])) == ("running", ["bridge"])
        assert left_of(engine.client, run) == []
        assert list(mqlab.state.glob("*")) == []
        assert {each.name for each in (mqlab.latest / "logs").iterdir()} == {"router.log", "tokyo.log", "singapore.log"}
        history = read(mqlab.latest / "history.jsonl")
        assert not history.complete and "the lab's state file was lost" in str(history.observations[-1])
    finally:
        mqlab("sweep", run)


def test_only_a_detached_lab_of_this_state_folder_counts_as_lost(engine: Engine, tmp_path: Path, run: str) -> None:
    parts(engine, run, tmp_path / "ours")
    with Emulation(os.environ) as its:
        (lost,) = its.lost_labs(tmp_path / "ours")
        assert (lost.run, lost.folder) == (run, None)
        assert its.lost_labs(tmp_path / "another's") == ()


def test_a_lab_in_the_foreground_is_not_lost_to_others(engine: Engine, tmp_path: Path, run: str) -> None:
    parts(engine, run, tmp_path, detached=False)
    with Emulation(os.environ) as its:
        assert its.lost_labs(tmp_path) == ()


def test_a_note_that_lacks_the_runtime_s_part_is_damaged(engine: Engine, tmp_path: Path, run: str) -> None:
    parts(engine, run, tmp_path)
    state_files.save(LiveLab().note.with_fields(run=run, runtime=NAME, own={"router": 7}), tmp_path)
    with Emulation(os.environ) as its:
        assert its.open_labs(tmp_path) == ()
        (lost,) = its.lost_labs(tmp_path)
        assert its.end_lost(lost, tmp_path).parts == 2
    assert list(tmp_path.glob("*.json")) == []


def test_a_program_ends_a_lab_whose_note_is_lost(engine: Engine, tmp_path: Path, run: str) -> None:
    parts(engine, run, tmp_path)
    assert labs.down(run, environment={**os.environ, "MQLAB_STATE": str(tmp_path)}) == 2
    assert left_of(engine.client, run) == []


def test_a_sweep_of_one_run_ends_that_one_alone(mqlab: Commands, engine: Engine, run: str) -> None:
    parts(engine, run, mqlab.state)
    other = new_run_id()
    parts(engine, other, mqlab.state)
    try:
        would = mqlab("sweep", run, "--dry-run", "--json")
        assert [each["run"] for each in would.json] == [run]
        swept = mqlab("sweep", run)
        assert (swept.code, f"removed lab {run}: 1 containers, 1 networks" in swept.out) == (0, True), swept
        assert left_of(engine.client, run) == []
        assert len(left_of(engine.client, other)) == 2
        again = mqlab("sweep", run)
        assert again.code == 2 and f"this engine has nothing of run {run}" in again.err
        both = mqlab("sweep", run, "--all")
        assert both.code == 2 and "RUN and --all exclude each other" in both.err
    finally:
        removal.remove(engine.client, other, RealClock())


def test_a_store_that_a_stranger_uses_is_told_with_its_name(engine: Engine, tmp_path: Path, run: str) -> None:
    store = f"mqlab-{run}-singapore-store"
    engine.client.volumes.create(store, labels={**labelled(run, tmp_path), labels.ROLE: "store"})
    image = next(iter(engine.images.values())).router
    its = engine.client.containers.create(image, name=f"mqlab-test-{run}-user", volumes=[f"{store}:/mnt"])
    try:
        with pytest.raises(HostError) as caught:
            removal.remove(engine.client, run, RealClock())
        assert f"the container {its.name}, which is not part of the lab, uses {store}" in caught.value.what
        assert f"mqlab sweep {run}" in caught.value.remedy and "--all" not in caught.value.remedy
    finally:
        its.remove(force=True)


class Forgetful:
    """A client of an engine that gives networks no default route of their own, as Podman does."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    @property
    def networks(self) -> Any:
        return ForgetfulNetworks(self._client.networks)


class ForgetfulNetworks(Forgetful):
    def create(self, name: str, **options: Any) -> Any:
        for pool in options["ipam"]["Config"]:
            pool.pop("AuxiliaryAddresses")
        return self._client.create(name, **options)


def test_a_lab_whose_brokers_would_get_out_past_the_router_is_closed_at_once(engine: Engine, tmp_path: Path) -> None:
    scenario, plan = scenario_at(ARTICLE)
    opening, told = opening_of(scenario, plan, tmp_path), Quiet()
    host = replace(host_of(engine), client=cast(docker.DockerClient, Forgetful(engine.client)))
    with pytest.raises(HostError, match=r"default route 10\.\S+ instead of the router's"), host.open(opening, told):
        pytest.fail("it opened with a way past the router")
    assert not any(stage.startswith("check-link") for stage in told.stages), "nothing else is waited for"
    assert left_of(engine.client, opening.run) == []
