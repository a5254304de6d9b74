"""The verdicts so far: a lab's history, judged as `mqlab judge` does, again and again while it grows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic

from lab.declare.application import Application
from lab.declare.expectations.base import Expectation
from lab.errors import LabError
from lab.extras.page.faults import fault
from lab.extras.page.tables import NO_AGE, NOT_KNOWN, Row, Table
from lab.judge import Judged, Outcome, Report, judge_whole

LEAST_SECONDS = 2.0  # between two judgements, after the end of a step
OTHER_SECONDS = 10.0  # after other news
_RESTS = 19  # times as long as a judgement took, no other begins: judging takes 5 % of the time at most
_TONES = {Outcome.PASSED: "well", Outcome.FAILED: "down", Outcome.UNKNOWN: "plain"}
_NAME, _HEAD = "Verdicts so far", ("expectation", "verdict", "reason")


class Verdicts:
    """The verdicts on a history's file; `expected` and `clients` are those of the run if they are None."""

    def __init__(
        self,
        history: Path,
        expected: Sequence[Expectation] | None = None,
        clients: Mapping[str, Application] | None = None,
        *,
        judge: Callable[..., Judged] = judge_whole,
    ) -> None:
        self._history, self._expected, self._clients, self._judge = history, expected, clients, judge
        self._steps = self._lines = 0
        self._next = self._next_of_other = self.judged_at = 0.0
        self.table = Table(name=_NAME, head=_HEAD, state=1, rows=())

    def due(self, now: float, steps: int, lines: int) -> bool:
        """Return whether to judge now: a step has ended since, or for some time the history has other new lines."""
        if now < self._next:
            return False
        return steps != self._steps or (lines != self._lines and now >= self._next_of_other)

    def judge(self, t: float, steps: int, lines: int, *, ended: bool = False) -> Table:
        """Judge the history, which has so many ends of steps and lines, at `t` s of the lab's clock."""
        begun = monotonic()
        try:
            self.table = _table(self._judge(self._history, self._expected, clients=self._clients).report, t, ended)
        except LabError as error:
            self.table = _not_known(str(error))
        except Exception as error:  # noqa: BLE001 - the page says so; else the table would stay empty without a word
            self.table = _not_known(fault(error))
        finally:
            end = monotonic()
            self._steps, self._lines, self.judged_at = steps, lines, end
            rest = _RESTS * (end - begun)
            self._next, self._next_of_other = end + max(LEAST_SECONDS, rest), end + max(OTHER_SECONDS, rest)
        return self.table


def _not_known(reason: str) -> Table:
    row = Row(key="", cells=("all", NOT_KNOWN, reason), tone="unknown", age=NO_AGE)
    return Table(name=_NAME, head=_HEAD, state=1, rows=(row,))


def _table(report: Report, t: float, ended: bool) -> Table:
    rows = tuple(
        Row(
            key=str(number),
            cells=(verdict.expectation, f"{verdict.outcome}{'' if ended else ' so far'}", verdict.reason),
            tone=_TONES[verdict.outcome],
            age=NO_AGE,
        )
        for number, verdict in enumerate(report.verdicts)
    )
    note = "the run has ended: these verdicts are final" if ended else f"judged at {t:.1f} s"
    return Table(name=_NAME, head=_HEAD, state=1, rows=rows, note=note)
