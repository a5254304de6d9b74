"""All runs over any executor: few at a time, one that dies once more, the rest kept."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from typing import Any

import pytest

from lab.errors import HostError
from lab.extras.vary.combinations import Combination
from lab.extras.vary.processes import Processes
from lab.extras.vary.row import Row
from lab.extras.vary.run_all import run_all
from tests.extras.vary.working import TEN, Dies, plain, raises, row


def outcomes(rows: list[Row]) -> list[str]:
    return [each.outcome for each in sorted(rows, key=lambda each: each.combination.number)]


def test_any_executor_does_them_all() -> None:
    with ThreadPoolExecutor(3) as executor:
        assert outcomes([*run_all(plain, TEN, executor, at_once=4)]) == ["passed"] * 10
    with Processes(2) as executor:
        assert outcomes([*run_all(plain, TEN, executor, at_once=4)]) == ["passed"] * 10


def test_one_that_raises_is_done_twice_and_named_and_the_others_are_kept() -> None:
    with ThreadPoolExecutor(2) as threads, Processes(2) as processes:
        for executor in (threads, processes):
            rows = [*run_all(raises, TEN, executor, at_once=4)]
            assert outcomes(rows) == ["passed"] * 3 + ["error"] + ["passed"] * 6
            (bad,) = (each for each in rows if each.error)
            assert bad.why == "twice: ValueError: three is too many"
            assert bad.exit_code == 3


@pytest.mark.release
@pytest.mark.parametrize(("times", "outcome"), [(1, "passed"), (2, "error")])
def test_a_run_whose_process_is_killed_is_done_once_more(tmp_path: Path, times: int, outcome: str) -> None:
    with Processes(2) as executor:
        rows = [*run_all(Dies(tmp_path, times), TEN, executor, at_once=4)]
    assert outcomes(rows) == ["passed"] * 3 + [outcome] + ["passed"] * 6
    assert len([*tmp_path.iterdir()]) == times
    if outcome == "error":
        assert [each.why for each in rows if each.error] == [
            "twice: WorkerDiedError: its process was killed by SIGKILL"
        ]


class Counting(Executor):
    """An executor that does a run when it is told to, and knows how many were handed in."""

    def __init__(self) -> None:
        self.handed: list[Future[Any]] = []
        self.go = Event()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.handed.append(Future())
        if len(self.handed) == 1:
            self.handed[0].set_result(fn(*args, **kwargs))
        return self.handed[-1]


def test_few_are_handed_in_and_cancelled_when_nobody_wants_more() -> None:
    executor = Counting()
    with closing(run_all(plain, TEN, executor, at_once=4)) as rows:
        assert next(rows).outcome == "passed"
        assert len(executor.handed) == 4
    assert [each.cancelled() for each in executor.handed] == [False, True, True, True]


def test_an_executor_that_takes_none_is_an_error() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(HostError, match="the executor takes no more runs: cannot schedule new futures"):
        [*run_all(plain, TEN, executor, at_once=4)]


def slow(of: Combination, folder: Path) -> Row:
    """Note that it has begun, and where its temporary files are, and never end."""
    (folder / "temporary").write_text(mkdtemp())
    (folder / str(of.number)).touch()
    while True:
        Event().wait(1)


def test_what_runs_is_killed_when_the_block_is_left_by_an_error(tmp_path: Path) -> None:
    executor = Processes(1)
    with pytest.raises(KeyboardInterrupt), executor:
        future = executor.submit(slow, TEN.combination(0), tmp_path)
        while not (tmp_path / "0").exists():
            Event().wait(0.01)
        waiting = executor.submit(plain, TEN.combination(1))
        raise KeyboardInterrupt
    assert "killed by SIGKILL" in str(future.exception(timeout=60))
    assert not Path((tmp_path / "temporary").read_text()).parent.exists()
    assert waiting.cancelled()
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(plain, TEN.combination(0))


PARENT = """
import sys, tempfile
from lab.extras.vary.processes import Processes
executor = Processes(1)
print(executor.submit(tempfile.gettempdir).result(), flush=True)
sys.stdin.read()
"""


def test_temporary_files_go_though_the_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().decode().strip())
        assert folder.name.startswith("mqlab-vary-") and folder.is_dir()
        parent.kill()
    for _ in range(6000):
        if not folder.exists():
            break
        Event().wait(0.01)
    assert not folder.exists()


def test_what_cannot_be_sent_is_the_futures_error() -> None:
    with Processes(1) as executor:
        assert executor.submit(lambda: 1).exception(timeout=60) is not None
        assert executor.submit(row, TEN.combination(0)).result(timeout=60).outcome == "passed"
