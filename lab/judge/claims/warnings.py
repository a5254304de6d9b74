"""Judge of the expectation `warnings`: what the service removed when it saved a revision."""

from __future__ import annotations

from lab.declare.expectations.warnings import WarningsClaim
from lab.history import ConfigurationSaved
from lab.judge.evidence.evidence import Evidence
from lab.judge.findings import Finding, at_the_end
from lab.judge.values import Outcome
from lab.units import several


def judge(claim: WarningsClaim, evidence: Evidence) -> Finding:
    """Judge the removals from the last saved revision that is claimed."""
    saved = [
        each
        for each in evidence.timeline.seen
        if isinstance(each, ConfigurationSaved)
        and each.configuration == claim.configuration
        and claim.revision in (None, each.revision)
    ]
    if not saved:
        which = "" if claim.revision is None else f" {claim.revision}"
        return Outcome.UNKNOWN, f"no revision{which} of {claim.configuration} was saved"
    last = saved[-1]
    wanted = [word for word in (claim.reason, claim.element, claim.attribute) if word is not None]
    fitting = [warning for warning in last.warnings if set(wanted) <= set(warning.split(" "))]
    holds = (claim.count is None or claim.count.holds(last.removed)) and (not wanted or bool(fitting))
    removed = f": {', '.join(last.warnings)}" if last.warnings else ""
    what = f"{several(last.removed, 'thing')}{removed}" if last.removed else "nothing"
    words = f"revision {last.revision} of {claim.configuration}: the service removed {what}"
    return at_the_end(holds, words, evidence)
