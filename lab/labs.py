"""Labs for programs, notebooks and test suites: open one, reach one that is running, run a scenario in one, end one.

    from lab import labs

    with labs.up("tokyo-singapore") as lab:
        lab.cut()
        assert not lab.status().bridges[0].up

Failures raise the errors of `lab.errors`; warnings go to the log `lab`, unless a `progress` is handed in.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.amazonmq.configurations.wording import lines
from lab.base.dataclass import dataclass
from lab.base.interrupts import put_off, time_limited
from lab.base.units import format_duration, several
from lab.check.scenarios import PlannedScenario, expectations, header_of, plan_named
from lab.declare.loading import masked_sources
from lab.declare.origin import without_passwords
from lab.declare.scenario import Scenario
from lab.errors import HostError, InputError, LabError, LabTimeout
from lab.history import Header, HistoryFile
from lab.history.shared_file import begin
from lab.living import monitor_process
from lab.living.attach import attach
from lab.living.ending import end, end_history_of_closed
from lab.living.history import PYTHON, LivingHistory
from lab.living.lab import Live
from lab.living.left_open import LEFT_OPEN, ClosedAtExit
from lab.living.monitor import Monitor
from lab.operating import runtimes
from lab.operating.control_plane import record_seen
from lab.operating.network import peerings_and_routes
from lab.operating.runtimes import STANDING, AllRuntimes
from lab.report.run_folder import RunFolder, create, home, unwritable
from lab.runtime import state_file as state_files
from lab.runtime.lab import StandingLab
from lab.runtime.profile import JUDGE, OPEN, UNPROFILED, Profile
from lab.runtime.progress import Logged, Told
from lab.runtime.runtime import AWS, LOCAL, Opening, Runtime, checked_endpoints
from lab.runtime.state_file import make_folder, new_run_id, note_folder

if TYPE_CHECKING:  # a lab that only stands need not wait until replay, judge and report are loaded
    from lab.judge import Judged, Report

__all__ = ["Live", "Ran", "attach", "down", "run", "up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A scenario that was run: its Report, and its run folder."""

    judged: Judged
    folder: RunFolder
    error: LabError | None = None  # what ended the run early: the Report is of what was seen until then

    @property
    def report(self) -> Report:
        """Return the Report: the verdicts and the figures."""
        return self.judged.report

    @property
    def passed(self) -> bool:
        """Return whether everything that the scenario expects passed."""
        return self.report.outcome == "passed"


@contextmanager
def up(
    scenario: str | Path,
    *,
    seed: int | None = None,
    set: Mapping[str, str] = {},
    activemq_version: str | None = None,
    activemq_archive: Path | None = None,
    runs: Path | None = None,
    port_base: int | None = None,
    detach: bool = False,
    environment: Mapping[str, str] = os.environ,
    runtime: Runtime | str | None = None,
    progress: Told | None = None,
    by: str = PYTHON,
    observe: Sequence[str] = (),
    endpoints: str = LOCAL,
) -> Iterator[Live]:
    """Open the lab of a scenario, given by path or by the name of a shipped one, without doing its steps.

    The lab is removed at the end of the block, also after an error in the block; with `detach`, a lab that has opened
    stays until `down`. `set` has values instead of those of the scenario's files, by KEYs as `mqlab run --set` takes
    them: {"links.tokyo-singapore.delay": "70ms"}. The brokers record the messages of destinations to `observe`, as
    patterns such as orders.>. From `port_base` on, ports are counted, as with `--port-base`. With the `endpoints` aws,
    each instance has an address of this machine with the ports of AWS, where the engine can do that. Raise InputError
    if other processes could not know the runtime of a lab that is to stay.

    >>> with labs.up("tokyo-singapore") as lab:
    ...     lab.bridged("connector_tokyo_to_singapore")
    True
    """
    told = progress or Logged()
    opened = _opened(
        str(scenario),
        environment,
        told,
        runtime=runtime,
        seed=seed,
        set={**set, "observe": dumps(list(observe))} if observe else set,
        version=activemq_version,
        archive=activemq_archive,
        runs=runs,
        port_base=port_base,
        detached=detach,
        own_addresses=checked_endpoints(endpoints) == AWS,
    )
    with _standing(opened, told, environment, detach=detach, by=by) as live:
        yield live


@contextmanager
def up_reserved(
    name: str,
    *,
    vpcs: int,
    brokers: int,
    engine_versions: Sequence[str],
    reboot_time: timedelta = timedelta(0),
    runs: Path | None = None,
    detach: bool = False,
    environment: Mapping[str, str] = os.environ,
    runtime: Runtime | str | None = None,
    progress: Told | None = None,
    by: str = PYTHON,
    endpoints: str = LOCAL,
) -> Iterator[Live]:
    """Open a lab without brokers, with reserved networks for VPCs and places for brokers in each of them.

    VPCs and brokers take them by requests of the API alone. Otherwise the lab is as a lab of `up`.
    """
    from lab.plan.places import reserved_plan, reserved_topology

    told = progress or Logged()
    topology = reserved_topology(name, vpcs).model_copy(update={"reboot_time": reboot_time})
    scenario = Scenario.model_construct(scenario=name, topology=topology, steps=(), expect=(), seed=1, about="")
    plan = reserved_plan(topology, brokers, engine_versions)
    found = PlannedScenario(scenario=scenario, plan=plan, removals=(), advice=())
    with (
        runtimes.for_block(runtime, environment) as its,
        _standing(
            _planned(
                found,
                its,
                environment,
                told,
                runs=runs,
                detached=detach,
                own_addresses=checked_endpoints(endpoints) == AWS,
            ),
            told,
            environment,
            detach=detach,
            by=by,
        ) as live,
    ):
        yield live


@contextmanager
def _standing(
    opened: AbstractContextManager[_Opened], told: Told, environment: Mapping[str, str], *, detach: bool, by: str
) -> Iterator[Live]:
    """Open a lab that no replay changes, with its history and its monitor."""
    with ClosedAtExit() as whole:
        last, its = whole.enter_context(ExitStack()), whole.enter_context(opened)
        note, now = its.lab.note, its.lab.clock.now
        if not detach:
            last.callback(lambda: end_history_of_closed(note, now(), its.notes, told.warn))
        ending = whole.enter_context(ExitStack())
        with _ended_if_unkept(its, its.notes) if detach else nullcontext():
            begin(its.folder.history, _header(its), its.planned.scenario.origin.mask).close()
            history = ending.enter_context(closing(LivingHistory(note, now, PYTHON, its.lab.mask)))
            history.record(*peerings_and_routes(note.control.network, now()))
            history.record(*(record_seen(each, now()) for each in note.control.account.brokers))
            if detach:
                monitor_process.start(note, environment)
                monitor_process.await_begin(note)
            else:
                ending.enter_context(Monitor(its.lab, history))
        if not detach and its.runtime.name in STANDING:
            whole.tells(told.warn, LEFT_OPEN.format(run=note.run))
        yield ending.enter_context(Live(its.lab, told, by=by))


def run(
    scenario: str | Path,
    *,
    seed: int | None = None,
    set: Mapping[str, str] = {},
    activemq_version: str | None = None,
    activemq_archive: Path | None = None,
    runs: Path | None = None,
    port_base: int | None = None,
    environment: Mapping[str, str] = os.environ,
    runtime: Runtime | str | None = None,
    progress: Told | None = None,
    raising: bool = True,
    reports: bool = True,
    ignore: Sequence[str] = (),
    profile: Profile = UNPROFILED,
    time_limit: timedelta | None = None,
    expectations_of: str | Path | None = None,
    opened: Callable[[str], object] = lambda run: None,
) -> Ran:
    """Open a lab, replay the scenario in it, judge what happened, and remove the lab.

    A failed expectation is a verdict in the report, not an error. `set` has values instead of those of the scenario's
    files: {"links.a-b.delay": "70ms"}. After an error in the replay, or in removing the lab, the earlier evidence is
    judged and kept; then the error is raised, or without `raising` returned. Without `reports` the folder has none. A
    Ctrl-C that comes while the lab is removed is raised when the report is kept. A simulation is without the settings
    to `ignore`, as with `mqlab run --ignore`. A `time_limit` is an error of the replay; only commands can have one.
    The expectations of the scenario `expectations_of` replace those of the scenario that runs. `opened` is called with
    the run's id once the lab has opened and the history has begun, before the first step.

    >>> ran = labs.run("tokyo-singapore")
    >>> ran.passed, [str(verdict.outcome) for verdict in ran.report.verdicts]
    (True, ['passed', 'passed', 'passed'])
    """
    from lab.judge import judge_whole
    from lab.plan.routes_used import routes_used
    from lab.replay import replay
    from lab.report.files import keep

    told = progress or Logged()
    folder: RunFolder | None = None
    error: LabError | None = None
    limit = f"the time limit of {format_duration(time_limit)}" if time_limit else ""
    opening = _opened(
        str(scenario),
        environment,
        told,
        runtime=runtime,
        seed=seed,
        set=set,
        version=activemq_version,
        archive=activemq_archive,
        runs=runs,
        port_base=port_base,
        replaying=True,
        expectations_of=expectations_of,
        ignored=ignore,
        profile=profile,
    )
    with put_off():  # what was seen is judged and kept before a signal that came in the lab's removal
        try:
            with time_limited(time_limit.total_seconds() if time_limit else None, limit) as reached, opening as its:
                played, folder, lab = its.planned.scenario, its.folder, its.lab
                routes = routes_used(played, lab.note.plan)
                with (
                    HistoryFile(folder.history, _header(its, routes), played.origin.mask) as history,
                    told.stage(f"replay {several(len(played.steps), 'step')}"),
                ):
                    opened(lab.note.run)
                    now = lab.note.opened + timedelta(seconds=lab.clock.now())  # the machine's time, by the lab's clock
                    replay(played, its.planned.plan, lab, history, run=lab.note.run, began=now, profile=profile)
        except (LabError, OSError) as died:
            if folder is None:
                raise
            error = died if isinstance(died, LabError) else unwritable(folder.path, died)
        else:
            if reached and time_limit is not None:
                more = "" if str(reached[0]) == limit else f", and then: {reached[0]}"
                right = f"allow more time: --time-limit {format_duration(2 * time_limit)}"
                error = LabTimeout(f"the run reached {limit}{more}", right)
        if error is not None:
            if folder is None:
                raise error
            error.add_remedy(f"the events until then: {folder.path}")
            if not folder.has_a_history():
                raise error
        with profile.wait(JUDGE, "judge", "every expectation has its verdict"):
            judged = judge_whole(folder.history)
        try:
            if reports:
                with profile.wait(JUDGE, "keep the reports"):
                    keep(judged, folder)
        except OSError as unkept:
            error = error or unwritable(folder.path, unkept)
        if error is not None and raising:
            raise error
        return Ran(judged=judged, folder=folder, error=error)


def down(run: str | None = None, *, environment: Mapping[str, str] = os.environ) -> int:
    """End a lab and return the number of containers and networks removed. Its run folder stays.

    A detached lab whose state file is lost is found and ended by its labels.

    >>> with labs.up("tokyo-singapore", detach=True) as lab:
    ...     run = lab.run
    >>> labs.down(run) > 0
    True
    """
    folder = note_folder(environment)
    with AllRuntimes(environment) as its:
        of = state_files.choose(its.labs(folder), run, environment)
        removal = end(of, its.of(of), folder)
    for warning in removal.warnings:
        Logged().warn(warning)
    return removal.parts


@contextmanager
def _ended_if_unkept(opened: _Opened, folder: Path) -> Iterator[None]:
    """End a detached lab after an error in the block: it would stay, and no person would know of it."""
    try:
        yield
    except BaseException as error:
        try:
            end(opened.lab.note, opened.runtime, folder)
        except LabError as closing:
            error.add_note(f"and the lab could not be closed: {closing}")
            Logged().warn(f"the lab could not be closed: {closing}")
        if isinstance(error, OSError):
            raise unwritable(opened.folder.path, error) from error
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A lab that was just opened, with its scenario and its run folder."""

    planned: PlannedScenario
    folder: RunFolder
    notes: Path  # the folder of the notes
    runtime: Runtime
    lab: StandingLab
    mixed: Mapping[str, str]  # as in a history's header


@contextmanager
def _opened(
    scenario: str,
    environment: Mapping[str, str],
    told: Told,
    *,
    runtime: Runtime | str | None,
    seed: int | None,
    set: Mapping[str, str],
    version: str | None,
    archive: Path | None,
    runs: Path | None,
    port_base: int | None,
    detached: bool = False,
    replaying: bool = False,
    own_addresses: bool = False,
    expectations_of: str | Path | None = None,
    ignored: Sequence[str] = (),
    profile: Profile = UNPROFILED,
) -> Iterator[_Opened]:
    """Open a scenario's lab; errors of the input are raised before anything is built or written."""
    version = version or runtimes.release_in(archive)
    with profile.wait(OPEN, "load, check and plan"):
        expect = None if expectations_of is None else expectations(str(expectations_of), environment)
        found = plan_named(
            scenario, environment, seed=seed, version=version, set=set, port_base=port_base, expect=expect
        )
    profile.hide(found.scenario.origin.mask)
    if replaying and found.scenario.is_topology:
        right = f"run mqlab up {scenario} to open its lab"
        raise InputError.of(f"{scenario} has no steps: there is nothing to run", right)
    for line in lines(found.removals, found.advice):
        told.warn(found.scenario.origin.mask.text(line))
    origin = found.scenario.origin
    with runtimes.for_block(runtime, environment, ignored) as its:
        if replaying and (refused := its.refusals(found.scenario, found.plan)):
            raise InputError(without_passwords(tuple(refused), origin.mask))
        with _planned(
            found,
            its,
            environment,
            told,
            version=version,
            archive=archive,
            runs=runs,
            detached=detached,
            replaying=replaying,
            own_addresses=own_addresses,
            profile=profile,
            instead=lambda: runtimes.instead(its, found, scenario, seed=seed, set=set, version=version),
        ) as opened:
            yield opened


@contextmanager
def _planned(
    planned: PlannedScenario,
    runtime: Runtime,
    environment: Mapping[str, str],
    told: Told,
    *,
    version: str | None = None,
    archive: Path | None = None,
    runs: Path | None = None,
    detached: bool = False,
    replaying: bool = False,
    own_addresses: bool = False,
    profile: Profile = UNPROFILED,
    instead: Callable[[], str] = str,
) -> Iterator[_Opened]:
    """Open the lab of a plan; `instead` returns the command that runs it in models, or ""."""
    topology, origin = planned.scenario.topology, planned.scenario.origin
    if detached and runtime.name not in STANDING:
        raise InputError.of(
            f"a lab of the runtime {runtime.name} cannot stay", "leave detach out: other processes do not know this lab"
        )
    if own_addresses and runtime.name not in STANDING:
        raise InputError.of(f"a lab of the runtime {runtime.name} has no ports", f"write endpoints={LOCAL}")
    base = runs or home(environment)
    noted = base if runtime.name == runtimes.SIMULATION else note_folder(environment)  # that writes no note
    try:
        with profile.wait(OPEN, "prepare", "the images of every release are there"):
            ready = runtime.prepare(planned.plan, told, archive=archive, version=version)
        planned = replace(planned, plan=ready.settle(planned.plan))
    except HostError as error:
        if replaying and (other := instead()):
            error.add_remedy(f"or use the simulation: {other}")
        raise
    if runtime.name in STANDING:
        make_folder(noted)  # before the run's: a run that cannot begin leaves none
    run = new_run_id()
    folder = create(base, run)
    opening = Opening(
        plan=planned.plan,
        run=run,
        scenario=planned.scenario.scenario,
        folder=folder.path,
        note_folder=noted,
        passwords=topology.passwords(),
        masked=origin.mask.secrets,
        detached=detached,
        replaying=replaying,
        reboot_time=topology.reboot_time.total_seconds(),
        own_addresses=own_addresses,
        service_time=topology.service_time,
        profile=profile,
    )
    with ExitStack() as standing:
        try:
            folder.keep(masked_sources(planned.scenario), planned.plan, origin.mask, origin.set)
            lab = standing.enter_context(ready.open(opening, told))
        except OSError as error:
            raise unwritable(folder.path, error) from error
        except LabError as error:
            error.add_remedy(f"its known events: {folder.path}")
            raise
        yield _Opened(planned=planned, folder=folder, notes=noted, runtime=runtime, lab=lab, mixed=ready.mixed)


def _header(of: _Opened, routes: Mapping[str, Any] | None = None) -> Header:
    """Return the header of a history; without `routes`, the history of a running lab."""
    its, note = of.runtime, of.lab.note
    more = {"mixed": of.mixed, "costs": dict(its.costs), "ignored": tuple(its.ignored), "routes": routes}
    return header_of(of.planned, note.plan, run=note.run, runtime=note.runtime, **more)
