"""run: a scenario replayed in a lab of its own, and its report."""

from __future__ import annotations

from contextlib import nullcontext, suppress

from lab.cli import options, reports
from lab.cli.options import ARCHIVE, FOLDER, JSON, PORT_BASE, QUIET, RUNTIME, SCENARIO, SEED, SET, VERSION
from lab.cli.reports import JUNIT, PAGE
from lab.declare.variants import settings_of
from lab.report.files import write


def run(
    scenario: SCENARIO,
    seed: SEED = None,
    set: SET = None,
    runtime: RUNTIME = None,
    activemq_version: VERSION = None,
    activemq_archive: ARCHIVE = None,
    runs: FOLDER = None,
    port_base: PORT_BASE = None,
    page: PAGE = None,
    junit_file: JUNIT = None,
    quiet: QUIET = False,
    json: JSON = False,
) -> int:
    """Open a lab, replay the scenario in it, judge what happened, and remove the lab.

    The run folder keeps report.json, report.html and report.junit.xml.
    """
    from lab import labs  # here, since judging needs no Docker, whose library is slow to load

    reports.check_writable(page, junit_file)
    ran = labs.run(
        scenario,
        seed=seed,
        set=settings_of(set or ()),
        activemq_version=activemq_version,
        activemq_archive=activemq_archive,
        runs=runs,
        runtime=runtime,
        port_base=port_base,
        progress=options.progress(quiet),
        raising=False,
    )
    with suppress(OSError) if ran.error is not None else nullcontext():  # the error itself counts
        write(ran.judged, ran.folder, page=page, junit_file=junit_file)
    if ran.error is not None:
        if not json:  # a program finds the report where the error says
            reports.print_report(ran.judged, ran.folder, json=False, page=None)
        raise ran.error
    return reports.print_report(ran.judged, ran.folder, json=json, page=ran.folder.page if page is None else page)
