"""Several scenarios run at once, each by a process of its own, which ends its own lab."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.base.interrupts import uninterrupted
from lab.base.own_processes import OverError, OwnProcesses, how_ended
from lab.cli import options
from lab.cli.reports import is_a_report
from lab.cli.run_places import problems_of
from lab.report.summary import RunOf

ITSELF = (sys.executable, "-c", "from lab.__main__ import main; main()")


def _run(
    processes: OwnProcesses, command: Sequence[str], scenario: str, name: str, arguments: Sequence[str], folder: Path
) -> RunOf | None:
    """Run one scenario, with its page and its JUnit file in a folder; return None if it was interrupted."""
    page, junit = folder / f"{name}.html", folder / f"{name}.junit.xml"
    began, started = _now(), time.monotonic()
    for earlier in (page, junit):
        with suppress(OSError):  # an earlier run's, which this run may not replace if it fails
            if is_a_report(earlier):  # any other file is kept, and refused later
                earlier.unlink()
    files = ("--html", str(page), "--junit", str(junit))
    try:
        process = processes.start(
            [*command, "run", *arguments, *files, "--quiet", "--json", "--", scenario],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that Ctrl-C reaches it once, from here
        )
    except OverError:
        return None
    interrupted = False
    try:
        out, err = process.communicate()
    finally:
        interrupted = processes.exited(process)
    seconds, status = time.monotonic() - started, process.returncode
    code = status if status >= 0 else 128 - status  # as a shell shows a signal
    if code in options.JUDGED:
        try:
            return RunOf(
                scenario=scenario,
                name=name,
                code=code,
                seconds=seconds,
                began=began,
                report=json.loads(out),
                junit=junit.read_text("utf-8"),
                warnings=err.strip(),
            )
        except (ValueError, OSError) as error:
            err = f"{err}\nno report: {error}"
    if interrupted:
        return None
    if status < 0:
        err = f"{err}\nits process {how_ended(status)}"
    why = (err.strip() or f"its process {how_ended(status)}") + _verdict(out)
    known = problems_of(out)
    return RunOf(scenario=scenario, name=name, code=code or 3, seconds=seconds, began=began, error=why, problems=known)


def _verdict(out: str) -> str:
    """Return in words the verdicts of a run that ended with an error, for example because the disk was full."""
    with suppress(ValueError, KeyError, TypeError):
        report = json.loads(out)
        return f"\nits verdicts are known: {report['outcome']}, run {report['run']}"
    return ""


def run_all(
    scenarios: Sequence[str],
    arguments: Sequence[str],
    *,
    jobs: int,
    folder: Path | None,
    ended: Callable[[RunOf], None],
    command: Sequence[str] = ITSELF,
) -> tuple[list[RunOf], BaseException | None]:
    """Run scenarios, at most `jobs` at once; return the runs in the scenarios' order, and the error that ended them.

    `ended` is called as each run ends. The runs' pages stay in `folder`; without one they are not kept. After an
    interruption or an error, the runs in progress are ended, and the finished runs are returned. Another Ctrl-C does
    not hurry this.
    """
    processes, found = OwnProcesses(), dict[str, RunOf]()
    names = tuple(unique_names(scenarios))
    began: dict[Future[RunOf | None], str] = {}
    why: BaseException | None = None
    with _folder(folder) as there, ThreadPoolExecutor(jobs) as pool:
        try:
            for scenario, name in zip(scenarios, names, strict=True):
                began[pool.submit(_run, processes, command, scenario, name, arguments, there)] = name
            for each in as_completed(began):
                if (done := each.result()) is not None:
                    found[began[each]] = done
                    ended(done)
        except BaseException as error:  # noqa: BLE001 (returned, beside what has ended)
            why = error
            processes.start_no_more()
            with uninterrupted():
                processes.end()  # each removes its lab
                pool.shutdown(cancel_futures=True)
                for each, name in began.items():
                    if not each.cancelled() and each.exception() is None and (done := each.result()) is not None:
                        found[name] = done
    return [found[name] for name in names if name in found], why


def with_the_rest(scenarios: Sequence[str], found: Sequence[RunOf]) -> list[RunOf]:
    """Return the runs that have ended, and an unfinished run for each other scenario.

    Without unfinished runs, a CI system that reads the reports of a cancelled job would take the ended runs for all.
    """
    ended = {one.name: one for one in found}
    why, began = "the command was ended before this run ended", _now()
    return [
        ended.get(name) or RunOf(scenario=scenario, name=name, code=3, seconds=0, began=began, error=why, ended=False)
        for scenario, name in zip(scenarios, unique_names(scenarios), strict=True)
    ]


def _now() -> str:
    """Return the machine's time in UTC, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def unique_names(scenarios: Sequence[str]) -> Iterator[str]:
    """Yield a name for the files of each scenario: its file's name, with a number if another scenario has that name."""
    taken: set[str] = set()
    for scenario in scenarios:
        stem = Path(scenario).stem or "scenario"
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        yield name


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with TemporaryDirectory(prefix="mqlab-") as there:
        yield Path(there)
