"""Report → JUnit XML for CI systems: one test case for the run, which has its time, and one for each expectation.

A failed one is a failure. An unknown one is an error and not skipped, since CI systems pass over skipped cases. There
is no standard; the file keeps to both schemas in use, the one for Apache Ant's task (which fixes the order of elements
and requires more attributes) and that of Jenkins.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lab.base.text_files import write_text
from lab.judge.values import Outcome, Report
from lab.report.not_delivered_rows import arrived

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
THE_RUN = "the run"  # the case with the time: CI systems add up the times of a suite's cases
NOWHEN = "1970-01-01T00:00:00"


def to_xml(report: Report, seconds: float) -> str:
    """Return the text of `report.junit.xml` for a run of `seconds`; equal reports have equal texts."""
    cases = [(verdict.expectation, verdict.outcome, verdict.reason) for verdict in report.verdicts]
    alone = report.outcome if not cases else Outcome.PASSED
    cases.insert(0, (THE_RUN, alone, " ".join(report.notes) or "nothing was expected"))
    whole = f"{max(seconds, 0.0):.3f}"
    outcomes = Counter(outcome for _, outcome, _ in cases)
    root = Element("testsuites")
    suite = SubElement(
        root,
        "testsuite",
        {
            "name": (_name(report.scenario) or "scenario") + (" (simulated)" if report.simulated else ""),
            "package": "mqlab",
            "id": "0",
            "timestamp": timestamp(report.started),
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(outcomes[Outcome.FAILED]),
            "errors": str(outcomes[Outcome.UNKNOWN]),
            "time": whole,
        },
    )
    properties = SubElement(suite, "properties")
    for name in ("scenario", "run", "seed", "runtime", "started", "mqlab", "outcome"):
        SubElement(properties, "property", {"name": name, "value": safe(str(getattr(report, name)))})
    for key, value in report.set.items():
        SubElement(properties, "property", {"name": safe(f"set {key}"), "value": safe(value)})
    for step in report.steps:
        SubElement(properties, "property", {"name": _name(step.words), "value": step.amounts})
    for row in report.deliveries:
        if row.not_delivered.total:
            name = _name(f"messages to {row.subscriber} at {row.broker}, {row.destination}")
            SubElement(properties, "property", {"name": name, "value": safe(arrived(row))})
    for verdict in report.verdicts:
        if verdict.basis is not None:
            SubElement(properties, "property", {"name": f"basis {_name(verdict.expectation)}", "value": verdict.basis})
    named: Counter[str] = Counter()
    for number, (expectation, outcome, reason) in enumerate(cases):
        name = _name(expectation)
        named[name] += 1
        if named[name] > 1:  # CI systems tell cases apart by their name
            name += f" ({named[name]})"
        # A dot would begin a package.
        classname = f"mqlab.{_name(report.scenario).replace('.', '_') or 'scenario'}"
        case = SubElement(
            suite, "testcase", {"name": name, "classname": classname, "time": "0.000" if number else whole}
        )
        if outcome is not Outcome.PASSED:
            element = "failure" if outcome is Outcome.FAILED else "error"
            told = SubElement(case, element, {"type": str(outcome), "message": safe(reason)})
            told.text = safe(f"{outcome}: {reason}")
    SubElement(suite, "system-out").text = safe("\n".join(report.notes))
    SubElement(suite, "system-err")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def write(report: Report, seconds: float, path: Path) -> None:
    """Write `report.junit.xml`; a reader sees the old file or the new one, never half of it."""
    write_text(path, to_xml(report, seconds))


def safe(text: str) -> str:
    """Return a text with U+FFFD in place of signs that XML cannot hold even escaped."""
    return _NO_XML.sub("\ufffd", text)


def _name(text: str) -> str:
    """Return a name as a token of the schemas: on one line, without double spaces or spaces at its ends."""
    return " ".join(safe(text).split())


def timestamp(started: str) -> str:
    """Return an ISO 8601 moment in UTC without its zone, as the schema requires; 1970 if it cannot be read."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return NOWHEN
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
