"""The text on labs in a test's report: verdicts, events, known lines of logs, run folder; harmless for a terminal."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from lab.base.dataclass import dataclass
from lab.base.printable import plain_line
from lab.base.text_files import open_private
from lab.errors import InputError, LabError
from lab.history import LogLine, Marked, Observation, observations
from lab.history.display import Row
from lab.judge import Outcome, Verdict
from lab.living.lab import Live
from lab.pytest_plugin.lab_of_test import LabOfTest
from lab.pytest_plugin.wanted import OF_RUNTIME, RUN_FOLDER, VERDICT
from lab.report import timeline
from lab.report.run_folder import RunFolder

MOST_EVENTS, MOST_LINES = 20, 10  # in a report; lines are of one broker's log
_LONGEST_LINE = 200  # characters of a line of a log in a report
_LONGEST_NAME = 150  # characters of the file's name
_OF_THE_CALLER = (InputError, TypeError, NameError)  # errors that no broker can explain


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """The part of the logs that a report shows."""

    shown: bool = True
    file: str = ""  # the test's name, if all lines are to be written to a file of the run folder

    @classmethod
    def of(cls, error: BaseException | None, test: str, *, all_lines: bool) -> Logs:
        """Return the part for a test that has failed by an error."""
        return cls(shown=not isinstance(error, _OF_THE_CALLER), file=test if all_lines else "")


def verdict(of: Verdict) -> str:
    """Return a verdict in one line."""
    return plain_line(f"{of.outcome}: {of.expectation}: {of.reason}")


def properties(folder: Path, runtime: str, verdicts: Iterable[Verdict]) -> list[tuple[str, str]]:
    """Return the properties of a test in JUnit XML, beside its outcome."""
    facts = [(RUN_FOLDER, plain_line(str(folder))), (OF_RUNTIME, runtime)]
    return [*facts, *((VERDICT, verdict(each)) for each in verdicts)]


def of_lab(lab: Live, verdicts: Iterable[Verdict], logs: Logs) -> str:
    """Return the text on an open lab: the verdicts, the events of the test, and the known lines of the logs."""
    return of_run(lab.folder, lab.runtime, verdicts, logs, lab.begins if isinstance(lab, LabOfTest) else "")


def of_run(folder: Path, runtime: str, verdicts: Iterable[Verdict], logs: Logs, begins: str = "") -> str:
    """Return the text on a run: of the whole run, or from the mark `begins` on.

    The cause comes first: verdicts that did not pass, then events, then logs. Without a mark there are no events.
    """
    ordered = sorted(verdicts, key=lambda each: each.outcome is Outcome.PASSED)
    history, lines = RunFolder(path=folder).history, [*map(verdict, ordered)]
    if begins and (happened := [*_events(history, begins)]):
        lines += ["the last events of the test:", *(f"  {each}" for each in happened)]
    logged = _logged(history, begins) if logs.shown else ()
    lines += _known_lines(logged, more="" if logs.file else "; all: --mqlab-logs")
    lines += [f"runtime: {runtime}", f"run folder: {plain_line(str(folder))}"]
    if logged and logs.file:
        lines.append(_all_lines(folder, logs.file, logged))
    return "\n".join(lines)


def _events(history: Path, begins: str) -> Iterator[str]:
    """Yield the last rows of a test's part of the history: the test's actions, and the changes of brokers and links."""
    rows: deque[Row] = deque(maxlen=MOST_EVENTS)
    tries = 0  # a test that is run again begins again

    def number(observation: object) -> int:
        nonlocal tries
        tries += _is_mark(observation, begins)
        return tries

    with suppress(LabError, OSError):
        for tried, stretch in groupby(observations(history), key=number):
            rows.clear()
            if tried > 0:
                rows.extend(
                    timeline.folded(seen for seen in stretch if isinstance(seen, Observation) and _is_telling(seen))
                )
    for row in rows:
        yield timeline.text(row, only_ascii=False, colour=False).rstrip("\n")


def _is_mark(line: object, text: str) -> bool:
    return isinstance(line, Marked) and line.text == text


def _is_telling(observation: Observation) -> bool:
    return observation.is_news and not isinstance(observation, LogLine | Marked)


def _logged(history: Path, begins: str) -> Sequence[LogLine]:
    """Return the log lines of a history, from its last mark of a text on; of a history that is damaged a part."""
    lines: list[LogLine] = []
    with suppress(LabError, OSError):
        for seen in observations(history):
            if begins and _is_mark(seen, begins):
                lines.clear()
            elif isinstance(seen, LogLine):
                lines.append(seen)
    return lines


def _known_lines(logged: Iterable[LogLine], more: str) -> Iterator[str]:
    """Yield of each instance's log the last lines that have a name, such as `inactive`."""
    logs: dict[str, list[LogLine]] = {}
    for line in logged:
        if line.name:
            logs.setdefault(_instance(line), []).append(line)
    for name, lines in logs.items():
        known = lines[-MOST_LINES:]
        count = f"the last {len(known)} of {len(lines)}{more}" if len(known) < len(lines) else f"{len(lines)}"
        yield f"known lines in the log of {plain_line(name)} ({count}):"
        for line in known:
            text = plain_line(line.text)
            short = text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"
            yield f"  {line.t:9.3f} {line.name}: {short}"


def _instance(line: LogLine) -> str:
    return f"{line.broker}-{line.instance}" if line.instance else line.broker


def _all_lines(folder: Path, test: str, logged: Iterable[LogLine]) -> str:
    """Write all lines of a test to a file of the run folder, and return the text that names it."""
    name = re.sub(r"[^\w.-]+", "_", test)[-_LONGEST_NAME:]
    path = RunFolder(path=folder).logs / "tests" / f"{name}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="backslashreplace", opener=open_private) as file:
            for line in logged:
                times = f" ({line.times} times)" if line.times > 1 else ""
                text = f"{line.t:9.3f} {_instance(line)} {line.level} {line.name or '-'} | {line.text}{times}"
                file.write(f"{plain_line(text)}\n")
    except OSError as error:
        return f"log lines of the test: not written, {error.strerror}"
    return f"log lines of the test: {plain_line(str(path))}"
