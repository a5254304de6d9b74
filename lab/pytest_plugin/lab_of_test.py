"""A lab as one test has it: its clients end with the test, and its history is the test's own interval."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lab.declare.expectations.base import Expectation
from lab.declare.steps.snapshot import END, START
from lab.errors import InputError
from lab.history import Counted
from lab.judge import Outcome, Report, Verdict
from lab.living.lab import Live
from lab.runtime.lab import StandingLab
from lab.scenarios import expectations

_ARRIVES = 5.0  # seconds, for acknowledgements on their way between brokers


class LabOfTest(Live):
    """An open lab with an interval of its history, from the test's beginning on, which the mark `begins` names."""

    def __init__(self, lab: StandingLab, name: str) -> None:
        super().__init__(lab)
        self._name, self._expected = name, dict[str, tuple[Expectation, ...]]()
        self._reports: dict[str, Report] = {}
        self.begins = f"{name} begins"
        self.mark(self.begins)

    def __exit__(self, *of: object) -> None:
        with suppress(InputError):  # its history has ended with the lab
            self.mark(f"{self._name} ends")
        super().__exit__(*of)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Return the verdicts that were given in this test, the last ones by each scenario."""
        return tuple(verdict for report in self._reports.values() for verdict in report.verdicts)

    def expect(self, scenario: str | Path) -> None:
        """Have the test judged at its end by the expectations of a scenario, whose steps are not done.

        If one failed or is unknown, the test fails. Raise InputError if the scenario's files have mistakes.
        """
        asked = self._expected[str(scenario)] = expectations(str(scenario), os.environ)
        if any(START in expectation.snapshots for expectation in asked):
            self.snapshot(START)

    def judge(
        self, scenario: str | Path | None = None, *, since: str | None = None, until: str | None = None
    ) -> Report:
        """Judge the test's interval of the history as of now, or the one between two marks."""
        report = super().judge(scenario, since=since or self.begins, until=until)
        self._reports[str(scenario)] = report
        return report

    def judge_expected(self, *, patient: bool = True) -> tuple[Verdict, ...]:
        """Judge the test's expectations, and return the verdicts that did not pass.

        With `patient`, listen on while one is unknown, for as long as a run of the scenario would.
        """
        for scenario, asked in self._expected.items():
            if any(END in expectation.snapshots for expectation in asked):
                self.lab.clock.wait(self._nothing_in_flight, _ARRIVES if patient else 0.0)
                self.snapshot(END)
            report = self.judge(scenario)
            for seconds in _waits(asked) if patient else ():
                if report.outcome is not Outcome.UNKNOWN:
                    break
                self.lab.clock.sleep(seconds)  # a run listens on for as long
                report = self.judge(scenario)
        reports = [self._reports[scenario] for scenario in self._expected]
        return tuple(each for report in reports for each in report.verdicts if each.outcome is not Outcome.PASSED)

    def _nothing_in_flight(self) -> bool:
        """Return whether brokers have counted all that was forwarded and received."""
        seen = self.lab.management.snapshot(END)
        return not any(each.counters.get("in-flight") for each in seen if isinstance(each, Counted))


def _waits(expectations: Sequence[Expectation]) -> tuple[float, float]:
    """Return how long to listen on for duplicates, and how much longer for late messages, in seconds."""
    quiet = max((expectation.listens_on.total_seconds() for expectation in expectations), default=0.0)
    within = [
        expectation.arrivals.within.total_seconds() for expectation in expectations if expectation.arrivals is not None
    ]
    within += [expectation.term.within.total_seconds() for expectation in expectations if expectation.term is not None]
    return quiet, max(within, default=0.0)
