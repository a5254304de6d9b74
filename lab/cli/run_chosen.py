"""The scenarios of one `mqlab run`: names, patterns for files, the failed ones of earlier runs, one part of many."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from glob import glob
from pathlib import Path

from lab.base.file_locks import folder_locked
from lab.base.shipped import shipped
from lab.base.text_files import STANDARD_INPUT, is_file, write_text
from lab.declare.loading import resolve
from lab.errors import InputError

_SOME = 3  # names that a remedy lists


def chosen(named: Sequence[str], shard: str | None, failures: Failures | None) -> list[str]:
    """Return one shard of the scenarios to run: of the failures if they are given, else of the names and patterns."""
    found = expanded(named) if failures is None else failures.names()
    return found if shard is None else one_shard(found, shard)


def expanded(named: Sequence[str]) -> list[str]:
    """Return names with each pattern replaced by its files, in alphabetical order, without those that are there."""
    found: list[str] = []
    for name in named:
        if not re.search("[*?]", name) or is_file(Path(name)):
            found.append(name)
            continue
        files = sorted(path for path in glob(name, recursive=True) if is_file(Path(path)))  # noqa: PTH207 (absolute ones too)
        if not files:
            raise InputError.of(f"no file matches the pattern {name}", _right_pattern(name))
        found += [path for path in files if path not in found]
    return found


def _right_pattern(pattern: str) -> str:
    """Return a remedy for a pattern that matches no file: a pattern for the files in its folder."""
    folder = Path(re.split("[*?]", pattern)[0].rpartition("/")[0] or ".")
    if not folder.is_dir():
        return f"write a pattern in a folder that exists: {folder} does not"
    files = sorted({*folder.glob("*.yaml"), *folder.glob("*.yml")})[:_SOME]
    return f"write a pattern that matches files, such as {' '.join(map(str, files)) or folder / '**' / '*.yaml'}"


def one_shard(names: Sequence[str], shard: str) -> list[str]:
    """Return the scenarios of shard K/N, every Nth of the list; InputError if K is not between 1 and N."""
    form = re.fullmatch("([0-9]{1,4})/([0-9]{1,4})", shard)
    if form is None:
        raise InputError.of(f"--shard {shard!r} is not K/N", "write --shard 1/3 for the first of three parts")
    number, parts = int(form[1]), int(form[2])
    if not 1 <= number <= parts:
        right = (
            f"write a number from 1 to {parts}: --shard 1/{parts}" if parts else "write --shard 1/1, or remove --shard"
        )
        raise InputError.of(f"--shard {shard}: there is no part {number} of {parts}", right)
    return list(names[number - 1 :: parts])


class Failures:
    """The scenarios that did not pass when they last ran, in a file beside the runs. For several processes at once."""

    def __init__(self, home: Path) -> None:
        self.home, self._file = home, home / "last-failed.json"

    def names(self) -> list[str]:
        """Return the scenarios that are still there, as paths from here or names; InputError if no run is recorded."""
        if not self._file.is_file():
            raise InputError.of(f"no run is recorded under {self.home}", "run mqlab run SCENARIO first")
        return [_from_here(name) for name in self._read() if Path(name).name == name or is_file(Path(name))]

    def record(self, scenario: str, *, passed: bool) -> None:
        """Record the end of a run, unless the scenario or the folder of runs is missing; a full disk is no error."""
        with suppress(InputError, OSError):
            path = resolve(scenario, shipped("scenarios"))
            if path == STANDARD_INPUT or not is_file(path):
                return
            name = scenario if path.parent == shipped("scenarios") else str(path.absolute())
            if not self.home.is_dir():  # nothing has run there
                return
            with folder_locked(self.home):
                others = [other for other in self._read() if other != name]
                write_text(self._file, json.dumps(others if passed else [*others, name], indent=2) + "\n")

    def _read(self) -> list[str]:
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return []
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def _from_here(name: str) -> str:
    """Return a file's path from the working folder if the file is in it, and a name as it is."""
    path = Path(name)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else name
