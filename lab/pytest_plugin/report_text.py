"""A test's report on its labs: verdicts, run folder, last events, logs; harmless for a terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from lab.errors import LabError
from lab.history import LogLine, Marked, Observation, observations
from lab.judge import Verdict
from lab.living.lab import Live
from lab.printable import plain_line
from lab.pytest_plugin.lab_of_test import LabOfTest
from lab.pytest_plugin.settings import OF_RUNTIME, RUN_FOLDER, VERDICT
from lab.report import timeline_text
from lab.report.message_runs import folded
from lab.report.rows import is_news
from lab.report.rows.row import Row
from lab.text_files import is_file, read_bytes

LINES = 20  # of each log
_LARGEST = 2**26  # bytes; of a larger log nothing is shown


def verdict(of: Verdict) -> str:
    """Return a verdict in one line."""
    return plain_line(f"{of.outcome}: {of.expectation}: {of.reason}")


def properties(folder: Path, runtime: str, verdicts: Iterable[Verdict]) -> list[tuple[str, str]]:
    """Return the properties of a test in JUnit XML, beside its outcome."""
    facts = [(RUN_FOLDER, plain_line(str(folder))), (OF_RUNTIME, runtime)]
    return [*facts, *((VERDICT, verdict(each)) for each in verdicts)]


def of_lab(lab: Live, verdicts: Iterable[Verdict]) -> str:
    """Return a report on an open lab."""
    return _text(lab.folder, lab.runtime, verdicts, dict(_tails(lab)), tuple(_happened(lab)))


def of_run(folder: Path, runtime: str, verdicts: Iterable[Verdict]) -> str:
    """Return a report on a run that has ended."""
    return _text(folder, runtime, verdicts, dict(_kept(folder / "logs")))


def _text(
    folder: Path,
    runtime: str,
    verdicts: Iterable[Verdict],
    logs: Mapping[str, Iterable[str]],
    happened: Sequence[str] = (),
) -> str:
    lines = [*map(verdict, verdicts), f"runtime: {runtime}", f"run folder: {plain_line(str(folder))}"]
    if happened:
        lines += ["the last that happened in the test:", *(f"  {each}" for each in happened)]
    for name, tail in logs.items():
        lines += [f"the last lines of the log of {plain_line(name)}:", *(f"  {plain_line(line)}" for line in tail)]
    return "\n".join(lines)


def _happened(lab: Live) -> Iterator[str]:
    """Yield the last rows of a test's interval of its lab's history: what it did, and what befell brokers and links.

    Logs are shown elsewhere in the report, so they are skipped here. A history that cannot be read has no rows.
    """
    if not isinstance(lab, LabOfTest):
        return
    rows: deque[Row] = deque(maxlen=LINES)
    tries = 0  # a test that is run again begins again

    def number(observation: object) -> int:
        nonlocal tries
        tries += _begins(observation, lab.begins)
        return tries

    with suppress(LabError, OSError):
        for its, part in groupby(observations(lab.history.file.path), key=number):
            rows.clear()
            if its > 0:
                rows.extend(folded(seen for seen in part if isinstance(seen, Observation) and _is_telling(seen)))
    for row in rows:
        yield timeline_text.text(row, only_ascii=False, colour=False).rstrip("\n")


def _begins(observation: object, mark: str) -> bool:
    return isinstance(observation, Marked) and observation.text == mark


def _is_telling(observation: Observation) -> bool:
    return is_news(observation) and not isinstance(observation, LogLine | Marked)


def _tails(lab: Live) -> Iterator[tuple[str, list[str]]]:
    """Yield the last lines of each instance's log; for a log that cannot be read, the reason."""
    for broker in lab.lab.note.plan.brokers:
        for its in broker.instances:
            try:
                yield its.name, list(lab.lab.logs(its.name, tail=LINES))
            except LabError as error:
                yield its.name, [f"({error.what})"]


def _kept(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the last lines of each log that a run has kept."""
    for path in sorted(folder.glob("*.log")):
        if is_file(path) and not path.is_symlink() and path.stem != "router":
            text = read_bytes(path, path.name, _LARGEST).decode("utf-8", "replace")
            yield path.stem, list(deque(text.splitlines(), maxlen=LINES))
