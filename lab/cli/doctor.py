"""doctor: an examination of this machine for a lab's needs, and the settings that the lab goes by."""

from __future__ import annotations

import os
import sys

from rich.markup import escape

from lab.activemq.advisories import AS_OF, known_holes, listing, summary
from lab.activemq.releases import RELEASES
from lab.base.settings import Reader, in_plain_text, read_by
from lab.cli import options
from lab.cli.options import JSON, flag
from lab.operating.runtimes import runtime, usual


def doctor(
    settings: bool = flag(
        "--settings", "Print the environment variables that mqlab reads, with the values in force, and check nothing."
    ),
    vulnerabilities: bool = flag(
        "--vulnerabilities", "Print the known vulnerabilities of each release of ActiveMQ, and check nothing."
    ),
    json: bool = JSON,
) -> int:
    """Check whether this machine can run a lab.

    Example: mqlab doctor
    """
    if vulnerabilities:
        _print_vulnerabilities(json)
        return 0
    if settings:
        _print_settings(json)
        return 0
    with options.progress(quiet=json).waiting("examine this machine"), runtime(usual(os.environ), os.environ) as its:
        findings = its.examine()
    if json:
        options.print_json(
            [
                {"what": each.what, "ok": each.ok, "found": each.found, "remedy": each.remedy, "names": each.names}
                for each in findings
            ]
        )
    else:
        console = options.out()
        for each, after in zip(findings, (*findings[1:], None), strict=True):
            sign = {True: "[green]✔[/green]", False: "[red]✘[/red]", None: "[yellow]![/yellow]"}[each.ok]
            console.print(f"{sign} {escape(each.what)}: {escape(each.found)}")
            if each.remedy and each.ok is not True and (after is None or after.remedy != each.remedy):
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


def _print_vulnerabilities(json: bool) -> None:
    if json:
        options.print_json(
            [
                {
                    "release": release,
                    "id": each.id,
                    "severity": each.severity,
                    "about": each.about,
                    "closed": each.closed,
                    "source": each.source,
                }
                for release in RELEASES.values()
                for each in known_holes(release)
            ]
        )
        return
    for release in RELEASES.values():
        options.say(f"ActiveMQ {release}, as of {AS_OF}: {summary(release)}")
        for line in listing(release):
            options.say(f"  {line}")
