"""The servers of accounts, which commands choose, show and end as they do with labs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.base.dataclass import dataclass
from lab.extras.api import server_process
from lab.extras.api.server_process import LOG, Server, accounts
from lab.runtime.clock import RealClock


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """A server that runs, with its account in a folder of states."""

    server: Server
    states: Path

    @property
    def run(self) -> str:
        """Return the name by which commands choose the server, as they choose a lab by its run."""
        return self.server.account

    @property
    def scenario(self) -> str:
        """Return words about the server, in the place of a lab's scenario."""
        return f"the account that is served at {self.server.url}"

    def lab(self) -> str:
        """Return the run id of the lab that ends with the server; "" if it has none."""
        from lab.extras.api.kept_account import account_folder, load  # here, since most labs have no server beside them

        kept = load(account_folder(self.states, self.run))
        return "" if kept is None else kept.run

    def end(self) -> str:
        """End the server, and return the line to print."""
        server_process.end(self.server, RealClock())
        stays = "; the account is kept" if (accounts(self.states) / self.run).is_dir() else ""
        return f"the server of account {self.run} has ended{stays}"

    def to_dict(self) -> dict[str, Any]:
        """Return the server as JSON-able values."""
        return {
            "account": self.run,
            "url": self.server.url,
            "runtime": self.server.runtime,
            "detached": self.server.detached,
            "opened": self.server.opened.isoformat(),
            "brokers": [{"name": name, "region": region, "state": state} for name, region, state in self._brokers()],
        }

    def lines(self) -> Sequence[str]:
        """Return the lines of the server's status."""
        kind = "records without brokers" if self.server.runtime == "none" else self.server.runtime
        brokers = [f"  {name} in {region}: {state}" for name, region, state in self._brokers()]
        return (f"account {self.run} · served at {self.server.url} · {kind}", *(brokers or ["  no broker yet"]))

    def _brokers(self) -> Sequence[tuple[str, str, str]]:
        from lab.extras.api.kept_account import account_folder, load  # here, since most labs have no server beside them

        kept = load(account_folder(self.states, self.run))
        if kept is None:
            return ()
        facts = kept.records.mq.brokers
        records = [
            (facts[each.broker_id], each.state) for each in kept.control.account.brokers if each.broker_id in facts
        ]
        return [(its.name, its.region, str(state)) for its, state in records]


def running(states: Path) -> Sequence[OpenAccount]:
    """Return the servers that run."""
    return [OpenAccount(each, states) for each in server_process.servers(states)]


def logs(states: Path) -> Mapping[str, Path]:
    """Return the logs of detached servers by account, also of servers that have ended."""
    return {path.parent.name: path for path in accounts(states).glob(f"*/{LOG}")}
