"""The servers of accounts beside the running labs: chosen, shown and ended by the same commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from lab.api.server_process import Server, servers
from lab.errors import HostError, LabError
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Lost
from lab.runtime.state_file import StateFile
from lab.runtimes import AllRuntimes

Open = StateFile | Lost | Server


def labs_and_servers(runtimes: AllRuntimes, states: Path, run: str | None) -> Sequence[Open]:
    """Return all open labs, and then the servers of accounts.

    No engine is queried if `run` names only a server. An unreachable engine is an error only if there are no servers,
    or if a lab may be on it.
    """
    known, notes = servers(states), state_files.load_all(states)
    if run is not None and state_files.fitting(known, run) and not state_files.fitting(notes, run):
        return known
    try:
        return (*runtimes.labs(states), *known)
    except HostError:
        if not known or notes:
            raise
        return known


def of_servers(known: Sequence[Open], states: Path) -> set[str]:
    """Return the run ids of the labs that end when their server ends."""
    from lab.api.kept_account import account_folder, load  # here, since most labs have no server beside them

    kept = [load(account_folder(states, each.account)) for each in known if isinstance(each, Server)]
    return {each.run for each in kept if each is not None and each.run}


def end_servers(known: Iterable[Open], end: Callable[[Server], None]) -> tuple[list[Server], list[LabError]]:
    """End the servers among open labs, even after an error; return the servers that have ended, and the errors."""
    ended: list[Server] = []
    failed: list[LabError] = []
    for each in known:
        if isinstance(each, Server):
            try:
                end(each)
                ended.append(each)
            except LabError as error:
                failed.append(error)
    return ended, failed


def to_dict(server: Server, states: Path) -> dict[str, Any]:
    """Return a server as JSON-able values."""
    return {
        "account": server.account,
        "url": server.url,
        "runtime": server.runtime,
        "detached": server.detached,
        "opened": server.opened.isoformat(),
        "brokers": [
            {"name": name, "region": region, "state": state} for name, region, state in _brokers(server, states)
        ],
    }


def lines(server: Server, states: Path) -> Sequence[str]:
    """Return the lines of a server's status."""
    kind = "records without brokers" if server.runtime == "none" else server.runtime
    brokers = [f"  {name} in {region}: {state}" for name, region, state in _brokers(server, states)]
    return (f"account {server.account} · served at {server.url} · {kind}", *(brokers or ["  no broker yet"]))


def _brokers(server: Server, states: Path) -> Sequence[tuple[str, str, str]]:
    from lab.api.kept_account import account_folder, load  # here, since most labs have no server beside them

    kept = load(account_folder(states, server.account))
    if kept is None:
        return ()
    facts = kept.records.mq.brokers
    records = [(facts[each.broker_id], each.state) for each in kept.control.account.brokers if each.broker_id in facts]
    return [(its.name, its.region, str(state)) for its, state in records]
