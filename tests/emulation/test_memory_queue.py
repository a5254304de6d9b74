"""A lab begins when the memory that its brokers may take is free, and not when others have been promised it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import pytest

from lab.emulation.engine import labels
from lab.emulation.memory_queue import free_on, reserved, waiting_time
from lab.errors import InputError, LabTimeout
from tests.polled_clock import PolledClock

MIB = 2**20


def test_a_lab_waits_for_what_others_have_reserved_and_says_so_once(tmp_path: Path) -> None:
    clock, said = PolledClock(), list[str]()
    with ExitStack() as other:

        def free(reservations: Mapping[str, int]) -> int:
            if clock.now() > 5:
                other.close()
            return 700 * MIB - sum(reservations.values())

        other.enter_context(reserved(600 * MIB, "first", tmp_path, free, clock, 10, said.append))
        assert said == []
        with reserved(600 * MIB, "second", tmp_path, free, clock, 10, said.append):
            assert clock.now() > 5
            assert [file.stem for file in (tmp_path / "memory").iterdir()] == ["second"]
    assert said == ["waiting for 600MiB of memory, of which 100MiB are free"]
    assert list((tmp_path / "memory").iterdir()) == []


def test_a_wait_ends_and_leaves_nothing(tmp_path: Path) -> None:
    clock = PolledClock()
    with (
        pytest.raises(LabTimeout, match="the lab waited 30 s for 600MiB of memory, of which 0B are free"),
        reserved(600 * MIB, "r", tmp_path, lambda _: -MIB, clock, 30, lambda _: None),
    ):
        raise AssertionError("it began")
    assert clock.now() >= 30
    assert list((tmp_path / "memory").iterdir()) == []


def test_of_eight_at_once_no_more_begin_than_fit(tmp_path: Path) -> None:
    counting, standing, most = Lock(), 0, 0

    def one(number: int) -> None:
        nonlocal standing, most
        clock = PolledClock()
        with reserved(2, f"run-{number}", tmp_path, lambda its: 7 - sum(its.values()), clock, 1e9, lambda _: None):
            with counting:
                standing += 1
                most = max(most, standing)
            together.wait()
            with counting:
                standing -= 1

    together = Three()
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(one, range(8)))
    assert most == 3


class Three:
    """Lets three stand together before the first goes on; the last two of eight go on by themselves."""

    def __init__(self) -> None:
        self._lock, self._count, self._barrier = Lock(), 0, Barrier(3)

    def wait(self) -> None:
        with self._lock:
            self._count += 1
            number = self._count
        if number <= 3:
            self._barrier.wait(60)


def test_a_reservation_ends_with_its_process_wherever_that_ran_and_however_it_ended(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lab.emulation.memory_queue import reserved\n"
        "from lab.runtime.clock import RealClock\n"
        "with reserved(99, 'other', Path(sys.argv[1]), lambda _: 99, RealClock(), 1, print): print(flush=True); input()"
    )
    seen: list[Mapping[str, int]] = []

    def free(reservations: Mapping[str, int]) -> int:
        seen.append(reservations)
        return 1

    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline()
        with reserved(1, "first", tmp_path, free, PolledClock(), 0, lambda _: None):
            pass
        other.kill()
    assert seen == [{"other": 99}] and [file.stem for file in (tmp_path / "memory").iterdir()] == ["other"]
    seen.clear()
    with reserved(1, "mine", tmp_path, free, PolledClock(), 0, lambda _: None):
        pass
    assert seen == [{}]


class Container:
    """A broker's container, its limit and what it uses."""

    def __init__(self, run: str, limit: int, used: int) -> None:
        self.labels, self.attrs, self._used = {labels.RUN: run}, {"HostConfig": {"Memory": limit}}, used

    def stats(self, *, stream: bool, one_shot: bool) -> dict[str, Any]:
        return {"memory_stats": {"usage": self._used}} if self._used else {}  # of one that has ended: nothing


class Engine:
    """An engine of a machine with 1,000 bytes."""

    def __init__(self, *containers: Container) -> None:
        self._found = containers
        self.containers = self

    def list(self, *, filters: object, ignore_removed: bool) -> tuple[Container, ...]:
        return self._found

    def version(self) -> dict[str, str]:
        return {"Version": "1", "ApiVersion": "1", "Os": "linux", "Arch": "any"}

    def info(self) -> dict[str, int]:
        return {"MemTotal": 1000}


def test_of_another_machine_all_is_taken_that_labs_may_take_or_have_reserved() -> None:
    client: Any = Engine(Container("a", 200, 50), Container("a", 100, 0), Container("b", 100, 100))
    free = free_on(client, here=False)
    assert free({}) == 600
    assert free({"a": 400}) == 500  # 300 of it are its brokers' by now
    assert free({"b": 100, "c": 150}) == 450


def test_of_this_machine_what_brokers_have_taken_is_not_counted_twice() -> None:
    none: Any = Engine()
    client: Any = Engine(Container("a", 10**15, 10**15 - 1))
    nearly = free_on(none, here=True)({})
    assert abs(free_on(client, here=True)({}) - nearly) < 2**30
    assert free_on(client, here=True)({"b": 10**15}) < 0


def test_how_long_labs_wait_is_a_duration_of_the_environment() -> None:
    assert [waiting_time(each) for each in ({}, {"MQLAB_WAIT": ""}, {"MQLAB_WAIT": "1.5m"})] == [0.0, 0.0, 90.0]
    for wrong in ("soon", "10", "9999999999999h"):
        with pytest.raises(InputError, match="MQLAB_WAIT: "):
            waiting_time({"MQLAB_WAIT": wrong})
