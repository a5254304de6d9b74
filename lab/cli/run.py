"""run: scenarios replayed, each in a lab of its own, and their reports."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lab.base import extras
from lab.base.interrupts import put_off
from lab.base.units import parse_duration
from lab.cli import new_files, options, profile, reports, run_chosen
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
    option,
)
from lab.cli.profile import PROFILE
from lab.cli.reports import JUNIT, LIVE_PAGE, PAGE
from lab.declare.variants import settings_of
from lab.errors import HostError, InputError
from lab.report.run_folder import home

if TYPE_CHECKING:  # which one scenario does without
    from lab.report.annotations import Places
    from lab.report.summary import RunOf


JOBS = option(
    "--jobs -j N", "The number of runs at the same time (default: 1, or with --seeds one for each core).", min=1, max=64
)

SEEDS = option("--seeds N", "The seeds to simulate and count by outcome: N for 1 to N, a range 5-20, or a list 3,7,11.")
REPORTS = option(
    "--reports DIR",
    "The folder for summary.md, CI annotations, and an HTML page and a JUnit file for each scenario.",
    parser=new_files.folder_named_by("--reports"),
)


SHARD = option("--shard K/N", "The part of the scenarios to run, for example 1/3 for the first of three jobs.")


TIME_LIMIT = option(
    "--time-limit DURATION",
    "The maximum time of each run; a run that reaches it ends with an error, and its lab is removed.",
)


def run(
    scenario: list[str] | None = SCENARIOS,
    seed: int | None = SEED,
    seeds: str | None = SEEDS,
    set: list[str] | None = SET,
    runtime: str | None = RUNTIME,
    ignore: list[str] | None = options.IGNORE,
    activemq_version: str | None = VERSION,
    activemq_archive: Path | None = ARCHIVE,
    runs: Path | None = FOLDER,
    port_base: int | None = PORT_BASE,
    wait: str | None = WAIT,
    time_limit: str | None = TIME_LIMIT,
    jobs: int | None = JOBS,
    shard: str | None = SHARD,
    last_failed: bool = flag("--last-failed", "Run the scenarios that did not pass when they last ran."),
    page: Path | None = PAGE,
    junit_file: Path | None = JUNIT,
    reports_folder: Path | None = REPORTS,
    profile_file: Path | None = PROFILE,
    film: bool = flag("--film", "Write film.html into the run folder, a page that plays the run."),
    live_page: bool = LIVE_PAGE,
    quiet: bool = QUIET,
    json: bool = JSON,
) -> int:
    """Open a lab, run a scenario in it, report the verdicts, and remove the lab.

    The run folder keeps report.json, report.html and report.junit.xml. Several runs end with the highest exit code.

    Example: mqlab run tokyo-singapore --runtime simulation
    """
    if seeds is not None:
        of_one = {
            "--seed": seed,
            "--activemq-version": activemq_version,
            "--activemq-archive": activemq_archive,
            "--runs": runs,
            "--port-base": port_base,
            "--wait": wait,
            "--time-limit": time_limit,
            "--shard": shard,
            "--last-failed": last_failed or None,
            "--html": page,
            "--junit": junit_file,
            "--reports": reports_folder,
            "--profile": profile_file,
            "--film": film or None,
            "--page": live_page or None,
        }
        code: int = extras.hook("run_seeds")(
            run_chosen.chosen(scenario or (), None, None),
            seeds,
            set or (),
            ignore or (),
            runtime,
            jobs,
            of_one,
            quiet=quiet,
            json=json,
        )
        return code
    at_once = jobs or 1
    limit = None if time_limit is None else _limit(time_limit)
    reports.check_writable(page, junit_file)
    failures = run_chosen.Failures(runs or home(os.environ))
    scenarios = run_chosen.chosen(scenario or (), shard, failures if last_failed else None)
    profile.check_writable(profile_file, page, junit_file)
    if len(scenarios) != 1 or reports_folder is not None:
        if page is not None:
            raise InputError.of(
                "--html is for the page of one scenario", "write --reports DIR to keep the page of each scenario"
            )
        if live_page:
            raise InputError.of("--page is for the run of one scenario", "run one scenario, without --reports")
        if profile_file is not None:
            raise InputError.of("--profile is for the run of one scenario", "run one scenario, without --reports")
        if port_base is not None and at_once > 1:
            raise InputError.of("--port-base gives every lab the same ports", "remove --jobs or --port-base")
        its = {
            "--seed": seed,
            "--runtime": runtime,
            "--activemq-version": activemq_version,
            "--activemq-archive": activemq_archive,
            "--runs": runs,
            "--port-base": port_base,
            "--wait": wait,
            "--time-limit": time_limit,
        }
        arguments = [word for key, value in its.items() if value is not None for word in (key, str(value))]
        arguments += [word for each in set or () for word in ("--set", each)]
        arguments += [word for each in ignore or () for word in ("--ignore", each)]
        arguments += ["--film"] * film
        from lab.cli.run_places import places_of

        places = places_of(settings_of(set or ()))
        return _several(
            scenarios, arguments, at_once, reports_folder, junit_file, failures, places, quiet=quiet, json=json
        )
    from lab import labs
    from lab.operating import runtimes  # here, since judging needs no Docker, whose library is slow to load

    simulated = (runtime or runtimes.usual(os.environ)) == runtimes.SIMULATION
    played = live_page and simulated  # a simulation is over before a person could look: its page is its film
    page_beside = extras.hook("page_beside") if live_page and not simulated else None
    passed = refused = False
    try:
        with put_off() as came, profile.kept(profile_file) as waits, ExitStack() as beside:
            ran = labs.run(
                scenarios[0],
                seed=seed,
                set=settings_of(set or ()),
                activemq_version=activemq_version,
                activemq_archive=activemq_archive,
                runs=runs,
                runtime=runtime,
                port_base=port_base,
                environment=options.waiting(wait),
                progress=options.progress(quiet),
                raising=False,
                ignore=ignore or (),
                time_limit=limit,
                profile=waits,
                opened=lambda run: None if page_beside is None else beside.enter_context(page_beside(run)),
            )
            unwritten = reports.unwritten(ran.judged, ran.folder, page=page, junit_file=junit_file, film=film or played)
            if played and ran.folder.film.exists():
                options.err().print(f"film: {ran.folder.film}", markup=False, highlight=False, soft_wrap=True)
            if ran.error is not None:  # and no other
                if not json:  # a program finds the report where the error says
                    reports.print_report(ran.judged, ran.folder, json=False, page=None)
                raise ran.error
            passed = ran.passed
            shown = ran.folder.page if page is None or unwritten is not None else page
            code = reports.print_report(ran.judged, ran.folder, json=json, page=shown, error=unwritten)
            came.clear()  # signals that came as the lab was removed: the command ends by itself, and has a verdict
    except InputError:  # nothing ran, so the earlier outcome stays
        refused = True
        raise
    finally:
        if not refused:
            failures.record(scenarios[0], passed=passed)
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


def _several(
    scenarios: Sequence[str],
    arguments: Sequence[str],
    jobs: int,
    folder: Path | None,
    junit_file: Path | None,
    failures: run_chosen.Failures,
    places: Places,
    *,
    quiet: bool,
    json: bool,
) -> int:
    """Run scenarios, each in a process of its own, and print the outcome of each as it ends."""
    from lab.base.text_files import write_text
    from lab.cli import run_many
    from lab.report import annotations, summary

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

    found, cut_short = run_many.run_all(scenarios, arguments, jobs=jobs, folder=folder, ended=ended)
    of_all = found if cut_short is None else run_many.with_the_rest(scenarios, found)
    unwritten: HostError | None = None  # told at the end: the verdicts are known all the same
    marks = [] if folder is None else list(annotations.annotated(of_all, places))
    made = (
        (folder and folder / "summary.md", summary.markdown),
        (folder and folder / "annotations.txt", lambda _: annotations.workflow_commands(marks)),
        (folder and folder / "code-quality.json", lambda _: annotations.code_quality(marks)),
        (junit_file, summary.junit),
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
        for one in found
        for line in (
            f"{one.scenario}: {one.outcome}{'' if one.report is None else ', run ' + one.report['run']}",
            *(f"  {why}" for each in one.why for why in each.splitlines()),
            *(f"  page: {page}" for page in (_page(one, folder, failures.home),) if page is not None),
        )
    ]
    told = [
        {
            "scenario": one.scenario,
            "outcome": one.outcome,
            "exit_code": one.code,
            "seconds": round(one.seconds, 3),
            "report": one.report,
            **({"error": one.error} if one.error else {}),
        }
        for one in found
    ]
    options.show(told, lines, json)
    if not scenarios and not quiet:
        options.err().print("there is no scenario to run")
    if unwritten is not None:
        options.complain(f"{unwritten.what}\n{unwritten.remedy}")
    if cut_short is not None:
        options.warn_of_each([f"{len(found)} of {len(scenarios)} runs had ended"])
        raise cut_short
    return max([0 if unwritten is None else unwritten.exit_code, *(one.code for one in found)])
