"""What a failed test leaves in the log of a machine where nobody can look: runs, brokers' last words, the load."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from docker.errors import DockerException

from tests.command import Commands
from tests.integration.labs import Standing

RUNS, SAID, LINES, TOLD = 4, 6, 12, 40  # of each test: folders of runs and commands, and how many lines of each
WIDTH = 240


def sections(arguments: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Return titles and texts about the labs and commands among a test's arguments."""
    folders, labs = set(), []
    for each in _flat(arguments):
        if isinstance(each, Standing):
            labs.append(each)
        elif isinstance(each, Commands):
            folders.add(each.folder)
        elif isinstance(each, Path):
            folders.add(each)
    yield "the machine", machine()
    for folder in sorted(folders):
        yield from of_folder(folder)
    for lab in labs:
        yield from of_lab(lab)


def _flat(arguments: Iterable[object]) -> Iterator[object]:
    for each in arguments:
        yield from each if isinstance(each, tuple) else (each,)


def machine() -> str:
    """Say how busy this machine is."""
    memory = dict(line.split(":", 1) for line in _lines(Path("/proc/meminfo")) if ":" in line)
    stalls = [f"{name}: {line}" for name in ("cpu", "io", "memory") for line in _lines(Path("/proc/pressure") / name)]
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    free = memory.get("MemAvailable", " unknown").strip()
    return "\n".join([f"load {load} on {os.cpu_count()} cores, memory available {free}", *stalls[:6]])


def of_folder(folder: Path) -> Iterator[tuple[str, str]]:
    """Show what commands said in a folder, and what came of the runs in it."""
    for said in _newest(folder.rglob("*.std*"), SAID):
        lines = _lines(said)
        if lines and lines[0] not in ("{", "["):  # a report as JSON is told below
            yield f"{said.relative_to(folder)}", _last(lines, TOLD)
    for run in _newest((path.parent for path in folder.rglob("history.jsonl")), RUNS):
        yield f"run {run.name}", "\n".join(verdicts(run)) or "no report"
        for log in sorted((run / "logs").glob("*.log")):
            yield f"run {run.name}, end of {log.name}", _last(_lines(log), LINES)


def verdicts(run: Path) -> Iterator[str]:
    """Return what a report says, a line each."""
    try:
        found = json.loads((run / "report.json").read_text("utf-8"))
    except (OSError, ValueError):
        return
    yield f"{found['scenario']}: {found['outcome']}"
    for each in found["verdicts"]:
        yield f"{each['outcome']}: {each['expectation']}: {each['reason']}"[: 2 * WIDTH]
    yield from (f"note: {each}"[: 2 * WIDTH] for each in found.get("notes", ()))
    for each in found["links"]:
        yield f"link {each['from']} to {each['to']}: {each['measured_delay_ms']}, {each['dropped']} dropped"


def of_lab(lab: Standing) -> Iterator[tuple[str, str]]:
    """Show how the containers of a lab that stands are, and the end of their logs."""
    labelled = {"label": f"mqlab.run={lab.run}"}
    try:
        for container in lab.client.containers.list(all=True, filters=labelled, ignore_removed=True):
            log = container.logs(tail=LINES).decode(errors="replace").splitlines()
            yield f"{container.name}, {container.status}", _last(log, LINES)
    except DockerException as error:
        yield f"run {lab.run}", f"the engine does not tell: {error}"


def _newest(paths: Iterable[Path], most: int) -> list[Path]:
    real = [path for path in paths if not any(each.is_symlink() for each in (path, *path.parents))]
    return sorted(set(real), key=lambda path: path.stat().st_mtime)[-most:]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _last(lines: list[str], most: int) -> str:
    return "\n".join(line if len(line) <= WIDTH else f"{line[:WIDTH]} …" for line in lines[-most:])
