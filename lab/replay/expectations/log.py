"""The condition that a log has the expected lines."""

from __future__ import annotations

from collections.abc import Callable

from lab.activemq import log_lines
from lab.declare.expectations.base import Term
from lab.declare.expectations.log import Log
from lab.replay.expectations import conditions
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import StepTimes


@conditions.register(Log)
def come_true_log(rehearsal: Rehearsal, expectation: Log, term: Term) -> Callable[[], bool]:
    """Return the condition that the log has the expected lines; for a maximum of lines, it never holds."""
    begin = rehearsal.recall(StepTimes).began[term.after]
    pattern = log_lines.pattern(expectation.matches)

    def there() -> bool:
        log = (line for line in tuple(rehearsal.sightings.log) if line.broker == expectation.broker and not line.trace)
        its = (line for line in log if line.t >= begin)
        number = sum(line.times for line in its if pattern.search(line.text))
        return expectation.wanted.at_most is None and number >= (expectation.wanted.at_least or 0)

    return there
