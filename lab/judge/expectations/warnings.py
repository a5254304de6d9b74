"""Judge of the expectation `warnings`: the settings that the service removed when it saved a revision."""

from __future__ import annotations

from lab.base.units import several
from lab.declare.expectations.warnings import WarningsExpectation
from lab.history import ConfigurationSaved
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome


@judges.register(WarningsExpectation)
def judge_warnings(expectation: WarningsExpectation, evidence: Evidence) -> Finding:
    """Judge the removals from the last saved revision that is expected."""
    saved = [
        each
        for each in evidence.timeline.seen
        if isinstance(each, ConfigurationSaved)
        and each.configuration == expectation.configuration
        and expectation.revision in (None, each.revision)
    ]
    if not saved:
        which = "" if expectation.revision is None else f" {expectation.revision}"
        return Outcome.UNKNOWN, f"no revision{which} of {expectation.configuration} was saved"
    last = saved[-1]
    wanted = [word for word in (expectation.reason, expectation.element, expectation.attribute) if word is not None]
    fitting = [warning for warning in last.warnings if set(wanted) <= set(warning.split(" "))]
    holds = (expectation.count is None or expectation.count.holds(last.removed)) and (not wanted or bool(fitting))
    removed = f": {', '.join(last.warnings)}" if last.warnings else ""
    what = f"{several(last.removed, 'thing')}{removed}" if last.removed else "nothing"
    words = f"revision {last.revision} of {expectation.configuration}: the service removed {what}"
    return at_the_end(holds, words, evidence)
