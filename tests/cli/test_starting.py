"""A command loads what it uses and nothing else: measured in modules, which is what its start takes its time for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.base.extras import extras
from lab.cli import commands, load
from tests.command import Commands

ROOT = Path(__file__).parents[2]
ENGINE = {"docker", "httpx", "jgo", "psutil", "requests", "testcontainers"}
CLIENTS = {"paho", "proton", "stomp", "websocket"}
EVERYTHING = ENGINE | CLIENTS | {"cryptography", "jinja2", "lxml", "pydantic", "re2", "rich", "yaml"}
LOADED = """
import sys
from lab.cli import main
try:
    main()
finally:
    print(*sorted(each for each in sys.modules if "." not in each or each.startswith("lab.")), file=sys.stderr)
"""


def loaded(*words: str | Path) -> set[str]:
    """Run a command to its good end, and return the modules that were loaded by then."""
    command = [sys.executable, "-c", LOADED, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


def test_the_list_of_commands_loads_none_of_them() -> None:
    found = loaded("--help")
    assert {each for each in found if each.startswith("lab.")} <= {
        "lab.cli",
        "lab.base",
        "lab.base.dataclass",
        "lab.base.extras",
        "lab.base.interrupts",
        "lab.base.version",
        "lab.errors",
        "lab.extras",
        *(f"lab.extras.{name}" for name in extras()),
    }
    assert not found & (EVERYTHING - {"rich"})


def test_the_version_is_told_without_any_library_but_typer() -> None:
    assert not loaded("--version") & EVERYTHING


def test_a_scenario_is_checked_without_what_labs_and_reports_need() -> None:
    found = loaded("check", "tokyo-singapore")
    assert not found & (ENGINE | CLIENTS | {"cryptography", "jinja2", "msgspec", "rich"})
    assert not {
        each
        for each in found
        if each.startswith(("lab.plan.planning", "lab.history", "lab.emulation", "lab.declare.recordings"))
    }
    kinds = ("lab.declare.steps.links", "lab.declare.steps.network", "lab.declare.expectations.states")
    assert not found & set(kinds)  # which the file does not name


@pytest.mark.release
@pytest.mark.parametrize(
    "words",
    [
        ("plan", "one-way"),
        ("render", "one-way", "--broker", "tokyo"),
        ("schema", "scenario"),
        ("schema", "history"),
        ("scenarios",),
        ("history", ROOT / "tests" / "judge" / "all-passed" / "history.jsonl"),
        ("judge", ROOT / "tests" / "judge" / "all-passed" / "history.jsonl"),
    ],
    ids=lambda words: "-".join(str(word) for word in words[:2] if not isinstance(word, Path)),
)
def test_what_needs_no_lab_does_without_its_libraries(words: tuple[str | Path, ...]) -> None:
    assert not loaded(*words) & (ENGINE | CLIENTS | {"cryptography"})


def test_a_scenario_is_simulated_without_what_reaches_real_brokers(tmp_path: Path) -> None:
    found = loaded("run", "tokyo-singapore", "--runtime", "simulation", "--runs", tmp_path)
    assert not found & (ENGINE | CLIENTS | {"cryptography", "ssl"})


def test_a_program_that_simulates_loads_nothing_for_terminals_pages_and_processes(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from lab import labs\n"
        "with labs.up('tokyo-singapore', runtime='simulation', runs=pathlib.Path(sys.argv[1]), environment={}): pass\n"
        "print(*sys.modules)"
    )
    command, environment = [sys.executable, "-c", code, str(tmp_path)], {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert not found & (ENGINE | CLIENTS | {"cryptography", "jinja2", "rich", "ssl", "subprocess", "typer"})
    assert not found & {"lab.judge", "lab.replay", "lab.extras.vary"}
    assert {each for each in found if each.startswith("lab.report.")} == {"lab.report.run_folder"}


@pytest.mark.parametrize("name", commands())
def test_the_list_says_of_each_command_what_it_says_of_itself(name: str) -> None:
    first, _, _ = load(name).help.partition("\n\n")
    assert commands()[name][1] == " ".join(first.split())


def test_a_mistyped_command_is_compared_with_all_there_are() -> None:
    command = [sys.executable, "-c", "from lab.cli import main; main()", "chek"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "write mqlab check" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("of", "described"),
    [("scenario", "The seed of all random choices in a run."), ("history", "A subscription ended.")],
)
def test_a_schema_has_its_descriptions_also_if_python_runs_without_docstrings(of: str, described: str) -> None:
    command = [sys.executable, "-OO", "-B", "-c", "from lab.cli import main; main()", "schema", of]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f'"description": "{described}"' in done.stdout


@pytest.mark.parametrize("words", [(), ("up",), ("env",), ("broker",), ("broker", "update"), ("user", "update")])
def test_an_option_that_takes_no_value_has_no_type(words: tuple[str, ...], tmp_path: Path) -> None:
    shown = Commands(folder=tmp_path).inside(*words, "--help")
    assert (shown.code, "--help" in shown.out, "<bool>" in shown.out) == (0, True, False)
