"""logs: the log of a broker or of the router."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.printable import plain_line


def logs(
    name: Annotated[str, typer.Argument(metavar="BROKER|router", help="Whose log.")],
    run: OF_RUN = None,
    tail: Annotated[int | None, typer.Option("--tail", "-n", metavar="N", min=0, help="Only the last lines.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    json: JSON = False,
) -> None:
    """Print the log of a broker or of the router."""
    with open_lab.attached(run) as live:
        for line in live.lab.logs(name, tail=tail, follow=follow):
            if json:
                options.print_json_line({"from": name, "line": line})
            else:
                options.say(plain_line(line))
