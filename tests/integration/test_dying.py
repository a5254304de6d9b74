"""A run that dies reports what was seen until then, names its folder and the cause, and leaves nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.base.shipped import shipped
from lab.emulation.engine.labels import router_name
from lab.history import Sent, read
from tests.command import Commands
from tests.integration.labs import Engine, eventually, left_of

pytestmark = [pytest.mark.docker, pytest.mark.release]


def test_a_run_whose_router_is_killed(mqlab: Commands, engine: Engine) -> None:
    words = ("run", "cut-and-heal")
    process = mqlab.start(*words)
    history = mqlab.home / "runs" / "latest" / "history.jsonl"
    assert eventually(lambda: history.exists() and '"verb":"wait"' in history.read_text(), 180), mqlab.said(*words)
    engine.client.containers.get(router_name(mqlab.latest.name)).kill()
    ended = mqlab.end_of(process)
    assert ended.code == 3, ended
    assert "the router has ended: exit code 137" in ended.err
    assert f"the events until then: {mqlab.latest}" in ended.err
    assert "could not be closed" not in ended.err and "Traceback" not in ended.err
    assert "a cut that heals: unknown" in ended.out, "what was seen until then is reported"
    assert json.loads((mqlab.latest / "report.json").read_text())["outcome"] == "unknown"
    assert read(mqlab.latest / "history.jsonl").observations, "and kept"
    assert left_of(engine.client, mqlab.latest.name) == []


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A disk that is full soon."""
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", tiny]).returncode:
        pytest.skip("only root may mount a small disk")
    yield tiny
    subprocess.run(["umount", tiny], check=True)


def test_a_run_whose_disk_is_full(mqlab: Commands, engine: Engine, tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped("scenarios"), tmp_path / "scenarios")
    scenario = tmp_path / "scenarios" / "one-way.yaml"
    scenario.write_text(scenario.read_text().replace("count: 10", "count: 20000"))
    ended = mqlab("run", str(scenario), MQLAB_HOME=str(tiny))
    folder = (tiny / "runs" / "latest").resolve()
    assert ended.code == 3, ended
    assert f"the disk is full, or its quota: {folder} cannot be written" in ended.err
    assert "could not be closed" not in ended.err and "Traceback" not in ended.err
    assert f"not every log of lab {folder.name} could be kept" in ended.err
    assert "one way only: unknown" in ended.out, "what was seen until then is reported"
    assert sum(isinstance(each, Sent) for each in read(folder / "history.jsonl").observations) > 100
    assert left_of(engine.client, folder.name) == []
    assert list(mqlab.state.glob("*")) == []
    looked = mqlab("doctor", "--json", MQLAB_HOME=str(tiny))
    (disk,) = (each for each in looked.json if each["what"] == "disk of the runs")
    assert (looked.code, disk["ok"], str(tiny) in disk["found"]) == (3, False, True), disk
