"""The common parts of commands: options, consoles, messages, exit codes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import typer

from lab.activemq import releases
from lab.activemq.protocols import HOST_PORTS
from lab.base import settings
from lab.base.interrupts import Terminated, beneath, ended_by_signals
from lab.base.offline import is_offline
from lab.base.printable import plain, plain_json
from lab.base.settings import SETTINGS, Reader, read_by
from lab.base.suggestions import nearest
from lab.base.units import parse_duration
from lab.cli import completion, conflicts, new_files
from lab.errors import HostError, InputError, LabError, Problem

if TYPE_CHECKING:  # a command that neither complains nor shows progress does without rich
    from rich.console import Console

    from lab.cli.progress import TerminalProgress

P = ParamSpec("P")
INTERRUPTED = 130
_SHOWN = 100  # problems; more are mostly the same one
_DOCTOR = "mqlab doctor shows the missing parts of this machine"


_COMPLETED: Mapping[str | None, Any] = {  # by metavar
    "BROKER": completion.brokers,
    "FILE|RUN": completion.runs,
    "LINK": completion.links,
    "RUN": completion.labs,
}
_SCENARIOS = dict.fromkeys(("SCENARIO", "SCENARIO...", "[SCENARIO]"), completion.scenarios)  # of arguments alone


def flag(names: str, sentence: str) -> Any:
    """Return an option that takes no value, such as `--follow -f`; it is off by default."""
    return typer.Option(False, *names.split(), help=sentence)


def option(spelled: str, sentence: str, default: Any = None, *, complete: Any = None, **more: Any) -> Any:
    """Return an option, spelled with its metavar, such as `--tail -n N`; with the default `...` it is required."""
    words = spelled.split()
    metavar = None if words[-1].startswith("-") else words.pop()
    complete = complete or _COMPLETED.get(metavar)
    return typer.Option(default, *words, metavar=metavar, help=sentence, autocompletion=complete, **more)


def folder_option(spelled: str, sentence: str) -> Any:
    """Return an option that names a folder."""
    return option(spelled, sentence, parser=new_files.folder_named_by(spelled.partition(" ")[0]))


def argument(metavar: str, sentence: str, default: Any = ..., *, complete: Any = None, **more: Any) -> Any:
    """Return an argument; it is required, unless it has a default, or its metavar is in brackets."""
    default = None if default is ... and metavar.startswith("[") else default
    complete = complete or _COMPLETED.get(metavar.strip("[].")) or _SCENARIOS.get(metavar)
    return typer.Argument(default, metavar=metavar, help=sentence, autocompletion=complete, **more)


SCENARIO = argument("SCENARIO", "The file of a scenario or a topology, or the name of a shipped scenario.")
SCENARIOS = argument(
    "SCENARIO...",
    "Scenario files, patterns for them, or names of shipped scenarios; they run one by one, or several at once with "
    "--jobs.",
    None,
)
RUN = argument("[RUN]", "The start or end of a run id (default: the only running lab).")
BY_OPTION = option("--run RUN", "The run id, as an option instead of the argument RUN.")
JSON = flag("--json", "Print JSON on stdout.")
QUIET = flag("--quiet -q", "Hide progress.")
FORCE = flag("--force", "Overwrite files that are there.")
*_SOME, _LAST = releases.RELEASES.values()
_RELEASES = f"The release of ActiveMQ: {', '.join(_SOME)} or {_LAST} (default: the release of the engine version)."


def _release(given: Any) -> Any:
    """Return the version, or the versions; raise InputError if one is not a release's."""
    for version in [given] if isinstance(given, str) else given or ():
        if not re.fullmatch(r"[56]\.\d{1,3}\.\d{1,3}", version):
            what = f"--activemq-version: {version!r} is not a release of ActiveMQ Classic"
            raise InputError.of(what, f"write --activemq-version {_LAST}")
    return given


VERSION = option("--activemq-version VERSION", _RELEASES, callback=_release)
VERSIONS = option("--activemq-version VERSION", f"{_RELEASES[:-1]} (repeatable).", callback=_release)
ARCHIVE = option("--activemq-archive FILE", "The path of an ActiveMQ binary archive (apache-activemq-*-bin.tar.gz).")
FOLDER = folder_option("--runs DIR", "The folder that run folders are kept in (default: .mqlab).")

PORT_BASE = option(
    "--port-base N",
    "The first port of this machine to use (default: free ports).",
    min=HOST_PORTS[0],
    max=HOST_PORTS[-1],
)
WAIT = option("--wait DURATION", "The maximum time to wait for the memory that the brokers need.")
SEED = option("--seed N", "The seed of the run (default: the scenario's seed).", min=0, max=2**63 - 1)


RUNTIME = option(
    "--runtime NAME", "The runtime: emulation, or simulation in virtual time (default: MQLAB_RUNTIME, else emulation)."
)

IGNORE = option(
    "--ignore SETTING",
    "A setting that the simulation ignores; expectations that may depend on it become unknown (repeatable).",
)
SET = option(
    "--set KEY=VALUE",
    "A value that replaces a value of the scenario's files, for example links.a-b.delay=70ms (repeatable).",
)


def one_run(run: str | None, by_option: str | None) -> str | None:
    """Return which lab is named, as RUN or by --run; raise InputError if both do."""
    if run is not None and by_option is not None:
        raise InputError.of("RUN and --run both name a lab", "leave one of them out")
    return by_option if run is None else run


def waiting(wait: str | None) -> Mapping[str, str]:
    """Return the environment for a lab with the value of `--wait`; InputError if that is not a duration."""
    if wait is None:
        return os.environ
    try:
        parse_duration(wait)
    except (ValueError, OverflowError) as error:
        raise refused_quantity("--wait", wait, error, "s") from error
    return {**os.environ, settings.WAIT.name: wait}


def refused_quantity(option: str, text: str, error: Exception, unit: str) -> InputError:
    """Return the error for an option's text that is not a quantity; the remedy for a number alone has a unit."""
    what, _, right = str(error).rpartition(": write ")
    number = re.fullmatch("[0-9.]+", text)
    return InputError.of(f"{option}: {what or right}", f"write {option} {text}{unit}" if number else f"write {right}")


def ending(command: Callable[P, int | None], words: str = "") -> Callable[P, None]:
    """Return a command that ends the program with its exit code, 0 if it returns None.

    Options that exclude each other are refused first, by the words of the command, such as `link cut`.
    An expected error is one message, with no traceback.

    With `--json` the message is on stdout too, as JSON.
    """

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        def checked() -> int | None:
            conflicts.check(words, conflicts.written(command, options))
            return command(*arguments, **options)

        try:
            with ended_by_signals():
                code = _told(checked, bool(options.get("json")))
        except BrokenPipeError:  # whoever read it has closed stdout, as in `mqlab history | head`, or stderr
            code = reader_left()
        except BaseException as error:
            match beneath(error):
                case None:
                    raise
                case Terminated() as terminated:
                    raise terminated from None
                case _:
                    code = _interrupted()
        raise SystemExit(code)

    return run


def _told(command: Callable[[], int | None], json: bool) -> int:
    """Run a command, print its error, if it has one, and return its exit code."""
    try:
        warn_of_each(check_environment(os.environ))
        code = command() or 0
        sys.stdout.flush()
    except LabError as error:
        return _tell(error, error, json)
    except UnicodeEncodeError as error:
        return _told(partial(_refuse_text, error.encoding), json)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _tell(error, HostError(f"{type(error).__name__}: {error}", _DOCTOR), json)
    except EOFError:  # Ctrl-D at a prompt
        return _interrupted()
    return code


def refuse(error: LabError, *, json: bool) -> int:
    """Print the error of a wrong command line and return its exit code."""
    return _tell(error, error, json)


def _tell(error: Exception, told: LabError, json: bool) -> int:
    """Print an error in the words of `told`, and return its exit code; raise the error if a signal caused it."""
    if json:
        with as_far_as_it_takes_it():
            print_json_line(problems(told))
    complain(told)
    if beneath(error) is not None:  # what it says may be of use all the same: what could not be closed
        raise error
    return told.exit_code


def _refuse_text(encoding: str) -> NoReturn:
    """Raise InputError that quotes nothing of the text, which may be a password."""
    what = f"a text cannot be written in {encoding}; it is not shown, since it may be a password"
    raise InputError.of(
        what, "look for bytes that are no UTF-8, and rare letters, in arguments, files, the environment"
    )


def _interrupted() -> int:
    err().print("mqlab: interrupted")
    return INTERRUPTED


def declared(
    command: Callable[..., int | None], text: str, parameters: Mapping[str, tuple[Any, Any]]
) -> Callable[..., int | None]:
    """Return a command with help and parameters for its `**`: each has a type, and an option or an argument."""
    command.__doc__ = text
    made = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=info)
        for name, (kind, info) in parameters.items()
    ]
    command.__signature__ = Signature(made)  # type: ignore[attr-defined]  # read by inspect, and so by typer
    return command


def complain(of: object) -> None:
    """Print an error on stderr: at most its first 100 problems, and how many more there are."""
    if isinstance(of, InputError):
        complain_of_each(of.problems)
    else:
        _complain(str(of))


def complain_of_each(problems: Sequence[Problem]) -> None:
    """Print problems on stderr, one by one: at most the first 100, and how many more there are."""
    for problem in problems[:_SHOWN]:
        _complain(str(problem))
    if len(problems) > _SHOWN:
        _complain(f"and {len(problems) - _SHOWN} more problems; --json gives all")


def _complain(text: str) -> None:
    """Print one problem; further lines, which may be untrusted, are indented, and cannot look like a problem."""
    from rich.markup import escape

    first, *more = plain(text).split("\n")
    indented = (each if each.startswith("  ") else f"  {each}" for each in more)
    err().print(f"[red]mqlab:[/red] {escape(chr(10).join((first, *indented)))}", soft_wrap=True)


def out() -> Console:
    """Return the console for results: standard output."""
    from lab.cli.console import PlainConsole

    return PlainConsole(sys.stdout)


def err() -> Console:
    """Return the console for progress and errors: standard error."""
    from lab.cli.console import PlainConsole

    return PlainConsole(sys.stderr)


def only_ascii() -> bool:
    """Return whether stdout's encoding is not a Unicode one."""
    return not (sys.stdout.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def problems(error: LabError) -> dict[str, Any]:
    """Return an error as commands print it with `--json`: each problem with its place and its remedy."""
    found = error.problems if isinstance(error, InputError) else (Problem(what=error.what, remedy=error.remedy),)
    return {
        "problems": [
            {
                "kind": "problem",
                "file": problem.place.file if problem.place else None,
                "line": problem.place.line if problem.place else None,
                "column": problem.place.column if problem.place else None,
                "what": problem.what,
                "remedy": problem.remedy,
                **({"set": problem.place.set} if problem.place and problem.place.set else {}),
            }
            for problem in found
        ]
    }


def progress(quiet: bool) -> TerminalProgress:
    """Return a command's progress, shown on stderr."""
    from lab.cli.progress import TerminalProgress

    return TerminalProgress(err(), quiet=quiet)


def warn_of_each(warnings: Iterable[str]) -> None:
    """Print warnings on stderr."""
    for each in warnings:
        progress(quiet=True).warn(each)


def say(text: str, *, nl: bool = True) -> None:
    """Print a text on stdout, without signs that control a terminal."""
    print_text(plain(text), nl=nl)


def show(value: Any, lines: Iterable[str], json: bool) -> None:
    """Print a value on stdout as JSON, or else as lines for people."""
    if json:
        print_json(value)
    else:
        for each in lines:
            say(each)


def print_json(value: Any) -> None:
    """Print one JSON value on stdout, over several lines."""
    print_text(_json(value, indent=2))


def print_json_line(value: Any) -> None:
    """Print one JSON value on stdout, as one line."""
    print_text(_json(value))


def _json(value: Any, indent: int | None = None) -> str:
    return plain_json(json.dumps(value, indent=indent, ensure_ascii=only_ascii(), default=str))


def print_text(text: str, *, nl: bool = True) -> None:
    """Print a text on stdout as it is; raise HostError if stdout's encoding lacks a character.

    The character may belong to a password, so it is neither printed nor replaced by a question mark.
    """
    try:
        typer.echo(text, nl=nl)
    except UnicodeEncodeError as error:
        what = f"the encoding of stdout, {error.encoding}, lacks a character of the output"
        raise HostError(what, "set PYTHONIOENCODING=utf-8 to print in UTF-8") from error


PASSED, NOT_PASSED = 0, 1
JUDGED = (PASSED, NOT_PASSED)  # every run has verdicts


def judged(*, passed: bool) -> int:
    """Return the exit code for verdicts."""
    return PASSED if passed else NOT_PASSED


_PREFIX = "MQLAB_"


def check_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that has nearly the name of a setting; raise InputError for a wrong value.

    Other variables of the prefix may be a scenario's passwords, which have any name.
    """
    is_offline(environment)
    known = {setting.name.removeprefix(_PREFIX) for setting in SETTINGS}
    own = [setting.name.removeprefix(_PREFIX) for setting in read_by(Reader.LAB) if setting.name.startswith(_PREFIX)]
    for name in sorted(environment):
        word = name.removeprefix(_PREFIX)
        if word == name or word in known or not known.isdisjoint(word.split("_")):
            continue
        if near := nearest(word, own, cutoff=0.8):
            yield f"unknown variable {name}: did you mean {_PREFIX}{near}?"


PIPE_CLOSED = 141  # as a program that SIGPIPE ends


def reader_left() -> int:
    """Drop the rest of the output for a reader that has gone, and return the exit code."""
    for each in (sys.stdout, sys.stderr):
        try:
            each.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), each.fileno())  # for what is buffered still
    return PIPE_CLOSED


@contextmanager
def as_far_as_it_takes_it() -> Iterator[None]:
    """Ignore errors of output in the block, such as a full disk; a reader that has gone raises BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass  # what is told on stderr says why
