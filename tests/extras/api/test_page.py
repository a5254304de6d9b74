"""The blocks of docs/api.md work, by a server of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from lab.extras.api.serving import ServedHere
from tests.command import Commands
from tests.docs.pages import ROOT, blocks, fits, shown

PAGE = "docs/api.md"
FOLDER = Path(sys.executable).parent
BLOCKS = {
    language: [each for each in blocks(language, "api") if each.page == PAGE and "models" not in each.words]
    for language in ("console", "python")
}
BLOCKS["models"] = [each for each in blocks("console", "api") if each.page == PAGE and "models" in each.words]


def run(variables: Mapping[str, str], *command: str, folder: Path) -> str:
    paths = os.pathsep.join((str(FOLDER), os.environ["PATH"]))
    environment = {**os.environ, **variables, "PATH": paths, "HOME": str(folder), "AWS_PAGER": ""}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_lines_of_the_aws_command_line_say_what_is_shown(mqlab_api: ServedHere, tmp_path: Path) -> None:
    (block,) = BLOCKS["console"]
    for each in shown(block):
        output = run(mqlab_api.environment, "bash", "-c", each.command, folder=tmp_path)
        assert fits(each.output, output), f"$ {each.command}\n{output}"


def test_the_lines_on_models_say_what_is_shown(tmp_path: Path) -> None:
    commands = Commands(folder=tmp_path)
    process, said = commands.served("serve", "--runtime", "simulation", "--port", "0")
    try:
        (block,) = BLOCKS["models"]
        for each in shown(block):
            output = run(said, "bash", "-c", each.command, folder=tmp_path)
            assert fits(each.output, output), f"$ {each.command}\n{output}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_the_program_prints_what_is_said(mqlab_api: ServedHere, tmp_path: Path) -> None:
    program, _ = BLOCKS["python"]
    assert run(mqlab_api.environment, sys.executable, "-c", program.text, folder=tmp_path) == "2 brokerName\n"


def test_the_test_of_the_page_passes(pytester: pytest.Pytester) -> None:
    _, test = BLOCKS["python"]
    pytester.makepyfile(test.text)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_playbook_is_one() -> None:
    (play,) = yaml.safe_load((ROOT / "examples" / "amazon-mq" / "playbook.yaml").read_text("utf-8"))
    modules = [name for task in play["tasks"] for name in task if name != "register"]
    assert [name.rpartition(".")[2] for name in modules] == [
        "ec2_vpc_net",
        "ec2_vpc_subnet",
        "ec2_security_group",
        "mq_broker",
    ]
