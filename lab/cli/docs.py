"""docs: the documentation of this version, which is on this machine."""

from __future__ import annotations

import sys

from lab.base import docs_site
from lab.cli import completion, options
from lab.cli.options import argument, flag


def docs(
    topic: str = argument(
        "[TOPIC]", "The page to open, or PAGE#HEADING (default: the index).", "", complete=completion.pages
    ),
    only_print: bool = flag("--print", "Only the address, without a browser."),
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
