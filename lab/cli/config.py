"""config: the configurations of a running lab and their revisions."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from rich.markup import escape

from lab.amazonmq.account.account_json import describe_configuration, list_revisions, used_by
from lab.amazonmq.configurations import wording
from lab.amazonmq.configurations.advice import advise
from lab.amazonmq.configurations.configuration import read, read_bytes
from lab.amazonmq.configurations.sanitising import Sanitised, sanitise
from lab.base.masking import Mask, named_in
from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON, argument, option
from lab.cli.verb_command import command
from lab.declare.origin import without_passwords
from lab.declare.steps.service import CreateConfiguration
from lab.errors import InputError
from lab.living.lab import Live
from lab.operating import Done

NAME = argument("NAME", "The configuration, by its name or its id.")


def list_configurations(run: str | None = OF_RUN, json: bool = JSON) -> None:
    """List the configurations with their revisions.

    Example: mqlab config list
    """
    with open_lab.attached(run) as live:
        account, mask = live.account, live.lab.mask()
    described, lines = [], []
    for configuration in account.configurations:
        revisions = list_revisions(account, configuration.name)
        described.append({**describe_configuration(account, configuration.name), "revisions": revisions})
        using = ", ".join(used_by(account, configuration)) or "no broker"
        lines.append(f"{configuration.name}: ActiveMQ {configuration.engine_version}, used by {using}")
        for revision in configuration.revisions:
            lines.append(
                f"  {revision.number}  {revision.created:%Y-%m-%d %H:%M:%S}  {mask.text(revision.description)}".rstrip()
            )
    options.show(mask.value(described), lines, json)


def show(
    name: str = NAME,
    revision: int | None = option("--revision N", "The number of the revision (default: the latest)."),
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Print the XML of a revision.

    Example: mqlab config show tokyo-configuration --revision 1
    """
    with open_lab.attached(run) as live:
        configuration, mask = live.account.configuration(name), live.lab.mask()
    chosen = configuration.latest if revision is None else configuration.revision(revision)
    text = mask.text(chosen.text)
    described = {
        "configurationId": configuration.id,
        "created": chosen.created.isoformat(),
        "data": base64.b64encode(text.encode()).decode(),
        "description": mask.text(chosen.description),
    }
    options.show(described, [text.rstrip("\n")], json)


def _show_created(live: Live, verb: CreateConfiguration, done: Done, json: bool) -> None:
    described = describe_configuration(live.account, verb.configuration)
    options.print_json(described) if json else options.say(done.note)


def update(
    name: str = NAME,
    file: Path = argument("FILE.xml", "The file with the whole new text."),
    description: str = option("--description TEXT", "The description of the revision, for people.", ""),
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Save a file as the next revision of a configuration; no broker changes.

    Example: mqlab config update tokyo-configuration tokyo.xml
    """
    content = read_bytes(file, str(file))
    with open_lab.in_turn(run) as live:
        mask = live.lab.mask() | Mask.of(named_in(content.decode("utf-8", "replace")))
        try:
            saved = sanitise(read(content, str(file)), live.account.configuration(name).engine_version)
        except InputError as error:
            raise InputError(without_passwords(error.problems, mask)) from error
        live.update_configuration(name, saved.configuration.text, description=description, file=str(file))
        configuration = live.account.configuration(name)
        described = mask.value(describe_configuration(live.account, name))
    for line in map(mask.text, wording.lines(saved.removals, advise(saved))):
        options.err().print(f"[yellow]warning:[/yellow] {escape(line)}", soft_wrap=True)
    sentence = (
        f"{configuration.name} has revision {configuration.latest.number}; a broker gets it by an update and a reboot"
    )
    options.show({**described, "warnings": _warnings(saved)}, [sentence], json)


def diff(
    name: str = NAME,
    before: int = argument("N", "The number of the older revision."),
    after: int | None = argument("[N]", "The newer revision (default: the latest)."),
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Show the changes from one revision to another.

    Example: mqlab config diff tokyo-configuration 1 2
    """
    with open_lab.attached(run) as live:
        configuration, mask = live.account.configuration(name), live.lab.mask()
    text = mask.text(configuration.compare(before, configuration.latest.number if after is None else after))
    options.print_json({"diff": text}) if json else options.say(text, nl=False)


def _warnings(saved: Sanitised) -> list[dict[str, Any]]:
    """Return the first removals in the format of UpdateConfiguration's answer."""
    return [
        {
            "reason": str(each.reason),
            "elementName": each.tag,
            **({"attributeName": each.attribute} if each.attribute else {}),
        }
        for each in saved.reported
    ]


config = {
    "list": list_configurations,
    "show": show,
    "create": command(
        CreateConfiguration,
        _show_created,
        arguments=["configuration"],
        spelled={"configuration": "NAME", "engine_version": "--engine-version"},
        example="mqlab config create orders",
    ),
    "update": update,
    "diff": diff,
}
