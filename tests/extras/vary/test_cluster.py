"""Runs on a Dask cluster of two worker processes, which are on this machine; and schedulers that are none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from lab.errors import HostError
from lab.extras.vary.cluster import cluster
from tests.command import Commands
from tests.extras.vary.test_table import read

WORDS = ("vary", "tokyo-singapore", "--set", "links.tokyo-singapore.delay=20ms,70ms", "--seeds", "2")


@pytest.fixture(scope="module")
def two() -> Iterator[Any]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as its:
        its.wait_for_workers(2)
        yield its


@pytest.mark.release
def test_the_figures_are_those_of_this_machine(two: Any, tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    there, here = tmp_path / "there.csv", tmp_path / "here.csv"
    ended = mqlab(*WORDS, "--on", two.scheduler_address, "--csv", there)
    assert (ended.code, ended.out.splitlines()[-1]) == (1, "4 runs: 2 passed, 2 failed"), ended.err
    assert mqlab(*WORDS, "--csv", here).code == 1
    assert _without_cpu(there) == _without_cpu(here)


def _without_cpu(table: Path) -> list[dict[str, str]]:
    found = read(table.read_text())
    for row in found:
        assert float(row.pop("cpu_s")) > 0
    return found


def test_a_cluster_offers_a_slot_for_each_thread(two: Any) -> None:
    with cluster(two.scheduler_address) as (executor, slots):
        assert slots == 2
        assert executor.submit(pow, 2, 5).result(timeout=60) == 32


def test_nobody_answers() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(HostError, match="no Dask scheduler answers"), cluster(address, patience=0.5):
            pass


def test_a_scheduler_without_workers() -> None:
    with (
        LocalCluster(n_workers=0, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0") as its,
        pytest.raises(HostError, match="has no workers"),
        cluster(its.scheduler_address),
    ):
        pass
