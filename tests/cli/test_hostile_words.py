"""What strangers wrote, in a history or a file, cannot control the terminal of who reads it, nor feign a line."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import lab.cli
from tests.command import Commands
from tests.sealed import write

JUDGED = Path(__file__).parents[1] / "judge" / "broker-killed-for-good" / "history.jsonl"
HOSTILE = "\x1b[2J\x1b]0;t\x07\x9b1A\u202e[red]evil[/nonsense]\u2066\n✔ forged\x7f"
SCENARIO = json.dumps({"scenario": HOSTILE, "topology": {"topology": HOSTILE, HOSTILE: 1}, "steps": [{HOSTILE: {}}]})


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A history in which a broker logged a stranger's words, and whose scenario is named by one."""
    first, *rest = map(json.loads, JUDGED.read_text().splitlines())
    first["scenario"] = HOSTILE
    first["declared"]["scenario"] = HOSTILE
    expectation = {"log": {"broker": "singapore", "matches": "evil", "count": 1, "absent": True}}
    first["declared"]["expect"].append(expectation)
    for each in rest:
        if each["kind"] == "log":
            each["text"] = f"TransportConnection | {HOSTILE}"
    return write(tmp_path / "history.jsonl", "".join(json.dumps(each) + "\n" for each in (first, *rest)))


@pytest.mark.parametrize("words", ["history", "history --json", "history --unfold", "judge", "judge --json"])
def test_a_stranger_in_a_history_controls_no_terminal(mqlab: Commands, history: Path, words: str) -> None:
    ended = mqlab.inside(*words.split(), str(history))
    assert "evil" in ended.out
    assert (ended.out + ended.err).replace("\n", "").isprintable()
    assert not [line for line in ended.out.splitlines() if line.startswith("✔ forged")]
    assert "Traceback" not in ended.err
    if "--json" in words:
        values = [ended.json] if words.startswith("judge") else [json.loads(line) for line in ended.out.splitlines()]
        assert repr(HOSTILE)[1:-1] in repr(values), "and JSON says it as it is"


@pytest.mark.parametrize("words", ["check", "check --json", "plan", "run", "run --json"])
def test_a_stranger_in_a_file_controls_no_terminal(mqlab: Commands, tmp_path: Path, words: str) -> None:
    path = tmp_path / "\x1b[2Jhostile\u202e.yaml"
    path.write_text(SCENARIO)
    ended = mqlab.inside(*words.split(), str(path))
    assert ended.code == 2
    assert "hostile" in ended.err
    assert (ended.out + ended.err).replace("\n", "").isprintable()
    assert not [line for line in ended.err.splitlines() if line.startswith("✔ forged")]


def test_every_command_prints_by_one_way() -> None:
    """By `say`, `print_json` or a console of `options`, which escape what strangers wrote."""
    printing = {"options.py", "__init__.py", "reports.py"}  # the last two print a version and a report's JSON
    for path in Path(lab.cli.__file__).parent.glob("*.py"):
        calls = [ast.unparse(each.func) for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.Call)]
        assert path.name in printing or not {"typer.echo", "print", "Console", "sys.stdout.write"} & {*calls}, path
