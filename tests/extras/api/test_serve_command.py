"""The command `mqlab serve`: what it refuses, and what it prints to paste."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab.cli import app
from lab.extras.api.client_settings import environment, settings
from lab.extras.api.kept_account import KeptAccount, account_folder, load, save
from tests.command import Commands
from tests.living.notes import noted


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--runtime", "emulatoin"], "write emulation"),
        (["--runtime", "none", "--vpcs", "3"], "remove --vpcs"),
        (["--runtime", "simulation", "--brokers", "0"], "write --brokers 1, or up to 10"),
        (["--runtime", "none", "--shell", "fish"], "write one of bash, powershell, dotenv, terraform"),
        (["--runtime", "none", "--account", "../x"], "write --account x, with letters, digits"),
        (["--runtime", "none", "--access-key", "a b"], "write letters and digits"),
        (["--runtime", "none", "--reboot-time", "soon"], "--reboot-time"),
        (["--runtime", "none", "--endpoints", "local"], "which only real brokers have"),
    ],
)
def test_a_wrong_option_is_refused_with_a_remedy(options: list[str], words: str) -> None:
    outcome = CliRunner().invoke(app, ["serve", *options])
    assert (outcome.exit_code, words in " ".join(outcome.output.split())) == (2, True), outcome.output


@pytest.mark.parametrize("options", [["--runtime", "none"], ["--runtime", "simulation"], ["--empty"]])
def test_an_account_whose_lab_runs_has_no_other_brokers(options: list[str], tmp_path: Path) -> None:
    commands = Commands(folder=tmp_path)
    note = noted(commands, "20260101-000000-abcdef", detached=True)
    kept = KeptAccount(access_key="test", created=note.opened, run=note.run)
    save(kept, account_folder(commands.state, "default"))
    ended = commands("serve", *options)
    assert (ended.code, f"mqlab down {note.run}" in ended.err) == (2, True), ended
    assert load(account_folder(commands.state, "default")) == kept


def test_without_the_extra_the_command_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['uvicorn'] = None; from lab.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--runtime", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "pip install 'mqlab[api]'" in done.stderr) == (3, True), done.stderr


def test_the_settings_are_lines_of_each_shell_and_a_block_of_terraform() -> None:
    url = "http://127.0.0.1:4510"
    assert settings(url, "KEY", "bash").startswith(f"export AWS_ENDPOINT_URL={url}\nexport AWS_ACCESS_KEY_ID=KEY\n")
    assert settings(url, "KEY", "powershell").startswith(f'$env:AWS_ENDPOINT_URL = "{url}"\n')
    assert settings(url, "KEY", "dotenv").startswith(f"AWS_ENDPOINT_URL={url}\n")
    block = settings(url, "KEY", "terraform")
    assert (block.splitlines()[0], f'mq  = "{url}"' in block) == ('provider "aws" {', True)
    for shell in ("bash", "powershell", "dotenv"):
        rest = settings(url, "KEY", shell).splitlines()[len(environment(url, "KEY")) :]
        assert all(line.startswith("#") for line in rest)
