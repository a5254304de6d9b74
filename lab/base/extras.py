"""The extras: packages of `lab/extras`, which the core finds by their `EXTRA` and never imports by name.

An extra adds commands, and hooks that the core asks for. Its libraries are a group of optional dependencies, which
an error names if they are not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, NamedTuple

from lab.errors import HostError

PACKAGE = "lab.extras"


class Command(NamedTuple):
    """A command of an extra, by its name in `Extra.commands`."""

    group: str  # of `mqlab --help`
    summary: str
    module: str  # within the extra, with a function of the command's name, or a mapping of its verbs


class Extra(NamedTuple):
    """What an extra adds; places are written as module:name, with the module's name within the extra."""

    commands: Mapping[str, Command] = {}
    hooks: Mapping[str, str] = {}  # what the core asks for by name
    needs: tuple[str, ...] = ()  # modules of the group of optional dependencies that has the extra's name


@cache
def extras() -> Mapping[str, Extra]:
    """Return all extras by name."""
    names = sorted(each.name for each in iter_modules(import_module(PACKAGE).__path__) if each.ispkg)
    return {name: import_module(f"{PACKAGE}.{name}").EXTRA for name in names}


def hook(name: str) -> Any:
    """Return what the extra with a hook of this name has under it; HostError if its libraries are not installed."""
    (extra,) = (extra for extra, each in extras().items() if name in each.hooks)
    module, _, function = extras()[extra].hooks[name].partition(":")
    try:
        return getattr(import_module(f"{PACKAGE}.{extra}.{module}"), function)
    except ModuleNotFoundError as error:
        if error.name in extras()[extra].needs:
            raise _not_installed(extra, [str(error.name)]) from error
        raise


def command(name: str) -> Any:
    """Return the module of an extra's command; HostError if the extra's libraries are not installed."""
    (extra,) = (extra for extra, each in extras().items() if name in each.commands)
    if missing := [each for each in extras()[extra].needs if find_spec(each) is None]:
        raise _not_installed(extra, missing)
    return import_module(f"{PACKAGE}.{extra}.{extras()[extra].commands[name].module}")


def _not_installed(extra: str, missing: list[str]) -> HostError:
    are = "is" if len(missing) == 1 else "are"
    what = f"{' and '.join(missing)} {are} not installed, which mqlab's extra {extra} needs"
    return HostError(what, f"pip install 'mqlab[{extra}]'")
