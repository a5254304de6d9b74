"""The command line: each command is the stages of one way through, written out, and an exit code at the end.

0 all held · 1 something broken or unknown · 2 bad input · 3 the lab could not be built · 4 timed out · 130 interrupted
"""

from __future__ import annotations

import typer

from lab import __version__
from lab.cli import inspecting, labs, machine, running
from lab.interrupts import end_on_signals

app = typer.Typer(
    name="mqlab",
    help="Rehearse a cross-region Amazon MQ (ActiveMQ Classic) network on one computer, offline, with real brokers.",
    epilog="Exit codes: 0 all held, 1 something broken or unknown, 2 bad input, 3 the lab could not be built, "
    "4 timed out, 130 interrupted.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (running, labs, inspecting, machine):
    commands.add_to(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mqlab {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    end_on_signals()
    app()
