"""Check of the expectation `warnings`: its revision is saved at some time."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.service import Revisions
from lab.declare.expectations.warnings import WarningsClaim
from lab.errors import Problem


def check(context: Context, claim: WarningsClaim) -> Iterator[Problem]:
    """Yield a Problem if the revision is never saved."""
    last = context.recall(Revisions).by_name.get(claim.configuration)
    if last is not None and claim.revision is not None and claim.revision > last:
        what = f"{claim.configuration} never has a revision {claim.revision}"
        yield context.wrong("revision", what, f"its revisions: 1 to {last}")
