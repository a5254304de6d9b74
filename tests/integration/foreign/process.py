"""A process of applications, for tests that give it commands and read its lines."""

from __future__ import annotations

import os
import subprocess
import threading

from tests.integration.labs import eventually


class Process:
    """A process of applications of one library at one broker, and the lines that it wrote."""

    def __init__(self, command: list[str], login: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, env={**os.environ, **login}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self.lines.extend(line.rstrip("\n") for line in self._process.stdout)

    def do(self, *words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()

    def until(self, line: str) -> None:
        """Wait until it wrote a line."""
        assert eventually(lambda: line in self.lines, 20), f"{line} is not among {self.lines}"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
