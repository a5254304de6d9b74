"""Several runs at a glance: a table in Markdown for CI systems, and their JUnit files as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, ElementTree, SubElement, fromstring, indent, tostring

from lab.base.dataclass import dataclass
from lab.base.printable import plain_line
from lab.errors import Place
from lab.report.junit import THE_RUN, safe, timestamp
from lab.report.not_delivered_rows import read

_SIGN = {"passed": "✅", "failed": "❌", "unknown": "❔"}
ERROR = "error"  # no verdict: the run ended with an error
NOT_ENDED = "not ended"  # nor has it: the command was ended before


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOf:
    """One scenario's run: its exit code and, unless it failed, its `report.json` and JUnit file."""

    scenario: str  # as it was named
    name: str  # of its files, unique among the runs
    code: int
    seconds: float  # it took, by the wall clock
    began: str  # ISO 8601, by the machine's clock; of one that never began, when that was known
    report: dict[str, Any] | None = None
    junit: str | None = None
    error: str = ""  # why it failed
    warnings: str = ""  # on stderr, though it did not fail: warnings
    ended: bool = True  # by itself
    problems: tuple[tuple[Place | None, str], ...] = ()  # of the error, as far as they are known

    @property
    def outcome(self) -> str:
        """Return the report's outcome: passed, failed or unknown; or error, or not ended."""
        if self.report is None:
            return ERROR if self.ended else NOT_ENDED
        return str(self.report["outcome"])

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the notes of the run's report."""
        return () if self.report is None else tuple(self.report.get("notes", ()))

    @property
    def why(self) -> tuple[str, ...]:
        """Return the expectations that did not pass, with their reasons, or the error."""
        if self.report is None:
            return (self.error,)
        return tuple(
            f"{it['expectation']}: {it['reason']}" for it in self.report["verdicts"] if it["outcome"] != "passed"
        )


def markdown(runs: Sequence[RunOf]) -> str:
    """Return a summary, which lies beside the runs' pages: the count of each outcome, a table, and the failures."""
    count = Counter(run.outcome for run in runs)
    counted = ", ".join(f"{count[each]} {each}" for each in (*_SIGN, ERROR, NOT_ENDED) if count[each])
    head = "| | scenario | verdict | messages | seconds |"
    lines = [f"### mqlab: {counted or 'nothing was run'}", "", head, "| --- " * 5 + "|"]
    for run in runs:
        sign, name = _SIGN.get(run.outcome, "❗"), _cell(run.scenario)
        if run.report is not None:
            name = f"[{name}]({quote(run.name)}.html)"
        simulated = " (simulated)" if run.report is not None and run.report["runtime"] == "simulation" else ""
        lines.append(f"| {sign} | {name} | {run.outcome}{simulated} | {_messages(run)} | {run.seconds:.1f} |")
    for run in runs:
        told = [*run.why, *(f"note: {note}" for note in run.notes)]
        lines += [f"\n**{_cell(run.scenario)}**\n", *(f"- {_cell(each)}" for each in told)] if told else []
    return "\n".join(lines) + "\n"


def junit(runs: Sequence[RunOf]) -> str:
    """Return one JUnit text with a suite for each run; one that failed, or has not ended, is a suite with one error.

    The time of a suite, and of its first case, is the machine's time that the run took: a simulated one is shorter.
    """
    root = Element("testsuites")
    for number, run in enumerate(runs):
        suite = _failed(run) if run.junit is None else fromstring(run.junit.encode())[0]
        suite.set("id", str(number))
        for timed in (suite, *suite.findall("testcase")[:1]):
            timed.set("time", f"{run.seconds:.3f}")
        root.append(suite)
    indent(ElementTree(root))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _failed(run: RunOf) -> Element:
    suite = Element(
        "testsuite",
        {
            "name": safe(run.scenario),
            "package": "mqlab",
            "timestamp": timestamp(run.began),
            "hostname": "localhost",
            "tests": "1",
            "failures": "0",
            "errors": "1",
        },
    )
    SubElement(suite, "properties")
    its = {"name": THE_RUN, "classname": f"mqlab.{run.name.replace('.', '_')}"}
    case = SubElement(suite, "testcase", its)
    SubElement(case, "error", {"type": run.outcome, "message": safe(run.error)}).text = safe(run.error)
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")
    return suite


def _messages(run: RunOf) -> str:
    deliveries = [] if run.report is None else run.report["deliveries"]
    got, expected = (sum(each[key] for each in deliveries) for key in ("received", "expected"))
    missing = read(deliveries).words()
    return (f"{got} of {expected}, {_cell(missing)}" if missing else f"{got} of {expected}") if deliveries else ""


def _cell(text: str) -> str:
    """Return a text as Markdown shows it: on one line, in no other cell, with no link, picture or tag of its own."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>()#|!~" else sign for sign in plain_line(" ".join(text.split())))
