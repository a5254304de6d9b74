"""The command line: each command is the stages of one way through, written out, and an exit code at the end.

0 all held · 1 something broken or unknown · 2 bad input · 3 the lab could not be built · 4 timed out · 130 interrupted
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from lab import __version__
from lab.interrupts import end_on_signals

MODULES: Mapping[str, str] = {  # in the order of --help
    "run": "run",
    "judge": "run",
    "history": "history",
    "up": "labs",
    "down": "labs",
    "status": "labs",
    "logs": "labs",
    "link": "link",
    "broker": "broker",
    "config": "config",
    "user": "user",
    "clock": "clock",
    "peering": "network",
    "route": "network",
    "sg": "network",
    "sweep": "labs",
    "scenarios": "scenarios",
    "plan": "plan",
    "render": "plan",
    "check": "check",
    "schema": "plan",
    "images": "images",
    "doctor": "doctor",
}


class _Commands(TyperGroup):
    """Loads the module of the command that is asked for, and no other: docker alone takes a fifth of a second."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name them, without loading anything."""
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load one; None where there is none of that name."""
        if cmd_name not in MODULES:
            return None
        commands = typer.Typer(add_completion=False)
        commands.callback()(lambda: None)  # a group, also of one command
        import_module(f"lab.cli.{MODULES[cmd_name]}").add_to(commands)
        return typer.main.get_group(commands).get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a mistyped name is compared with all there are."""
        if args[0] not in MODULES:
            self.commands = {name: self.get_command(ctx, name) for name in MODULES}
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="mqlab",
    help="Rehearse a cross-region Amazon MQ (ActiveMQ Classic) network on one computer, offline, with real brokers.",
    epilog="Exit codes: 0 all held, 1 something broken or unknown, 2 bad input, 3 the lab could not be built, "
    "4 timed out, 130 interrupted.",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
