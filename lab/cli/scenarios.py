"""scenarios: the scenarios that ship with mqlab, and copies of them to change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lab.cli import completion, options, scenario_argument
from lab.cli.options import JSON
from lab.declare.scenario import Scenario
from lab.errors import InputError
from lab.shipped import shipped


def scenarios(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="The name of the scenario to print (default: a list of all).",
            autocompletion=completion.scenarios,
        ),
    ] = None,
    copy: Annotated[
        Path | None,
        typer.Option("--copy", metavar="DIR", help="The folder that the scenario and all its files are copied to."),
    ] = None,
    json: JSON = False,
) -> None:
    """List the shipped scenarios, or print or copy one.

    Example: mqlab scenarios tokyo-singapore
    """
    if name is None:
        if copy is not None:
            raise InputError.of("--copy needs the name of a scenario", "run mqlab scenarios for the list")
        _list(json)
        return
    path = scenario_argument.shipped_path(name)
    if copy is None:
        text = path.read_text("utf-8")
        options.print_json({"name": name, "text": text}) if json else options.say(text, nl=False)
        return
    written = [str(each) for each in _copy(path, copy)]
    options.show({"name": name, "files": written}, written, json)


def _list(json: bool) -> None:
    """Print all of them, the failing variants after the others."""
    found = [
        (path.stem, scenario_argument.load_named(path.stem)) for path in sorted(shipped("scenarios").glob("*.yaml"))
    ]
    found.sort(key=lambda each: bool(each[1].origin.fails))
    if json:
        options.print_json([_values(name, its) for name, its in found])
        return
    whole, variants = _table(), _table()
    for name, its in found:
        (variants if its.origin.fails else whole).add_row(escape(name), escape(its.about))
    options.out().print(whole)
    options.out().print("\nfailing variants, each without a part that its scenario needs:")
    options.out().print(variants)


def _table() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    return table


def _values(name: str, scenario: Scenario) -> dict[str, object]:
    """Return the values of `--json` for a scenario; for a failing variant, also the texts required in its reasons."""
    told: dict[str, object] = {"name": name, "scenario": scenario.scenario, "about": scenario.about}
    return {**told, "fails": scenario.origin.fails} if scenario.origin.fails else told


def _copy(path: Path, to: Path) -> tuple[Path, ...]:
    """Copy a shipped scenario and the files it names, at the same relative paths, and return the copies' paths.

    Raise InputError, with nothing written, if one exists already.
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
            target.write_bytes((path.parent / name).read_bytes())
    except OSError as error:
        raise InputError.of(f"{error.filename} cannot be written: {error.strerror}", "name another folder") from error
    return targets
