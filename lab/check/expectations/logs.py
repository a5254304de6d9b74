"""Check of the expectation `log`: the name of its pattern is known, and a history keeps such lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.activemq.log_lines import NAMED
from lab.check.context import Context
from lab.check.expectations import checks
from lab.declare.expectations.logs import Log
from lab.errors import Problem

_A_NAME = re.compile(r"[a-z]+(-[a-z]+)+")  # text of this form is taken for a pattern's name


@checks.register(Log)
def check_log(context: Context, expectation: Log) -> Iterator[Problem]:
    """Yield a Problem if the pattern looks like a name and is not a known one, or if it looks for a password."""
    if context.scenario.origin.mask.text(expectation.matches) != expectation.matches:
        what = "a history masks known passwords in its lines, and the text after password="
        yield context.wrong("matches", what, "match the text around the password; password= may end the expression")
    if expectation.matches not in NAMED and _A_NAME.fullmatch(expectation.matches):
        yield context.missing("matches", "pattern", expectation.matches, NAMED, "patterns, beside regular expressions")
