"""Failed runs as CI systems show them at lines of files: workflow commands of GitHub, a code quality report of GitLab.

Names and reasons are other people's texts: each annotation is one line, and no text in it begins another command.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from lab.base.dataclass import dataclass
from lab.base.printable import plain_line
from lab.errors import Place
from lab.report.summary import RunOf

# The place of each expectation of a scenario, as far as they are known, and of the scenario itself at the end. The file
# of a place is a path from the top of the repository; a place outside of it is None.
Places = Callable[[RunOf], Sequence[Place | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A verdict that is not passed, or an error of a run, at a place."""

    scenario: str
    outcome: str
    subject: str  # the expectation; "" for an error
    message: str
    place: Place | None


def annotated(runs: Sequence[RunOf], places: Places) -> Iterator[Annotation]:
    """Yield an annotation for each expectation that did not pass, and for each problem of a run without verdicts."""
    for run in runs:
        if run.outcome == "passed":
            continue
        *of_expectations, whole = places(run)
        verdicts = [] if run.report is None else run.report["verdicts"]
        failed = [(number, verdict) for number, verdict in enumerate(verdicts) if verdict["outcome"] != "passed"]
        for number, verdict in failed:
            place = of_expectations[number] if len(of_expectations) == len(verdicts) else whole
            yield Annotation(
                scenario=run.scenario,
                outcome=verdict["outcome"],
                subject=verdict["expectation"],
                message=verdict["reason"],
                place=place,
            )
        problems = run.problems or ((whole, run.error or "the run cannot be judged"),)
        for at, message in () if failed else problems:
            yield Annotation(scenario=run.scenario, outcome=run.outcome, subject="", message=message, place=at or whole)


def workflow_commands(annotations: Sequence[Annotation]) -> str:
    """Return a line for each annotation, in the form that GitHub reads from a job's log."""
    return "".join(f"::error {_properties(annotation)}::{_data(_message(annotation))}\n" for annotation in annotations)


def code_quality(annotations: Sequence[Annotation]) -> str:
    """Return a code quality report of GitLab, which has the annotations with a place."""
    numbers: Counter[tuple[str, ...]] = Counter()
    report = []
    for annotation in annotations:
        if annotation.place is None:
            continue
        path = annotation.place.file
        key = (annotation.scenario, annotation.outcome, annotation.subject, path)  # without the reason, which varies
        numbers[key] += 1
        fingerprint = sha256(json.dumps([*key, numbers[key]]).encode()).hexdigest()
        report.append(
            {
                "description": _message(annotation),
                "check_name": f"mqlab: {annotation.outcome}",
                "fingerprint": fingerprint,
                "severity": "major",
                "location": {"path": plain_line(path), "lines": {"begin": annotation.place.line}},
            }
        )
    return json.dumps(report, indent=2) + "\n"


def _message(annotation: Annotation) -> str:
    return ": ".join(plain_line(text) for text in (annotation.subject, annotation.message) if text)


def _properties(annotation: Annotation) -> str:
    place = annotation.place
    at = {} if place is None else {"file": place.file, "line": str(place.line), "col": str(place.column)}
    given = {**at, "title": f"{annotation.scenario}: {annotation.outcome}"}
    return ",".join(
        f"{name}={_data(plain_line(text)).replace(':', '%3A').replace(',', '%2C')}" for name, text in given.items()
    )


def _data(text: str) -> str:
    """Return a text as GitHub's own toolkit writes it into a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
