"""What may be wrong with the expectation `log`: its pattern looks like a name, and is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.activemq.log_lines import NAMED
from lab.check.context import Context
from lab.declare.expectations.log import Log
from lab.errors import Problem

_A_NAME = re.compile(r"[a-z]+(-[a-z]+)+")  # what looks like a pattern's name is taken for one


def check(context: Context, claim: Log) -> Iterator[Problem]:
    """A pattern that looks like a name must be one."""
    if claim.matches not in NAMED and _A_NAME.fullmatch(claim.matches):
        yield context.missing("matches", "pattern", claim.matches, NAMED, "patterns, beside regular expressions")
