"""The examples of the documentation work: files are loaded and checked, commands are run and say what is shown."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lab.check.scenario import check
from lab.cli import app
from lab.declare.loading import load

from .pages import ROOT, Block, Shown, blocks, fits, same_shape, shown
from .translations import translations

MQLAB = Path(sys.executable).with_name("mqlab")
PASSWORDS = {"BRIDGE_PASSWORD": "over-the-ocean-1858"}
PLAIN = [block for block in blocks("console") if not {"docker", "mosquitto", "api"} & set(block.words)]
# Every destination and client that a fragment of a page may speak of.
FRAME = """
scenario: a fragment
topology: topologies/tokyo-singapore.yaml
steps:
{steps}
expect:
{expect}
"""
STEPS = """
- subscribe: {client: tk, broker: tokyo, over: mqtt, topic: prices.eur}
- subscribe: {client: sg, broker: singapore, over: mqtt, topic: prices.eur}
- publish: {broker: tokyo, over: mqtt, topic: prices.eur}
"""
EXPECT = "- delivered: {promise: at-least-once}"


def ours(block: Block) -> str:
    return block.id


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """Return a copy of the shipped scenarios, to write files beside."""
    return Path(shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios"))


@pytest.mark.parametrize("block", blocks("yaml", "scenario"), ids=ours)
def test_a_scenario_shown_has_no_problem(block: Block, scenarios: Path) -> None:
    shown_file = scenarios / "shown.yaml"
    shown_file.write_text(block.text)
    scenario = load(shown_file, environment={})
    assert check(scenario) == ()
    for name in block.words[2:]:
        assert scenario.declared() == load(scenarios / f"{name}.yaml", environment={}).declared()


@pytest.mark.parametrize("block", blocks("yaml", "topology"), ids=ours)
def test_a_topology_shown_has_no_problem(block: Block, scenarios: Path) -> None:
    (scenarios / "topologies" / "shown.yaml").write_text(block.text)
    broker = next(iter(yaml.safe_load(block.text)["brokers"]))
    scenario = scenarios / "shown.yaml"
    user = next(iter(yaml.safe_load(block.text)["brokers"][broker]["users"]))
    scenario.write_text(
        "scenario: shown\ntopology: topologies/shown.yaml\nsteps:\n"
        f"  - publish: {{broker: {broker}, over: mqtt, topic: a, user: {user}}}\n"
    )
    loaded = load(scenario, environment=PASSWORDS)
    assert check(loaded) == ()
    for name in block.words[2:]:
        shipped = load(scenarios / f"{name}.yaml", environment={})
        assert loaded.declared()["topology"] == shipped.declared()["topology"]


@pytest.mark.parametrize("block", [*blocks("yaml", "steps"), *blocks("yaml", "expect")], ids=ours)
def test_a_fragment_shown_has_no_problem(block: Block, scenarios: Path) -> None:
    parts = {"steps": STEPS, "expect": EXPECT}
    parts[block.words[1]] = block.text if block.words[1] == "expect" else STEPS + block.text
    path = scenarios / "shown.yaml"
    path.write_text(FRAME.format(**parts))
    assert check(load(path, environment={})) == ()


@pytest.mark.release
@pytest.mark.parametrize("block", PLAIN, ids=ours)
def test_a_command_shown_says_what_is_shown(block: Block, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    # The one run there is: whoever asks for a run means this.
    shutil.copytree(ROOT / "tests/judge/lost-in-a-cut", tmp_path / ".mqlab/runs/20260821-101500-a1b2")
    for each in shown(block):
        if each.command.startswith("cat "):
            (tmp_path / each.command.split()[1]).write_text(each.output)
            continue
        found = inside(each.command, tmp_path)
        assert fits(each.output, found), f"$ {each.command}\n{found}"


@pytest.mark.release
@pytest.mark.docker
@pytest.mark.xdist_group("docs")
def test_the_commands_of_each_page_that_need_docker_do_what_is_shown(tmp_path: Path) -> None:
    """In the pages' order, each page in a folder of its own: a later command speaks of the lab of an earlier one.

    Translated pages show the same blocks as the English ones, as `test_translations` tests, and are left out.
    """
    translated = {translation.page.relative_to(ROOT).as_posix() for translation in translations()}
    needing = [
        block
        for block in blocks("console")
        if {"docker", "mosquitto"} & set(block.words) and block.page not in translated
    ]
    for page in dict.fromkeys(block.page for block in needing):
        folder = tmp_path / page.replace("/", "-")
        folder.mkdir()
        try:
            for block in (block for block in needing if block.page == page):
                _follow(block, folder)
        finally:
            run("mqlab down --all", folder, environment(folder))


def _follow(block: Block, folder: Path) -> None:
    """Do what a block shows."""
    if "mosquitto" in block.words:
        if shutil.which("mosquitto_pub") and shutil.which("mosquitto_sub"):
            _two_clients(shown(block), folder)
        return
    for each in shown(block):
        found = run(each.command, folder, environment(folder))
        assert same_shape(each.output, found), f"$ {each.command}\n{found}"


def _two_clients(commands: list[Shown], folder: Path) -> None:
    """After the first command, let the second listen while the third sends, again and again until it was heard."""
    first, listening, sending = (each.command.removesuffix("&") for each in commands)
    its = environment(folder)
    with subprocess.Popen(
        _in_a_shell(first, listening), cwd=folder, env=its, stdout=subprocess.PIPE, text=True
    ) as listener:
        try:
            for _ in range(20):
                subprocess.run(_in_a_shell(first, sending), cwd=folder, env=its, check=True, timeout=60)
                try:
                    out, _ = listener.communicate(timeout=1)
                except subprocess.TimeoutExpired:
                    continue
                assert out == commands[-1].output
                return
            raise AssertionError(f"nothing was heard: {listening}")
        finally:
            listener.kill()


def _in_a_shell(first: str, then: str) -> list[str]:
    return ["bash", "-c", f"{first.replace('mqlab', str(MQLAB))}; exec {then}"]


def inside(command: str, folder: Path) -> str:
    """Run a command as `run` does, but in this process: loading the lab for each takes most of the time."""
    name, *words = shlex.split(command)
    assert name == "mqlab", command
    its = environment(folder)
    with contextlib.chdir(folder):
        ended = CliRunner().invoke(app, words, env={**dict.fromkeys(os.environ), **its}, prog_name="mqlab")
    assert isinstance(ended.exception, SystemExit | None), ended.exception  # a process would print its traceback
    return ended.output


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a command as a page shows it, and give all it says, as a terminal would mix it."""
    words = shlex.split(command)
    if words[0] == "make":
        words = shlex.split(_recipe(words[1]))
    assert Path(words[0]).name == "mqlab", command
    done = subprocess.run(
        [MQLAB, *words[1:]],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.stdout


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which a command keeps everything in a folder and sees nothing of other labs."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("MQLAB_") or key == "MQLAB_CACHE"}
    own.pop("COLUMNS", None)
    return {**own, "MQLAB_STATE": str(folder / "state")}


def _recipe(target: str) -> str:
    """Ask make what it would run for a target, once everything it needs is there."""
    command = ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "-o", "engine", "-o", "images", target]
    # These tests may themselves be run by make, whose flags are not this one's.
    own = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    said = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=True, timeout=30).stdout
    return said.strip().splitlines()[-1]
