"""Waiting for memory: a lab waits until its brokers fit beside the memory promised to other labs.

Free memory is the memory that the system reports as available, less the memory that brokers of running labs may still
take, less reservations of labs whose brokers are not there yet. Each process has its reservation in a file, which
counts for as long as the process holds its lock: the system releases it however the process ends, and wherever it ran.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import docker
from lab.base.file_locks import folder_locked, lock
from lab.base.settings import WAIT
from lab.base.units import format_size, parse_duration
from lab.emulation.engine import engine, labels
from lab.errors import HostError, InputError, LabTimeout
from lab.runtime.clock import Clock
from lab.runtime.state_file import make_folder

_FOLDER, _ENDING = "memory", ".bytes"
_MOST_DIGITS = 40  # digits of a reservation
_POLL_SECONDS = 1.0  # seconds between two looks: labs end when they like, and nobody tells
_MEBI = 2**20


def waiting_time(environment: Mapping[str, str]) -> float:
    """Return the maximum seconds that labs wait for memory, from MQLAB_WAIT. Default: 0.0."""
    try:
        return parse_duration(WAIT.in_force(environment)).total_seconds()
    except (ValueError, OverflowError) as error:
        raise InputError.of(f"{WAIT.name}: {error}", "write a duration, such as 10m") from error


@contextmanager
def reserved(
    needed: int,
    run: str,
    note_folder: Path,
    free: Callable[[Mapping[str, int]], int],
    clock: Clock,
    patience: float,
    waiting: Callable[[str], None],
) -> Iterator[None]:
    """Hold a reservation of so many bytes for the block, and begin it once they are free.

    `free` returns the free bytes, beside reservations of others, run → bytes. `waiting` is called once, with a text.
    Raise LabTimeout if the memory does not become free in `patience` seconds.
    """
    folder = note_folder / _FOLDER
    make_folder(folder)
    own, told, until = folder / f"{run}{_ENDING}", False, clock.now() + patience
    held: int | None = None
    try:
        while True:
            with folder_locked(folder):
                there = free(_reservations(folder))
                if needed <= there:
                    held = os.open(own, os.O_RDWR | os.O_CREAT, 0o600)
                    lock(held)
                    os.write(held, str(needed).encode())
                    break
            words = f"{_words(needed)} of memory, of which {_words(max(0, there))} are free"
            if clock.now() > until:
                raise LabTimeout(
                    f"the lab waited {patience:.0f} s for {words}",
                    "end a lab (mqlab status lists them), wait longer, or give the brokers less memory",
                )
            if not told:
                waiting(f"waiting for {words}")
                told = True
            clock.sleep(_POLL_SECONDS)
        yield
    finally:
        if held is not None:
            os.close(held)  # before: Windows removes no file that is open
            own.unlink(missing_ok=True)


def free_on(client: docker.DockerClient, *, here: bool) -> Callable[[Mapping[str, int]], int]:
    """Return a function that returns the free bytes of an engine's machine, beside reservations: run → bytes.

    On this machine they are measured. Another machine's engine reports only the whole memory: the labs' limits are
    subtracted.
    """

    def free(reservations: Mapping[str, int]) -> int:
        promised: dict[str, int] = {}
        still = 0
        wanted: dict[str, str | list[str] | bool] = {"label": [labels.RUN, f"{labels.ROLE}=broker"]}
        for each in client.containers.list(filters=wanted, ignore_removed=True):
            its, limit = each.labels[labels.RUN], int(each.attrs["HostConfig"].get("Memory") or 0)
            promised[its] = promised.get(its, 0) + limit
            still += max(0, limit - (_used(each.stats(stream=False, one_shot=True)) if here else 0))
        still += sum(max(0, needed - promised.get(run, 0)) for run, needed in reservations.items())
        return (available_memory() if here else engine.facts(client).memory) - still

    return free


def available_memory() -> int:
    """Return the bytes of memory that are available on this machine; HostError if it does not run Linux."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError as error:
        raise HostError(f"the available memory cannot be read: {error}") from error
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _reservations(folder: Path) -> dict[str, int]:
    """Return the reservations of running processes, run → bytes; remove the reservations of ended processes."""
    found: dict[str, int] = {}
    for file in sorted(folder.glob(f"*{_ENDING}")):
        try:
            descriptor = os.open(file, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            lock(descriptor, wait=False)
        except BlockingIOError:
            found[file.stem] = int(os.read(descriptor, _MOST_DIGITS))  # of a process that may just have left
        else:
            file.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
    return found


def _used(stats: object) -> int:
    """Return the bytes that a container uses, from the engine's figures; 0 if it has ended meanwhile."""
    return int(stats.get("memory_stats", {}).get("usage") or 0) if isinstance(stats, dict) else 0


def _words(size: int) -> str:
    return format_size(size // _MEBI * _MEBI)
