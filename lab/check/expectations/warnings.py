"""Check of the expectation `warnings`: its revision is saved at some time."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.service import Revisions
from lab.declare.expectations.warnings import WarningsExpectation
from lab.errors import Problem


@checks.register(WarningsExpectation)
def check_warnings(context: Context, expectation: WarningsExpectation) -> Iterator[Problem]:
    """Yield a Problem if the revision is never saved."""
    last = context.recall(Revisions).by_name.get(expectation.configuration)
    if last is not None and expectation.revision is not None and expectation.revision > last:
        what = f"{expectation.configuration} never has a revision {expectation.revision}"
        yield context.wrong("revision", what, f"write one of its revisions: 1 to {last}")
