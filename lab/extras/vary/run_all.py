"""All runs of a grid, over any executor: few at a time, one that dies once more, its failure in its row."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from lab.errors import HostError
from lab.extras.vary.combinations import Combination, Grid
from lab.extras.vary.row import Row, error_row


def run_all(
    run: Callable[[Combination], Row],
    grid: Grid,
    executor: Executor,
    *,
    at_once: int,
) -> Generator[Row, None, None]:
    """Yield a row for each combination, as runs end; not more than `at_once` are submitted and not done.

    A run whose worker dies, or that raises, is done once more; a second time makes its outcome an error. What is
    submitted is cancelled if the iteration ends early.
    """
    waiting = iter(grid)
    pending: dict[Future[Row], tuple[Combination, bool]] = {}
    try:
        while True:
            while len(pending) < at_once and (of := next(waiting, None)) is not None:
                pending[_submit(executor, run, of)] = of, False
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                of, again = pending.pop(future)
                error = HostError("it was cancelled") if future.cancelled() else future.exception()
                if error is None:
                    yield future.result()
                elif again:
                    yield error_row(of, f"twice: {type(error).__name__}: {error}", HostError.exit_code)
                else:
                    pending[_submit(executor, run, of)] = of, True
    finally:
        for future in pending:
            future.cancel()


def _submit(executor: Executor, run: Callable[[Combination], Row], combination: Combination) -> Future[Row]:
    """Submit a run; raise HostError if the executor takes none any more."""
    try:
        return executor.submit(run, combination)
    except RuntimeError as error:  # BrokenExecutor is one, and so is what a pool says that was shut down
        raise HostError(f"the executor takes no more runs: {error}") from error
