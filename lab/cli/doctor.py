"""doctor: an examination of this machine for what a lab needs."""

from __future__ import annotations

import os
import sys

from rich.markup import escape

from lab.cli import options
from lab.cli.options import JSON
from lab.runtimes import runtime, usual


def doctor(json: JSON = False) -> int:
    """Look at this machine: does it have what a lab needs?"""
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
