"""The bridges of a history, to know which bridge a client id belongs to, and which brokers a bridge leads to."""

from __future__ import annotations

from math import inf

from lab.activemq.bridge_logins import INBOUND, is_login
from lab.history import BridgeSeen

_Hop = tuple[str, str]  # from a broker to the next


class BridgeWays:
    """The hops of all bridges that the history has."""

    def __init__(self) -> None:
        self._hops: dict[_Hop, None] = {}
        self._connectors: dict[frozenset[str], set[str]] = {}  # by both brokers
        self._remotes: dict[tuple[str, str], str] = {}  # a history has a million messages
        self._on_the_way: dict[tuple[_Hop, str, str], bool] = {}

    def add(self, end: BridgeSeen) -> None:
        """Add an end of a bridge, which sends to the other end."""
        self._hops[end.broker, end.remote] = None
        self._connectors.setdefault(frozenset((end.broker, end.remote)), set()).add(end.connector)
        self._remotes.clear()
        self._on_the_way.clear()

    def remote(self, broker: str, client_id: str) -> str:
        """Return the broker to which the bridge of a client id sends; "" if it is not known."""
        if (broker, client_id) not in self._remotes:
            remotes = [to for at, to in self._hops if at == broker and self._is_between(broker, to, client_id)]
            self._remotes[broker, client_id] = remotes[0] if len(remotes) == 1 else ""
        return self._remotes[broker, client_id]

    def is_on_the_way(self, hop: _Hop, source: str, target: str) -> bool:
        """Return whether each shortest way from a broker to another one has a hop."""
        key = hop, source, target
        if key not in self._on_the_way:
            self._on_the_way[key] = self._count(source, target, None) < self._count(source, target, hop)
        return self._on_the_way[key]

    def _is_between(self, broker: str, remote: str, client_id: str) -> bool:
        connectors = self._connectors[frozenset((broker, remote))]
        return any(is_login(client_id, connector, remote, INBOUND, broker) for connector in connectors)

    def _count(self, source: str, target: str, without: _Hop | None) -> float:
        """Return the hops of the shortest way between two brokers without a hop; infinity if there is no way."""
        count, reached, border = 0, {source}, {source}
        while border and target not in border:
            count += 1
            border = {there for here, there in self._hops if here in border and (here, there) != without} - reached
            reached |= border
        return count if border else inf
