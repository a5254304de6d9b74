"""check: everything that is wrong with a scenario, or with a configuration alone, without Docker.

The modules that read scenarios are loaded only for a scenario, since a check of a configuration in an editor or before
a commit has to be quick.
"""

from __future__ import annotations

import codecs
import os
import shutil
from collections.abc import Sequence
from dataclasses import field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from lab.activemq import releases
from lab.amazonmq.configurations import wording
from lab.amazonmq.configurations.advice import advise
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.configuration import read_bytes as read_configuration
from lab.amazonmq.configurations.sanitising import Removal, sanitise
from lab.base.dataclass import dataclass
from lab.base.masking import Mask, named_in
from lab.base.settings import RUNTIME as RUNTIME_VARIABLE
from lab.base.text_files import read_bytes, write_new
from lab.base.units import format_duration, format_size, several
from lab.cli import completion, conflicts, new_files, options
from lab.cli.options import IGNORE, JSON, PORT_BASE, RUNTIME, SET, VERSION, argument, flag, option
from lab.declare.origin import without_passwords
from lab.errors import HostError, InputError, Problem

if TYPE_CHECKING:
    from lab.declare.scenario import Scenario
    from lab.plan.values import Plan

_LONG = timedelta(hours=1)  # that a scenario takes, from which on it is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The findings in one scenario or configuration."""

    problems: tuple[Problem, ...] = ()
    removals: tuple[Removal, ...] = ()
    advice: tuple[Problem, ...] = ()
    summary: str = ""
    mask: Mask = field(default_factory=Mask)  # of the passwords that it has

    @property
    def complaints(self) -> tuple[Problem, ...]:
        """Return the problems, which quote no password."""
        return without_passwords(self.problems, self.mask)


def check(
    what: list[str] = argument(
        "SCENARIO|FILE.xml...",
        "A scenario, or configurations: files whose name ends in .xml or whose text begins with <.",
        complete=completion.scenarios,
    ),
    engine_version: str | None = option(
        "--engine-version VERSION", f"The engine version of configurations (default: {releases.DEFAULT})."
    ),
    fix: bool = flag("--fix", "Replace the file by the configuration that Amazon MQ would save."),
    output: Path | None = option("--output FILE", "The new file for the configuration that Amazon MQ would save."),
    set: list[str] | None = SET,
    runtime: str | None = RUNTIME,
    ignore: list[str] | None = IGNORE,
    activemq_version: str | None = VERSION,
    port_base: int | None = PORT_BASE,
    strict: bool = flag("--strict", "Exit with code 1 also if there is advice."),
    json: bool = JSON,
) -> int:
    """Check a scenario and its files, or list the settings that Amazon MQ would remove from configurations.

    The exit code is 2 if there are errors, 1 if Amazon MQ would remove settings, and else 0.

    Example: mqlab check tokyo-singapore
    """
    configurations = [each for each in what if is_configuration(each)]
    given = conflicts.written(check, locals())
    facts = ["a-scenario"] * (len(configurations) < len(what)) + ["a-configuration"] * bool(configurations)
    conflicts.check("check", given, *facts)
    which, ignored = _runtime(runtime), tuple(ignore or ())
    if ignored and which is None:
        raise InputError.of(f"--ignore {ignored[0]} is for the simulation", "write --runtime simulation too")
    new_files.check_new(output)
    if len(what) > 1:
        conflicts.check("check", given, "several-configurations")
    results = []
    for each in what:
        if each in configurations:
            results.append(
                _configuration(each, engine_version or releases.DEFAULT, output or (Path(each) if fix else None))
            )
        else:
            results.append(_scenario(each, activemq_version, set or (), which, port_base, ignored))
    _print(results, json)
    if any(each.problems for each in results):
        return InputError.exit_code
    return 1 if any(each.removals or (strict and each.advice) for each in results) else 0


def is_configuration(name: str) -> bool:
    """Return whether a file is a configuration, not a scenario: its name ends in .xml, or its text begins with "<"."""
    path = Path(name)
    if path.suffix.lower() == ".xml":
        return True
    try:
        head = read_bytes(path, name, 1024)
    except InputError:
        return False  # loading it as a scenario says why
    return head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(b"<")


def _configuration(name: str, engine_version: str, target: Path | None) -> Checked:
    mask = Mask()
    try:
        content = read_configuration(Path(name), name)
        mask = Mask.of(named_in(content.decode("utf-8", "replace")))
        saved = sanitise(read(content, name), engine_version)
    except InputError as error:
        return Checked(problems=error.problems, mask=mask)
    count = len(saved.removals)
    summary = f"{name}: Amazon MQ {saved.permitted.engine} would remove {_things(count)}"
    if target is not None and (count or str(target) != name):
        mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        written = mark + saved.text.encode()
        _replace(target, written) if str(target) == name else write_new(target, written)
        summary += f"; the text to save is in {target}"
    return Checked(removals=saved.removals, advice=advise(saved), summary=summary, mask=mask)


def _runtime(named: str | None) -> str | None:
    """Return the runtime that a scenario is checked for: named by an option or by MQLAB_RUNTIME, else None for any."""
    if named is not None or not RUNTIME_VARIABLE.get(os.environ):
        return named
    from lab.operating import runtimes

    return runtimes.usual(os.environ)


def _things(count: int) -> str:
    return {0: "nothing", 1: "1 thing"}.get(count, f"{count} things")


def _scenario(
    name: str,
    activemq_version: str | None,
    arguments: Sequence[str],
    runtime: str | None,
    port_base: int | None,
    ignored: Sequence[str],
) -> Checked:
    # Imported here, since a configuration needs none of it and pydantic is slow to load.
    from lab.check.advice import advise as advise_topology
    from lab.check.advice import removals
    from lab.check.ports import check_port_base
    from lab.check.route_advice import advise_on_expectations
    from lab.check.scenario import check as check_scenario
    from lab.check.timing import least_time
    from lab.cli import scenario_argument
    from lab.declare.passwords import AnyPassword, NotSet
    from lab.declare.variants import settings_of

    settings = settings_of(arguments)
    missing: tuple[Problem, ...] = ()
    try:
        scenario = scenario_argument.load_named(name, settings)
    except InputError as error:
        missing = error.problems
        if not any(isinstance(each, NotSet) for each in missing):
            return Checked(problems=missing)
        try:  # what else is wrong is told too where nothing but passwords is missing
            scenario = scenario_argument.load_named(name, settings, AnyPassword(os.environ))
        except InputError:
            return Checked(problems=missing)
    problems = (*missing, *check_scenario(scenario, activemq_version=activemq_version))
    if port_base is not None:
        problems = (*problems, *check_port_base(scenario.topology, scenario.origin, port_base))
    if runtime is not None and not problems:
        problems = _refused(scenario, runtime, activemq_version, ignored)
    removed = removals(scenario.topology)
    advice: tuple[Problem, ...] = ()
    if not problems:
        of_expectations = advise_on_expectations(scenario, activemq_version)
        advice = (*advise_topology(scenario.topology, scenario.origin), *of_expectations)
    if not problems and (port_base is not None or any(its.ports for its in scenario.topology.brokers.values())):
        advice = (*advice, *scenario_argument.taken_ports(_planned(scenario, activemq_version, port_base)))
    size = f"{several(len(scenario.steps), 'step')}, {several(len(scenario.expect), 'expectation')}"
    if scenario.is_topology:
        size = f"a topology of {several(len(scenario.topology.brokers), 'broker')}"
    memory = f"{format_size(scenario.topology.memory)} of memory at most"
    memory += f", {format_duration(takes)} at least" if (takes := least_time(scenario)) >= _LONG else ""
    if removed:
        return Checked(
            problems=problems,
            removals=removed,
            advice=advice,
            mask=scenario.origin.mask,
            summary=f"{name}: Amazon MQ would remove {_things(len(removed))} ({memory})",
        )
    summary = f"{name}: nothing wrong ({size}, {memory})"
    return Checked(problems=problems, advice=advice, summary=summary, mask=scenario.origin.mask)


def _refused(
    scenario: Scenario, runtime: str, activemq_version: str | None, ignored: Sequence[str]
) -> tuple[Problem, ...]:
    """Return the parts of a correct scenario that a runtime would refuse."""
    from lab.operating import runtimes

    with runtimes.runtime(runtime, os.environ, ignored) as opened:
        return tuple(opened.refusals(scenario, _planned(scenario, activemq_version)))


def _planned(scenario: Scenario, activemq_version: str | None, port_base: int | None = None) -> Plan:
    from lab.plan.planning import plan

    return plan(scenario.topology, seed=scenario.seed, activemq_version=activemq_version, port_base=port_base)


def _print(results: Sequence[Checked], json: bool) -> None:
    if json:
        listed = [
            result.mask.value(row)
            for result in results
            for row in wording.as_json(result.problems, result.removals, result.advice)
        ]
        options.print_json_line({"problems": listed})
        options.complain_of_each([problem for result in results for problem in result.complaints])
        return
    for result in results:
        for line in wording.lines(result.removals, result.advice):
            options.say(result.mask.text(line))
        options.complain_of_each(result.complaints)
        if not result.problems:
            options.say(result.mask.text(result.summary))


def _replace(target: Path, content: bytes) -> None:
    """Replace a file in one step, so that the old text is not lost if the disk is full."""
    target = target.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise HostError(f"{target} cannot be written: {error.strerror}") from error
