"""run: scenarios replayed, each in a lab of its own, and their reports."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from lab.base import extras
from lab.base.interrupts import put_off
from lab.base.units import parse_duration
from lab.cli import conflicts, options, profile, reports, run_chosen
from lab.cli.options import (
    ARCHIVE,
    FOLDER,
    JSON,
    PORT_BASE,
    QUIET,
    RUNTIME,
    SCENARIOS,
    SEED,
    SET,
    VERSION,
    WAIT,
    flag,
    folder_option,
    option,
)
from lab.cli.profile import PROFILE
from lab.cli.reports import JUNIT, LIVE_PAGE, PAGE
from lab.declare.variants import settings_of
from lab.errors import HostError, InputError
from lab.report.run_folder import home

if TYPE_CHECKING:  # which one scenario does without
    from lab.report.summary import RunOf

_EACH = (  # options that each of several runs has
    "--seed --set --runtime --ignore --activemq-version --activemq-archive --runs --port-base --wait --time-limit "
    "--film"
)


class RunOptions:
    """The options of `mqlab run`: each field is a parameter of the command, and its default the option."""

    scenario: list[str] | None = SCENARIOS
    seed: int | None = SEED
    seeds: str | None = option(
        "--seeds N", "The seeds to simulate and count by outcome: N for 1 to N, a range 5-20, or a list 3,7,11."
    )
    set: list[str] | None = SET
    runtime: str | None = RUNTIME
    ignore: list[str] | None = options.IGNORE
    activemq_version: str | None = VERSION
    activemq_archive: Path | None = ARCHIVE
    runs: Path | None = FOLDER
    port_base: int | None = PORT_BASE
    wait: str | None = WAIT
    time_limit: str | None = option(
        "--time-limit DURATION",
        "The maximum time of each run; a run that reaches it ends with an error, and its lab is removed.",
    )
    jobs: int | None = option(
        "--jobs -j N",
        "The number of runs at the same time (default: 1, or with --seeds one for each core).",
        min=1,
        max=64,
    )
    shard: str | None = option(
        "--shard K/N", "The part of the scenarios to run, for example 1/3 for the first of three jobs."
    )
    last_failed: bool = flag("--last-failed", "Run the scenarios that did not pass when they last ran.")
    page: Path | None = PAGE
    junit_file: Path | None = JUNIT
    reports_folder: Path | None = folder_option(
        "--reports DIR",
        "The folder for summary.md, CI annotations, and an HTML page and a JUnit file for each scenario.",
    )
    profile_file: Path | None = PROFILE
    film: bool = flag("--film", "Write film.html into the run folder, a page that plays the run.")
    live_page: bool = LIVE_PAGE
    quiet: bool = QUIET
    json: bool = JSON

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def written(self) -> dict[str, Any]:
        """Return the values of the options that are given, by their names."""
        return conflicts.written(run, vars(self))

    def words(self) -> Iterator[str]:
        """Yield the options that each of several runs has, as the words of a command line."""
        for name, value in self.written().items():
            for text in value if isinstance(value, list) else [value]:
                if name in _EACH.split():
                    yield from (name,) if text is True else (name, str(text))


def _run(given: RunOptions) -> int:
    names = given.scenario or ()
    if given.seeds is not None:
        code: int = extras.hook("run_seeds")(run_chosen.chosen(names, None, None), given)
        return code
    limit = None if given.time_limit is None else _limit(given.time_limit)
    reports.check_writable(given.page, given.junit_file)
    failures = run_chosen.Failures(given.runs or home(os.environ))
    scenarios = run_chosen.chosen(names, given.shard, failures if given.last_failed else None)
    profile.check_writable(given.profile_file, given.page, given.junit_file)
    if len(scenarios) == 1 and given.reports_folder is None:
        return _one(scenarios[0], given, limit, failures)
    facts = ["several-scenarios", *["several-runs-at-once"] * ((given.jobs or 1) > 1)]
    conflicts.check("run", given.written(), *facts)
    return _several(scenarios, given, failures)


_SUMMARY = """Open a lab, run a scenario in it, report the verdicts, and remove the lab.

The run folder keeps report.json, report.html and report.junit.xml. Several runs end with the highest exit code.

Example: mqlab run tokyo-singapore --runtime simulation
"""
run = options.declared(
    lambda **values: _run(RunOptions(**values)),
    _SUMMARY,
    {name: (kind, getattr(RunOptions, name)) for name, kind in get_type_hints(RunOptions).items()},
)


def _one(scenario: str, given: RunOptions, limit: timedelta | None, failures: run_chosen.Failures) -> int:
    """Run one scenario, print its report, and return the exit code."""
    from lab import labs
    from lab.operating import runtimes  # here, since judging needs no Docker, whose library is slow to load

    page = given.page
    simulated = (given.runtime or runtimes.usual(os.environ)) == runtimes.SIMULATION
    played = given.live_page and simulated  # a simulation is over before a person could look: its page is its film
    page_beside = extras.hook("page_beside") if given.live_page and not simulated else None
    passed = refused = False
    try:
        with put_off() as came, profile.kept(given.profile_file) as waits, ExitStack() as beside:
            ran = labs.run(
                scenario,
                seed=given.seed,
                set=settings_of(given.set or ()),
                activemq_version=given.activemq_version,
                activemq_archive=given.activemq_archive,
                runs=given.runs,
                runtime=given.runtime,
                port_base=given.port_base,
                environment=options.waiting(given.wait),
                progress=options.progress(given.quiet),
                raising=False,
                ignore=given.ignore or (),
                time_limit=limit,
                profile=waits,
                opened=lambda run: None if page_beside is None else beside.enter_context(page_beside(run)),
            )
            unwritten = reports.unwritten(
                ran.judged, ran.folder, page=page, junit_file=given.junit_file, film=given.film or played
            )
            if played and ran.folder.film.exists():
                options.err().print(f"film: {ran.folder.film}", markup=False, highlight=False, soft_wrap=True)
            if ran.error is not None:  # and no other
                if not given.json:  # a program finds the report where the error says
                    reports.print_report(ran.judged, ran.folder, json=False, page=None)
                raise ran.error
            passed = ran.passed
            shown = ran.folder.page if page is None or unwritten is not None else page
            code = reports.print_report(ran.judged, ran.folder, json=given.json, page=shown, error=unwritten)
            came.clear()  # signals that came as the lab was removed: the command ends by itself, and has a verdict
    except InputError:  # nothing ran, so the earlier outcome stays
        refused = True
        raise
    finally:
        if not refused:
            failures.record(scenario, passed=passed)
    return code


def _limit(text: str) -> timedelta:
    """Return a time limit; InputError if it is no duration, or if this system cannot have one."""
    if not hasattr(signal, "setitimer"):
        raise InputError.of(
            "--time-limit: this system has no timer", "remove --time-limit, or run mqlab on Linux or macOS"
        )
    try:
        limit = parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise options.refused_quantity("--time-limit", text, error, "m") from error
    if not limit:
        raise InputError.of("--time-limit must be longer than 0", "remove --time-limit for a run without a limit")
    return limit


def _page(one: RunOf, folder: Path | None, base: Path) -> Path | None:
    """Return the page of a run that did not pass, which is in the folder of the reports or in the run folder."""
    if one.report is None or one.outcome == "passed":
        return None
    return base / "runs" / one.report["run"] / "report.html" if folder is None else folder / f"{one.name}.html"


def _several(scenarios: Sequence[str], given: RunOptions, failures: run_chosen.Failures) -> int:
    """Run scenarios, each in a process of its own, and print the outcome of each as it ends."""
    from lab.base.text_files import write_text
    from lab.cli import run_many
    from lab.cli.run_places import places_of
    from lab.report import annotations, summary

    folder, quiet = given.reports_folder, given.quiet
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError.of(
                f"{folder} cannot be made: {error.strerror}", "name another folder with --reports"
            ) from error
    wide = max(map(len, scenarios), default=0)

    def ended(one: RunOf) -> None:
        failures.record(one.scenario, passed=one.outcome == "passed")
        if not quiet:
            options.err().print(f"{one.outcome:<8} {one.scenario:<{wide}} {one.seconds:8.1f} s", markup=False)
        for line in one.warnings.splitlines():
            options.err().print(f"{one.scenario}: {line}", markup=False, soft_wrap=True)

    runs, cut_short = run_many.run_all(
        scenarios, tuple(given.words()), jobs=given.jobs or 1, folder=folder, ended=ended
    )
    of_all = runs if cut_short is None else run_many.with_the_rest(scenarios, runs)
    unwritten: HostError | None = None  # told at the end: the verdicts are known all the same
    marks = [] if folder is None else list(annotations.annotated(of_all, places_of(settings_of(given.set or ()))))
    made = (
        (folder and folder / "summary.md", summary.markdown),
        (folder and folder / "annotations.txt", lambda _: annotations.workflow_commands(marks)),
        (folder and folder / "code-quality.json", lambda _: annotations.code_quality(marks)),
        (given.junit_file, summary.junit),
    )
    for path, text in made:
        try:
            if path is not None:
                write_text(path, text(of_all))
        except OSError as error:
            unwritten = HostError(
                f"{path} cannot be written: {error.strerror}", "choose another place with --reports and --junit"
            )
    lines = [
        line
        for one in runs
        for line in (
            f"{one.scenario}: {one.outcome}{'' if one.report is None else ', run ' + one.report['run']}",
            *(f"  {why}" for each in one.why for why in each.splitlines()),
            *(f"  page: {page}" for page in (_page(one, folder, failures.home),) if page is not None),
        )
    ]
    rows = [
        {
            "scenario": one.scenario,
            "outcome": one.outcome,
            "exit_code": one.code,
            "seconds": round(one.seconds, 3),
            "report": one.report,
            **({"error": one.error} if one.error else {}),
        }
        for one in runs
    ]
    options.show(rows, lines, given.json)
    if not scenarios and not quiet:
        options.err().print("there is no scenario to run")
    if unwritten is not None:
        options.complain(f"{unwritten.what}\n{unwritten.remedy}")
    if cut_short is not None:
        options.warn_of_each([f"{len(runs)} of {len(scenarios)} runs had ended"])
        raise cut_short
    return max([0 if unwritten is None else unwritten.exit_code, *(one.code for one in runs)])
