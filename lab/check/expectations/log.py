"""Check of the expectation `log`: a pattern's name is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.activemq.log_lines import NAMED
from lab.check.context import Context
from lab.declare.expectations.log import Log
from lab.errors import Problem

_A_NAME = re.compile(r"[a-z]+(-[a-z]+)+")  # text of this form is taken for a pattern's name


def check(context: Context, claim: Log) -> Iterator[Problem]:
    """Yield a Problem if the pattern looks like a name and is not a known one."""
    if claim.matches not in NAMED and _A_NAME.fullmatch(claim.matches):
        yield context.missing("matches", "pattern", claim.matches, NAMED, "patterns, beside regular expressions")
