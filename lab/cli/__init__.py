"""The command line: each command calls the stages that it needs in order, and ends with an exit code.

0 all passed · 1 some failed or unknown · 2 bad input · 3 the lab could not be built · 4 timed out · 130 interrupted
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from lab.base import extras
from lab.base.interrupts import Terminated
from lab.base.version import __version__
from lab.errors import LabError as _LabError

_SUMMARIES: Mapping[str, str] = {  # of the core's commands
    "run": "Open a lab, run a scenario in it, report the verdicts, and remove the lab.",
    "check": "Check a scenario and its files, or list the settings that Amazon MQ would remove from configurations.",
    "judge": "Judge the history of a run again.",
    "history": "Show the events of a run as a timeline, with one line for each group of messages.",
    "trace": "Show the way and the outcome of one message, sent by an application or by a client of the lab.",
    "watch": "Print the applications' messages that are waiting, late, lost or doubled, until Ctrl-C.",
    "scenarios": "List the shipped scenarios, or print or copy one, or judge a changed copy.",
    "up": "Open a lab for a scenario or a topology, and keep the lab until Ctrl-C; no steps are run.",
    "down": "Remove a running lab, or end a server that `mqlab serve` started.",
    "status": "Show a running lab with its bridges and links, or a server that `mqlab serve` started.",
    "env": "Print the endpoints, users, passwords and CA file of a running lab; no other command prints passwords.",
    "logs": "Print the log of a broker, of the router, or of a detached server.",
    "export": "Write the topology and the configurations of a running lab, or of a served account, as they are now.",
    "sweep": "Remove the remains of dead runs, or all parts of one run, by their labels.",
    "publish": "Publish messages to a broker of a running lab, in their order, and wait until all are acknowledged.",
    "listen": "Print the messages of a topic or a queue as they arrive: the body, or with --json all properties.",
    "record": "Record messages at brokers into a file that a scenario can replay.",
    "replay": "Send the messages of a recording, or of a run, to a broker of a running lab.",
    "wait": "Wait for a condition in a running lab: a bridge, demand, a broker, or messages in a queue.",
    "mark": "Add a mark to the history of a running lab.",
    "host": "Run your own applications in the regions of a running lab.",
    "routes": "Show the brokers that messages can reach, the connectors on the way, and the obstacles.",
    "link": "Show the links of a running lab; cut, heal or impair them, or let them reject all packets.",
    "broker": "Show and change the brokers of a running lab.",
    "connector": "Stop and start the network connectors of a running lab.",
    "config": "Show and change the configurations of a running lab.",
    "user": "Show and change the users of a broker in a running lab.",
    "clock": "Show Amazon MQ's clock and the next maintenance windows, or move the clock forward.",
    "peering": "Show and change the VPC peerings of a running lab.",
    "route": "Show and change the routes of a running lab.",
    "sg": "Show and change the security groups of a running lab.",
    "plan": "Show the parts of a lab, in the order in which they are created.",
    "render": "Print the activemq.xml that a broker starts with.",
    "regions": "List the AWS regions, the round trips of one region, or the round trip between two, with its source.",
    "generate": "Write the topology and the configurations of a network.",
    "schema": "Print the JSON Schema of one kind of file, with which editors complete and check such files.",
    "images": "Build the missing images and list all images, or save them to a file, or load them from a file.",
    "doctor": "Check whether this machine can run a lab.",
    "docs": "Open the documentation in a browser, and print its address.",
}
_GROUPS: Mapping[str, tuple[str, ...]] = {  # of --help, with the core's commands in their order
    "run and judge": ("run", "check", "judge", "history", "trace", "watch", "scenarios"),
    "a running lab": ("up", "down", "status", "env", "logs", "export", "sweep"),
    "messages and clients": ("publish", "listen", "record", "replay", "wait", "mark", "host", "routes"),
    "brokers and network": ("link", "broker", "connector", "config", "user", "clock", "peering", "route", "sg"),
    "files and tools": ("plan", "render", "regions", "generate", "schema", "images", "doctor", "docs"),
}
_FILES = {  # of commands that share a file with another one
    "connector": "broker", "mark": "wait", "peering": "vpc", "render": "plan", "route": "vpc", "sg": "vpc",
    "sweep": "down",
}  # fmt: skip
_OFFLINE = "--offline"
_UsageError: Any = typer.BadParameter.__mro__[1]  # click's, or typer's own of the same name
_OBJECTS = 100_000  # between two garbage collections: what a command loads is about as many, and no garbage


@cache
def commands() -> Mapping[str, tuple[str, str]]:
    """Return the group and the summary of each command, in the order of --help: the core's first in each group."""
    added = [(name, each) for extra in extras.extras().values() for name, each in extra.commands.items()]
    return {
        name: (group, summary)
        for group, core in _GROUPS.items()
        for name, summary in (
            *((name, _SUMMARIES[name]) for name in core),
            *((name, each.summary) for name, each in added if each.group == group),
        )
    }


def load(name: str) -> Any:
    """Return a command by its name, from its module: the function of that name, or the group of its verbs there."""
    from lab.cli.options import ending  # here, since --help does without

    made = typer.Typer(add_completion=False)
    made.callback()(lambda: None)  # a group, also of one command
    command = _command(name)
    if isinstance(command, Mapping):
        group = typer.Typer(help=commands()[name][1], no_args_is_help=True, cls=_Group)
        for verb, does in command.items():
            group.command(name=verb, cls=_Command)(ending(does, f"{name} {verb}"))
        made.add_typer(group, name=name)
    else:
        made.command(name=name, cls=_Command)(ending(command, name))
    return typer.main.get_group(made).commands[name]


def _command(name: str) -> Any:
    """Return the function of a command, or its verbs with a function for each."""
    module = import_module(f"lab.cli.{_FILES.get(name, name)}") if name in _SUMMARIES else extras.command(name)
    return getattr(module, name)


class _PlainFlags:
    """A command whose --help shows no type for options that take no value."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters, --help among them."""
        found = super().get_params(ctx)  # type: ignore[misc]  # of the command that this is mixed into
        for each in found:
            if getattr(each, "is_flag", False):
                each.metavar = ""
        return found


class _Command(_PlainFlags, TyperCommand):
    """A command whose docstring ends with an example, which --help prints below the usage."""

    def __init__(self, *arguments: Any, help: str | None = None, **settings: Any) -> None:
        sentences, _, self.example = (help or "").rpartition("Example: ")
        super().__init__(*arguments, help=sentences.strip(), **settings)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the usage and the example."""
        super().format_usage(ctx, formatter)
        formatter.write(f"Example: {self.example}\n")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; raise InputError if a `--` before another program's options is missing.

        The option --offline of mqlab may also be among the arguments.
        """
        before = args[: args.index("--")] if "--" in args else args
        if _OFFLINE in before:
            _offline(True)
            args = [*(word for word in before if word != _OFFLINE), *args[len(before) :]]
        if not all(map(str.isascii, args)):
            from lab.cli.usage import wide_option

            if wrong := wide_option(args, (name for param in self.get_params(ctx) for name in param.opts)):
                raise wrong
        behind = next((its for each in self.params if (its := str(each.metavar)).startswith("-- ")), "")
        if behind and "--" not in args:
            own = {name for each in self.get_params(ctx) for name in each.opts}
            for word in args:
                if word.startswith("-") and word.partition("=")[0] not in own:
                    from lab.errors import InputError

                    right = f"write another program's options after --: {ctx.command_path} … {behind}"
                    raise InputError.of(f"{word} is not an option of mqlab", right)
        try:
            return list(super().parse_args(ctx, args))
        except _UsageError as error:  # some know no context, of which what is right follows
            error.ctx = error.ctx or ctx
            raise


class _Group(_PlainFlags, TyperGroup):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the called verb's name, the verb, and the other arguments; raise InputError for an unknown verb."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            from lab.cli.usage import unknown_command

            raise unknown_command(f"mqlab {ctx.info_name}".strip(), args, self.commands, dict)
        return super().resolve_command(ctx, args)


class _Commands(_PlainFlags, TyperGroup):
    """The commands by name and summary; only the called command is loaded, since loading all takes a second."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {
            name: TyperCommand(name, help=summary, rich_help_panel=group.capitalize())
            for name, (group, summary) in commands().items()
        }

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands' names, in the order of --help."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the called command; return its name, the command and the other arguments; InputError if unknown."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            from lab.cli.usage import unknown_command

            raise unknown_command("mqlab", args, self.commands, _verbs)
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(str(name)), rest

    def main(self, args: Any = None, *, standalone_mode: bool = True, **settings: Any) -> Any:  # type: ignore[override]
        """Run the command line, and end the program; a wrong command line is reported like an error in a file."""
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **settings)
        words = sys.argv[1:] if args is None else list(args)
        try:
            code = super().main(words, standalone_mode=False, **settings)
        except typer.Abort:
            raise SystemExit(130) from None
        except (_UsageError, _LabError) as error:
            if not isinstance(error, _LabError) and type(error).__name__ == "NoArgsIsHelpError":
                if text := error.format_message().strip():  # without rich; with it, the help is printed already
                    typer.echo(text, err=True)
                raise SystemExit(error.exit_code) from None
            from lab.cli.options import refuse
            from lab.cli.usage import explained

            wrong = error if isinstance(error, _LabError) else explained(error, words)
            raise SystemExit(refuse(wrong, json="--json" in words)) from None
        raise SystemExit(code if isinstance(code, int) else 0)


def _verbs() -> Mapping[str, Any]:
    """Return the verbs of each command that has some."""
    found: dict[str, Any] = {}
    for name in commands():
        with suppress(_LabError):  # an extra without its libraries
            found[name] = _command(name)
    return {name: verbs for name, verbs in found.items() if isinstance(verbs, Mapping)}


app = typer.Typer(
    name="mqlab",
    help="Rehearse a cross-region Amazon MQ (ActiveMQ Classic) network on one computer, offline: with real "
    "brokers in Docker, or without Docker in a simulation (--runtime simulation).",
    epilog="Exit codes: 0 all passed, 1 some failed or unknown, 2 bad input, 3 the lab could not be built, "
    "4 timed out, 130 interrupted.",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _offline(wanted: bool) -> None:
    """Let this command, and the programs that it starts, download nothing."""
    if wanted:
        from lab.base import settings

        os.environ[settings.OFFLINE.name] = "yes"


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mqlab {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
    offline: bool = typer.Option(
        False,
        _OFFLINE,
        callback=_offline,
        expose_value=False,
        is_eager=True,
        help="Refuse downloads, as MQLAB_OFFLINE=yes does; the option may also follow the command.",
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_OBJECTS)
    # To look for them, pydantic reads the metadata of every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended, Terminated) or not isinstance(ended.__context__, BrokenPipeError):
            raise
        from lab.cli.options import reader_left  # here, since --help does without

        # Of --help and the like typer and rich make 1, as if an expectation had failed.
        raise SystemExit(reader_left()) from None
    finally:
        gc.freeze()  # without it, a last collection takes a tenth of the time of `mqlab check`
