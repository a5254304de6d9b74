"""scenarios: the scenarios that ship with mqlab, and copies of them to change."""

from __future__ import annotations

from pathlib import Path

from lab.base.columns import columns
from lab.base.interrupts import put_off
from lab.base.shipped import shipped
from lab.base.text_files import is_file
from lab.cli import completion, options, scenario_argument
from lab.cli.options import JSON, argument, flag, option
from lab.declare.scenario import Scenario
from lab.declare.student_copy import student_copy
from lab.errors import InputError, Problem
from lab.operating.runtimes import SIMULATION


def scenarios(
    name: str | None = argument(
        "[NAME]", "The name of the scenario to print (default: a list of all).", complete=completion.scenarios
    ),
    copy: Path | None = option("--copy DIR", "The folder that the scenario and all its files are copied to."),
    student: bool = flag("--student", "Copy without the answers: no comments, no `about`, no expectations."),
    check: Path | None = option(
        "--check DIR", "The folder of a changed copy, which is run and judged by the shipped expectations."
    ),
    runtime: str | None = option("--runtime NAME", "The runtime of --check (default: simulation)."),
    json: bool = JSON,
) -> int:
    """List the shipped scenarios, or print or copy one, or judge a changed copy.

    Example: mqlab scenarios cut-and-heal --copy mine --student
    """
    if name is None:
        _list(json)
        return 0
    path = scenario_argument.shipped_path(name)
    if check is not None:
        return _check(name, check, runtime or SIMULATION, json)
    if copy is None:
        text = path.read_text("utf-8")
        options.print_json({"name": name, "text": text}) if json else options.say(text, nl=False)
        return 0
    written = [str(each) for each in _copy(path, copy, student=student)]
    options.show({"name": name, "files": written}, written, json)
    return 0


def _check(name: str, folder: Path, runtime: str, json: bool) -> int:
    """Run a changed copy, judge it by the shipped expectations, and return the exit code.

    A copy of a failing variant is judged by the expectations of the original scenario.
    """
    from lab import labs  # here, since a list needs neither
    from lab.cli import reports

    mine = folder / f"{name}.yaml"
    if not is_file(mine):
        raise InputError.of(f"{mine} is not there", f"make a copy: mqlab scenarios {name} --copy {folder} --student")
    origin = scenario_argument.load_named(name).origin
    judged_by = Path(origin.sources[1].name).stem if origin.fails else name
    with put_off() as came:
        quiet = options.progress(quiet=True)
        try:
            ran = labs.run(mine, runtime=runtime, expectations_of=judged_by, progress=quiet, raising=False)
        except InputError as error:  # a problem may be in an expectation, which the copy does not have
            by = Problem(
                what=f"{mine} is judged by the shipped expectations of {judged_by}",
                remedy="change the copy, not the expectations",
            )
            raise InputError((*error.problems, by)) from error
        if ran.error is not None:
            raise ran.error
        code = reports.print_report(ran.judged, ran.folder, json=json, page=ran.folder.page)
        came.clear()
    return code


def _list(json: bool) -> None:
    """Print all scenarios, the failing variants last."""
    shipped_scenarios = [
        (path.stem, scenario_argument.load_named(path.stem)) for path in sorted(shipped("scenarios").glob("*.yaml"))
    ]
    shipped_scenarios.sort(key=lambda pair: bool(pair[1].origin.fails))
    if json:
        options.print_json([_values(name, scenario) for name, scenario in shipped_scenarios])
        return
    width = options.out().width
    for fails in (False, True):
        if fails:
            options.say("\nfailing variants, each without a part that its scenario needs:")
        for line in columns(
            [(name, scenario.about) for name, scenario in shipped_scenarios if bool(scenario.origin.fails) is fails],
            width=width,
        ):
            options.say(line)


def _values(name: str, scenario: Scenario) -> dict[str, object]:
    """Return the values of `--json` for a scenario; for a failing variant, also the texts required in its reasons."""
    values: dict[str, object] = {"name": name, "scenario": scenario.scenario, "about": scenario.about}
    return {**values, "fails": scenario.origin.fails} if scenario.origin.fails else values


def _copy(path: Path, to: Path, *, student: bool) -> tuple[Path, ...]:
    """Copy a shipped scenario and the files it names, at the same relative paths, and return the copies' paths.

    A copy for a `student` is without the answers. Raise InputError, with nothing written, if one exists already.
    """
    names = [source.name for source in scenario_argument.load_named(path.stem).origin.sources]
    targets = tuple(to / each for each in names)
    try:
        taken = [str(each) for each in targets if each.exists()]
        if taken:
            raise InputError.of(f"{', '.join(taken)}: there already, and not overwritten", "name another folder")
        for target in targets:
            above = next(each for each in target.parents if each.exists())
            if not above.is_dir():
                raise InputError.of(f"{above} is a file", "name a folder")
        for target in targets:  # all folders first: where one cannot be made, nothing is written
            target.parent.mkdir(parents=True, exist_ok=True)
        for name, target in zip(names, targets, strict=True):
            content = (path.parent / name).read_bytes()
            target.write_bytes(student_copy(name, content.decode()).encode() if student else content)
    except OSError as error:
        raise InputError.of(f"{error.filename} cannot be written: {error.strerror}", "name another folder") from error
    return targets
