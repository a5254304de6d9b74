"""A scenario's file as tests: it is run when the first of them is, and each expectation's verdict is one test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from os import PathLike
from typing import Any

import pytest

from lab.check.scenarios import read
from lab.errors import InputError, LabError
from lab.judge import Outcome
from lab.labs import Ran
from lab.pytest_plugin import report_text
from lab.pytest_plugin.session import RUN_REPORT, labs_of, or_skip, words
from lab.pytest_plugin.wanted import Wanted
from lab.report.files import keep_film


class NotPassed(Exception):
    """An expectation that failed, or is unknown."""


class ScenarioFile(pytest.File):
    """One scenario, with a test for each expectation, or a single one if it has none."""

    _ran: Ran | None = None
    _failed: LabError | None = None
    _reported: frozenset[int | None] = frozenset()  # whose verdicts of that run were told

    def collect(self) -> Iterator[ScenarioTest]:
        """Read and check the scenario, and yield its tests."""
        try:
            scenario = read(str(self.path), os.environ)
        except InputError as error:
            raise self.CollectError(str(error)) from error
        if scenario.is_topology:
            raise self.CollectError(f"{self.path} has no steps: there is nothing to run")
        for number, expectation in enumerate(scenario.expect):
            place = scenario.origin.place("expect", number, expectation.kind)
            yield ScenarioTest.from_parent(
                self,
                name=f"{number + 1}-{expectation.kind}",
                number=number,
                about=f"{scenario.scenario}: {expectation.words()}",
                line=None if place is None else place.line,
            )
        if not scenario.expect:
            yield ScenarioTest.from_parent(self, name="run", number=None, about=scenario.scenario, line=None)

    def run_once(self, number: int | None) -> Ran:
        """Run the scenario for an expectation, or return its earlier run, or raise the error that kept it from running.

        For an expectation whose verdict was reported already, as of a test that is run again, it is run anew.
        """
        if number in self._reported:
            self._ran, self._failed, self._reported = None, None, frozenset()
        self._reported |= {number}
        if self._failed is not None:
            raise self._failed
        if self._ran is None:
            labs = labs_of(self.config)
            try:
                wanted = Wanted(scenario=str(self.path), runtime=labs.settings.usual.runtime)
                self._ran = labs.run(wanted)
                if not self._ran.passed:
                    with suppress(OSError):  # the report counts
                        keep_film(self._ran.judged, self._ran.folder)
            except LabError as error:
                self._failed = error
                raise
        return self._ran


class ScenarioTest(pytest.Item):
    """The verdict of one expectation, by its number; without one, that the scenario runs."""

    def __init__(self, *, number: int | None, about: str, line: int | None, **its: Any) -> None:
        super().__init__(**its)
        self._number, self._about, self._line = number, about, line
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(name=self.path.name))

    def runtest(self) -> None:
        """Run the scenario, unless another test has, and raise NotPassed if the expectation has not passed."""
        file = self.parent
        assert isinstance(file, ScenarioFile)
        with or_skip(self.config):
            ran = file.run_once(self._number)
        report = ran.report
        verdicts = report.verdicts if self._number is None else report.verdicts[self._number :][:1]
        self.user_properties += report_text.properties(ran.folder.path, report.runtime, verdicts)
        logs = report_text.Logs.of(ran.error, self.nodeid, all_lines=self.config.getoption("mqlab_logs"))
        self.stash[RUN_REPORT] = report_text.of_run(ran.folder.path, report.runtime, report.verdicts, logs)
        not_held = [report_text.verdict(each) for each in verdicts if each.outcome is not Outcome.PASSED]
        if ran.error is not None:
            not_held.append(words(ran.error))
        if not_held:
            raise NotPassed("\n".join(not_held))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the verdict, or the error that kept the scenario from running, without a traceback."""
        if isinstance(excinfo.value, NotPassed | LabError):
            return words(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Return where the expectation is written, and its words."""
        return self.path, None if self._line is None else self._line - 1, self._about
