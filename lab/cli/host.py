"""host: your own applications at the addresses that a running lab's topology reserves."""

from __future__ import annotations

import shlex
from pathlib import Path

from lab.cli import new_files, open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON, argument, option
from lab.runtime.application.compose import override
from lab.runtime.application.run_options import run_options

HOST = argument("HOST", "The host's name in the topology.")


def list_hosts(run: str | None = OF_RUN, json: bool = JSON) -> None:
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


def run_in_host(
    host: str = HOST,
    words: list[str] = argument("-- [OPTIONS] IMAGE [COMMAND]", "The options, image and command of docker run."),
    run: str | None = OF_RUN,
) -> int:
    """Run a container at the address of a host, as docker run does; its exit code is docker's.

    Example: mqlab host run billing -- --rm busybox true
    """
    with open_lab.attached(run) as live:
        return live.hosts.run(host, words)


def print_options(
    host: str = HOST,
    compose: str | None = option("--compose SERVICE", "The Compose service that an override file is printed for."),
    output: Path | None = option("--output FILE", "The new file that the override is written to."),
    run: str | None = OF_RUN,
    json: bool = JSON,
) -> None:
    """Print the options of docker run that place a container at the address of a host, or a Compose override.

    Example: mqlab host options billing
    """
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


host = {"list": list_hosts, "run": run_in_host, "options": print_options}
