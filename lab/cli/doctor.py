"""doctor: an examination of this machine for a lab's needs, and the settings that the lab goes by."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.markup import escape

from lab.cli import options
from lab.cli.options import JSON
from lab.runtimes import runtime, usual
from lab.settings import Reader, in_plain_text, read_by

_SETTINGS = "Print the environment variables that mqlab reads, with the values in force, and check nothing."


def doctor(
    settings: Annotated[bool, typer.Option("--settings", help=_SETTINGS)] = False,
    json: JSON = False,
) -> int:
    """Check whether this machine can run a lab.

    Example: mqlab doctor
    """
    if settings:
        _print_settings(json)
        return 0
    with runtime(usual(os.environ), os.environ) as its:
        findings = its.examine()
    if json:
        options.print_json(
            [{"what": each.what, "ok": each.ok, "found": each.found, "remedy": each.remedy} for each in findings]
        )
    else:
        console = options.out()
        for each in findings:
            sign = {True: "[green]✔[/green]", False: "[red]✘[/red]", None: "[yellow]![/yellow]"}[each.ok]
            console.print(f"{sign} {escape(each.what)}: {escape(each.found)}")
            if each.remedy and each.ok is not True:
                console.print(f"    {escape(each.remedy)}")
    sys.stdout.flush()
    return 3 if any(each.ok is False for each in findings) else 0


def _print_settings(json: bool) -> None:
    rows = [
        {
            "name": setting.name,
            "value": in_plain_text(setting.in_force(os.environ)),
            "set": bool(setting.get(os.environ)),
            "default": in_plain_text(setting.default),
            "unit": in_plain_text(setting.unit),
            "sentence": in_plain_text(setting.sentence),
        }
        for setting in read_by(Reader.LAB)
    ]
    if json:
        options.print_json(rows)
        return
    for row in rows:
        value = f"{row['value'] or 'none'}{'' if row['set'] else ' (default)'}"
        options.say(f"{row['name']}={value}\n    {row['sentence']} Unit: {row['unit']}.")
