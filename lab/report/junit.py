"""Report → JUnit XML, as CI systems read it: one test case for each expectation.

A broken one is a failure. An unknown one is an error, never skipped: CI systems pass over what was skipped, and nobody
may take for good what nobody could tell. There is no standard; the file keeps to both schemas that are in use, the one
for Apache Ant's task (which fixes the order of elements and asks for more attributes) and that of Jenkins.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lab.judge.values import Outcome, Report
from lab.text_files import write_text

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
WHOLE = "the run can be judged"  # the case that stands where nothing was expected, or that a history is too short for
NOWHEN = "1970-01-01T00:00:00"


def to_xml(report: Report, seconds: float) -> str:
    """Return the text of `report.junit.xml` for a run that lasted so long; the same report gives the same text."""
    cases = [(verdict.expectation, verdict.outcome, verdict.reason) for verdict in report.verdicts]
    if not cases:
        cases = [(WHOLE, report.outcome, " ".join(report.notes) or "nothing was expected")]
    outcomes = Counter(outcome for _, outcome, _ in cases)
    root = Element("testsuites")
    suite = SubElement(
        root,
        "testsuite",
        {
            "name": _name(report.scenario) or "scenario",
            "package": "mqlab",
            "id": "0",
            "timestamp": _timestamp(report.started),
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(outcomes[Outcome.BROKEN]),
            "errors": str(outcomes[Outcome.UNKNOWN]),
            "time": f"{max(seconds, 0.0):.3f}",
        },
    )
    properties = SubElement(suite, "properties")
    for name in ("scenario", "run", "seed", "runtime", "started", "mqlab", "outcome"):
        SubElement(properties, "property", {"name": name, "value": _safe(str(getattr(report, name)))})
    named: Counter[str] = Counter()
    for expectation, outcome, reason in cases:
        name = _name(expectation)
        named[name] += 1
        if named[name] > 1:  # CI systems tell cases apart by their name
            name += f" ({named[name]})"
        # A dot would begin a package.
        classname = f"mqlab.{_name(report.scenario).replace('.', '_') or 'scenario'}"
        case = SubElement(suite, "testcase", {"name": name, "classname": classname, "time": "0.000"})
        if outcome is not Outcome.HELD:
            element = "failure" if outcome is Outcome.BROKEN else "error"
            told = SubElement(case, element, {"type": str(outcome), "message": _safe(reason)})
            told.text = _safe(f"{outcome}: {reason}")
    SubElement(suite, "system-out").text = _safe("\n".join(report.notes))
    SubElement(suite, "system-err")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def write(report: Report, seconds: float, path: Path) -> None:
    """Write the file; a reader sees the old one or the new one, never half of it."""
    write_text(path, to_xml(report, seconds))


def _safe(text: str) -> str:
    """Put a sign in place of what XML cannot hold even when it is escaped."""
    return _NO_XML.sub("\ufffd", text)


def _name(text: str) -> str:
    """Write a name on one line, as the schemas' tokens are: no space at its ends, none twice."""
    return " ".join(_safe(text).split())


def _timestamp(started: str) -> str:
    """Write a moment without its zone, as the schema wants it; it is UTC."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return NOWHEN
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
