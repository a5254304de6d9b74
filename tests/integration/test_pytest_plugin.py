"""The pytest plugin with real brokers: the example's suite, its own clients too, and a lab that is used again."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import Commands
from tests.docs.pages import ROOT
from tests.pytest_plugin.conftest import PLUGIN

pytestmark = [pytest.mark.docker, pytest.mark.release]

LEFT = """
RUNS = set()


def test_something_is_left(mqlab):
    RUNS.add(mqlab.run)
    mqlab.impair(delay="50ms")
    mqlab.connect("tokyo").publish("1.08", topic="prices.eur", retained=True)
    mqlab.connect("tokyo", over="stomp").publish("left", queue="left.behind")


def test_nothing_is_left(mqlab):
    RUNS.add(mqlab.run)
    assert len(RUNS) == 1
    counted = [each for each in mqlab.snapshot("now") if each.kind == "counted"]
    assert [each.name for each in counted if each.counters.get("queued")] == []
    assert "topic://prices.eur" not in [each.name for each in counted]
    assert mqlab.links()[0].impairment == "delay 35.3ms"


def test_a_user_renews_the_lab(mqlab):
    mqlab.create_user("tokyo", "audit", "over-the-ocean-1858")


def test_it_is_another_one(mqlab):
    assert mqlab.run not in RUNS
"""

AGAIN = """
def test_again(mqlab_lab):
    assert mqlab_lab.run == {run!r}
    assert mqlab_lab.links()[0].state == "open"
    mqlab_lab.cut()
"""

RENEWED = """
def test_renewed(mqlab_lab):
    assert mqlab_lab.run != {run!r}
    assert mqlab_lab.links()[0].state == "open"
"""


def run(mqlab: Commands, folder: Path, *words: str) -> str:
    """Run pytest as a person does, on real brokers that stay for the next time; return what it says."""
    asked = [*PLUGIN, "-q", "--mqlab-runtime", "emulation", "--mqlab-require-docker", "--mqlab-reuse", *words]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *asked],
        cwd=folder,
        env={name: value for name, value in mqlab.environment().items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_examples_suite_passes_with_real_brokers_and_its_own_clients(mqlab: Commands) -> None:
    folder = mqlab.folder / "orders"
    shutil.copytree(ROOT / "examples" / "orders", folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (folder / "tests" / "test_left.py").write_text(LEFT)
    try:
        said = run(mqlab, folder)
        (staying,) = re.findall(r"lab (\S+) stays", said)
        assert "11 passed" in said
        assert [each.stem for each in mqlab.state.glob("*.json")] == [staying], "the one before the renewal has gone"
        (folder / "tests" / "test_again.py").write_text(AGAIN.format(run=staying))
        for _ in range(2):
            assert "1 passed" in run(mqlab, folder, "tests/test_again.py")
        assert mqlab("link", "cut").code == 0
        (folder / "tests" / "test_renewed.py").write_text(RENEWED.format(run=staying))
        assert "1 passed" in run(mqlab, folder, "tests/test_renewed.py")
    finally:
        assert mqlab("down", "--all").code == 0
    assert list(mqlab.state.iterdir()) == []
