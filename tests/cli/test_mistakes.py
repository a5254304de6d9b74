"""Every likely mistake at the command line gets the error that lies in a file of its own, beside the command.

`python -m tests.cli.test_mistakes` writes the errors again; read the difference before you keep it.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from pathlib import Path

import pytest

from lab.base.shipped import shipped
from lab.check.scenarios import expectations
from lab.errors import InputError
from tests.command import Commands

FOLDER = Path(__file__).parent / "mistakes"
SHIPPED = shipped("scenarios")
BEGIN = "$ mqlab "
TWO = Path(__file__).parents[1] / "check" / "bad" / "topologies" / "two.yaml"
FILES = {  # that the commands may name
    "networks/orders.yaml": "scenario: orders\ntopology: two.yaml\nsteps: []\n",
    "networks/two.yaml": TWO.read_text("utf-8"),
}
NO_ENGINE = "tcp://127.0.0.1:9"  # where a command that asks for one too early fails


def answer(command: str, folder: Path) -> str:
    """Return a command and its error; it has exit code 2 and prints nothing else."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    ended = Commands(folder=folder).inside(*shlex.split(command), DOCKER_HOST=NO_ENGINE, MQLAB_RUNTIME="")
    assert (ended.code, ended.out) == (2, ""), (ended.code, ended.out, ended.err)
    said = ended.err.replace(str(SHIPPED), "SHIPPED").replace(str(folder), "FOLDER")
    return f"{BEGIN}{command}\n{re.sub('shipped: .*', 'shipped: …', said)}"


def command_of(file: Path) -> str:
    return file.read_text("utf-8").splitlines()[0].removeprefix(BEGIN)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.txt")), ids=lambda file: file.stem)
def test_a_mistake_gets_its_error_with_an_imperative(file: Path, tmp_path: Path) -> None:
    assert answer(command_of(file), tmp_path) == file.read_text("utf-8")
    _, problem, remedy, *_ = file.read_text("utf-8").splitlines()
    assert problem.startswith("mqlab: ")
    assert remedy.split()[0] in ("write", "run", "name", "set", "did", "leave", "remove")


def test_a_topology_gives_no_expectations_to_judge_by() -> None:
    with pytest.raises(InputError, match=r"two.yaml is a topology, and expects nothing\n  name a scenario's file"):
        expectations(str(TWO), {})


def test_with_json_a_mistake_is_on_stdout_too(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside("run", "tokyo-singapore", "--sed", "7", "--json")
    (problem,) = ended.json["problems"]
    assert (ended.code, problem["what"], problem["file"]) == (2, "run has no option --sed", None)
    assert problem["remedy"] == "write --seed\nrun mqlab run --help for its options"


if __name__ == "__main__":
    for file in sorted(FOLDER.glob("*.txt")):
        with tempfile.TemporaryDirectory() as folder:
            file.write_text(answer(command_of(file), Path(folder)), encoding="utf-8")
