"""docs: the documentation of this version, which is on this machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lab.base import docs_site
from lab.cli import completion, options


def docs(
    topic: Annotated[
        str,
        typer.Argument(
            metavar="[TOPIC]",
            help="The page to open, or PAGE#HEADING (default: the index).",
            autocompletion=completion.pages,
        ),
    ] = "",
    only_print: Annotated[bool, typer.Option("--print", help="Only the address, without a browser.")] = False,
) -> None:
    """Open the documentation in a browser, and print its address.

    Without a terminal or a browser, the command only prints the address.
    Example: mqlab docs troubleshooting
    """
    address = docs_site.address(topic, docs_site.site())
    options.say(address)
    if not only_print and sys.stdout.isatty():
        import webbrowser  # here, since it looks for browsers

        docs_site.opened(address, webbrowser.open)
