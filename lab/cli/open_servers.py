"""Labs and the servers of an extra, which the same commands choose, show and end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from lab.base import extras
from lab.errors import HostError, LabError
from lab.operating.runtimes import AllRuntimes
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Lost
from lab.runtime.state_file import StateFile


class OpenServer(Protocol):
    """A server that runs beside the labs."""

    @property
    def run(self) -> str:
        """Return the name by which commands choose the server, as they choose a lab by its run."""

    @property
    def scenario(self) -> str:
        """Return words about the server, in the place of a lab's scenario."""

    def lab(self) -> str:
        """Return the run id of the lab that ends with the server; "" if it has none."""

    def end(self) -> str:
        """End the server, and return the line to print."""

    def to_dict(self) -> dict[str, Any]:
        """Return the server as JSON-able values."""

    def lines(self) -> Sequence[str]:
        """Return the lines of the server's status."""


Open = StateFile | Lost | OpenServer


def is_server(one: Open) -> TypeGuard[OpenServer]:
    """Return whether an open thing is a server, not a lab."""
    return not isinstance(one, StateFile | Lost)


def labs_and_servers(runtimes: AllRuntimes, states: Path, run: str | None) -> Sequence[Open]:
    """Return all open labs, and then the servers.

    No engine is queried if `run` names only a server. An unreachable engine is an error only if there are no servers,
    or if a lab may be on it.
    """
    known, notes = extras.hook("servers")(states), state_files.load_all(states)
    if run is not None and state_files.fitting(known, run) and not state_files.fitting(notes, run):
        return tuple(known)
    try:
        return (*runtimes.labs(states), *known)
    except HostError:
        if not known or notes:
            raise
        return tuple(known)


def end_servers(known: Iterable[Open]) -> tuple[dict[str, str], list[LabError]]:
    """End the servers among open labs, even after an error; return a line for each that has ended, and the errors."""
    ended: dict[str, str] = {}
    failed: list[LabError] = []
    for each in known:
        if is_server(each):
            try:
                ended[each.run] = each.end()
            except LabError as error:
                failed.append(error)
    return ended, failed
