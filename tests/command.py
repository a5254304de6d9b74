"""The command line as a person uses it: a process of its own, with its runs and its state in a folder of the test."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from lab.cli import app
from lab.extras.api.client_settings import READY
from lab.runtime.clock import RealClock

MQLAB = str(Path(sys.executable).with_name("mqlab"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Runs mqlab with everything it writes under one folder."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def latest(self) -> Path:
        """Return the newest run's folder."""
        return (self.home / "runs" / "latest").resolve()

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **os.environ,
            "MQLAB_HOME": str(self.home),
            "MQLAB_STATE": str(self.state),
            "COLUMNS": "250",
            "MQLAB_OFFLINE": "",
            **more,
        }

    def __call__(self, *words: str | Path, seconds: float = 240, **more: str) -> Ended:
        """Run a command to its end."""
        process = self.start(*words, **more)
        return self.end_of(process, seconds)

    def inside(self, *words: str | Path, **more: str) -> Ended:
        """Run a command in this process: loading the lab for each takes most of the time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.chdir(self.folder):
            ended = CliRunner().invoke(app, [str(word) for word in words], env=self.environment(**more))
        assert isinstance(ended.exception, SystemExit | None), ended.exception
        return Ended(code=ended.exit_code, out=ended.stdout, err=ended.stderr)

    def start(self, *words: str | Path, **more: str) -> subprocess.Popen[str]:
        """Start a command; what it says on stderr is in the file that `said` reads."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._file(words, "stderr").open("w") as err:
            return subprocess.Popen(
                [MQLAB, *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
                env=self.environment(**more),
                cwd=self.folder,
            )

    def served(self, *words: str | Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
        """Start a command that serves the API, and return it once it is ready, with the settings that it prints."""
        process, settings = self.start(*words), dict[str, str]()
        assert process.stdout is not None
        for line in process.stdout:
            settings |= dict(re.findall(r"^export (\w+)=(\S+)$", line))
            if line.startswith(READY):
                break
        return process, settings

    def said(self, *words: str | Path) -> str:
        """Return what a started command has said on stderr up to now."""
        return self._file(words, "stderr").read_text()

    def program(self, text: str, *words: str) -> subprocess.Popen[str]:
        """Start a Python program in this folder, with this environment; all it says is its stdout."""
        return subprocess.Popen(
            [sys.executable, "-c", text, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(),
            cwd=self.folder,
        )

    def end_of(self, process: subprocess.Popen[str], seconds: float = 240) -> Ended:
        """Wait for a started command's end; one that does not end is made to, and the test fails."""
        assert isinstance(process.args, list)
        try:
            out, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.terminate()  # so that it cleans up, and keeps the logs of its brokers
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=120)
            process.kill()
            process.communicate()
            raise
        self._file(process.args[1:], "stdout").write_text(out)
        return Ended(code=process.returncode, out=out, err=self.said(*process.args[1:]))

    def wait_said(self, process: subprocess.Popen[str], text: str, seconds: float = 180) -> None:
        """Wait until a started command has said something."""
        assert isinstance(process.args, list)
        words = process.args[1:]
        RealClock().wait(lambda: text in self.said(*words) or process.poll() is not None, seconds)
        assert text in self.said(*words), self.said(*words)

    def _file(self, words: object, stream: str) -> Path:
        assert isinstance(words, list | tuple)
        return self.folder / ("-".join(Path(str(word)).name for word in words) + f".{stream}")


def plain(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without anything that points at an engine or at a lab."""
    return {key: value for key, value in environment.items() if not key.startswith(("DOCKER_", "MQLAB_"))}
