"""A bundle sets up mqlab where there is no network, and a scenario passes there in the simulation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.alone import inside
from tests.command import Commands
from tests.extras.bundles.bundles import wheelhouse
from tests.router.namespaces import unfit

_NO_NETWORK = "import socket, sys; sys.exit([name for _, name in socket.if_nameindex()] != ['lo'])"


@pytest.mark.release
@pytest.mark.netns
def test_a_bundle_installs_and_a_scenario_passes_without_network(tmp_path: Path) -> None:
    if reason := unfit():
        pytest.skip(reason)
    wheels = wheelhouse(tmp_path / "wheels")
    saved = Commands(folder=tmp_path).inside("bundle", "save", "mqlab.zip", "--wheels", wheels, "--offline", "--json")
    assert saved.code == 0, saved.err
    assert saved.json["size"] < 40e6
    assert not any("qpid" in path.name for path in wheels.iterdir())
    folder = tmp_path / "a b 日本語"
    shut = ("unshare", "--net", "--", sys.executable)
    assert subprocess.run([*shut, "-c", _NO_NETWORK], check=False).returncode == 0
    done = subprocess.run(
        [*shut, str(tmp_path / "mqlab.zip"), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ran = inside(folder / "venv", "mqlab", "run", "tokyo-singapore", "--runtime", "simulation", "--json", "--quiet")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["outcome"] == "passed"
