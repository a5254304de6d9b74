"""A lab as one test has it: its clients end with the test, and its history is the test's own interval."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lab.base.dataclass import dataclass
from lab.base.suggestions import unknown
from lab.check.scenarios import expectations
from lab.declare.expectations.base import Expectation
from lab.declare.in_code import Clients, applications_of
from lab.declare.steps.flow import END, START
from lab.errors import InputError
from lab.history import BEAT, Counted
from lab.judge import Outcome, Report, Verdict
from lab.living.lab import Live
from lab.runtime.lab import StandingLab

_ARRIVES = 5.0  # seconds, for acknowledgements on their way between brokers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Expectations of a test, and the applications that they name."""

    judged: str | Path | Expectation
    expectations: tuple[Expectation, ...]
    clients: Clients | None


class LabOfTest(Live):
    """An open lab with an interval of its history, from the test's beginning on, which the mark `begins` names."""

    def __init__(self, lab: StandingLab, name: str) -> None:
        super().__init__(lab)
        self._name, self._expected = name, dict[str, _Asked]()
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

    def expect(self, *expected: str | Path | Expectation, clients: Clients | None = None) -> None:
        """Have the test judged at its end by expectations, or by those of scenarios, whose steps are not done.

        `clients` are the applications that the expectations name, by name: a client id, or the keys of `clients` in a
        scenario. If one failed or is unknown, the test fails. Raise InputError if something is wrong with them.
        """
        if clients and not self._observed:
            raise InputError.of(
                f"no broker of this lab is observed, so the lab has no data on {', '.join(clients)}",
                'mark the test: @pytest.mark.mqlab(observe=["orders.>"]), with the destinations of its messages',
            )
        if clients:
            applications_of(clients)  # refused here, and not when the test has ended
        asked: tuple[Expectation, ...]
        for each in expected:
            if isinstance(each, Expectation):
                key, asked = each.words(), (each,)
                self._check(each)
            else:
                key, asked = str(each), expectations(str(each), os.environ)
            if (earlier := self._expected.get(key)) is not None and earlier.clients != clients:
                raise InputError.of(
                    f"the test expects {key} already, with other clients", "give each application a name of its own"
                )
            self._expected[key] = _Asked(judged=each, expectations=asked, clients=clients)
            if any(START in expectation.snapshots for expectation in asked):
                self.snapshot(START)

    @property
    def _observed(self) -> bool:
        return any(broker.identity.observe for broker in self.lab.note.plan.brokers)

    def _check(self, expectation: Expectation) -> None:
        """Raise InputError if an expectation names a broker that is not in the lab."""
        names = [broker.name for broker in self.lab.note.plan.brokers]
        at = getattr(expectation, "at", None)
        if at is not None and at not in names:
            raise InputError([unknown("broker", at, names, "brokers of this lab", None)])

    def judge(
        self,
        expected: str | Path | Expectation | Sequence[Expectation] | None = None,
        *,
        since: str | None = None,
        until: str | None = None,
        clients: Clients | None = None,
    ) -> Report:
        """Judge the test's interval of the history as of now, or the one between two marks."""
        report = super().judge(expected, since=since or self.begins, until=until, clients=clients)
        self._reports[expected.words() if isinstance(expected, Expectation) else str(expected)] = report
        return report

    def judge_expected(self, *, patient: bool = True) -> tuple[Verdict, ...]:
        """Judge the test's expectations, and return the verdicts that did not pass.

        With `patient`, listen on while one is unknown, for as long as a run of the scenario would.
        """
        for asked in self._expected.values():
            if any(END in expectation.snapshots for expectation in asked.expectations):
                self.lab.clock.wait(self._nothing_in_flight, _ARRIVES if patient else 0.0)
                self.snapshot(END)
            report = self.judge(asked.judged, clients=asked.clients)
            beat = BEAT if self._observed else 0.0  # until the history shows that its applications listened as long
            quiet, within = _waits(asked.expectations)
            for seconds in (quiet, beat, within, beat) if patient else ():
                if report.outcome is not Outcome.UNKNOWN:
                    break
                self.lab.clock.sleep(seconds)  # a run listens on for as long
                report = self.judge(asked.judged, clients=asked.clients)
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
