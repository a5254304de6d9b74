"""host: your own applications at the addresses that a running lab's topology reserves."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from lab.cli import new_files, open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.errors import InputError
from lab.runtime.application.compose import override
from lab.runtime.application.run_options import run_options

HOST = Annotated[str, typer.Argument(metavar="HOST", help="The host's name in the topology.")]
WORDS = Annotated[
    list[str],
    typer.Argument(metavar="-- [OPTIONS] IMAGE [COMMAND]", help="The options, image and command of docker run."),
]


def list_hosts(run: OF_RUN = None, json: JSON = False) -> None:
    """List the hosts with their addresses, security groups and containers.

    Example: mqlab host list
    """
    with open_lab.attached(run) as live:
        plan, used = live.lab.note.plan, live.lab.whereabouts().hosts
        there = {each.name: live.hosts.occupant(each.name) for each in plan.hosts}
    found, lines = [], []
    for each in plan.hosts:
        described = {"region": each.region, "address": str(each.address), "used_address": used[each.name]}
        groups = {"security_groups": list(each.security_groups), "container": there[each.name] or None}
        found.append({"name": each.name, **described, **groups})
        lines.append(
            f"{each.name}: {each.region}, {each.address} declared, {used[each.name]} used, of "
            f"{', '.join(each.security_groups)}: {there[each.name] or 'no container is there'}"
        )
    options.show(found, lines or ["this lab has no hosts"], json)


def run_in_host(host: HOST, words: WORDS, run: OF_RUN = None) -> int:
    """Run a container at the address of a host, as docker run does; its exit code is docker's.

    Example: mqlab host run billing -- --rm busybox true
    """
    with open_lab.attached(run) as live:
        return live.hosts.run(host, words)


def print_options(
    host: HOST,
    compose: Annotated[
        str | None,
        typer.Option("--compose", metavar="SERVICE", help="The Compose service that an override file is printed for."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="The new file that the override is written to.")
    ] = None,
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Print the options of docker run that place a container at the address of a host, or a Compose override.

    Example: mqlab host options billing
    """
    if output is not None and compose is None:
        raise InputError.of("--output is for a Compose override", "add --compose SERVICE")
    if json and compose is not None:
        raise InputError.of("--compose and --json exclude each other", "choose one")
    new_files.check_new(output)
    with open_lab.attached(run) as live:
        place = live.hosts.place(host)
    if compose is not None:
        text = override(place, compose)
        options.say(text, nl=False) if output is None else output.write_text(text, "utf-8")
        return
    found = run_options(place)
    lines = [f"{shlex.join(pair)} \\" for pair in found]
    options.show([word for pair in found for word in pair], [*lines[:-1], lines[-1].removesuffix(" \\")], json)


VERBS = {"list": list_hosts, "run": run_in_host, "options": print_options}
