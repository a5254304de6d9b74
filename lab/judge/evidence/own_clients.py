"""The lab's own clients in a run whose brokers were observed, and when the brokers' events alone decide about them.

The names in `clients` are those of applications. In a simulation only the lab's own clients can connect, so there the
names are theirs, by their client ids; in an emulation too, if a client id of a step fits. Then each client of the lab
is judged as an application is: the observations that it wrote down itself do not count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from lab.declare.application import Application
from lab.history import (
    Acknowledged,
    ClientChanged,
    Header,
    Observation,
    Publishing,
    Received,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)

_WRITTEN = (Acknowledged, ClientChanged, Publishing, Received, Settled, Subscribed, Unsubscribed)


class OwnClients:
    """The client ids of the lab's own clients."""

    def __init__(self, header: Header, declared: Mapping[str, Application]) -> None:
        self._prefix, self._declared = f"mqlab-{header.run}-", declared
        self.handed = Counter[str]()  # by step: messages handed to clients whose own observations do not count
        self._names = dict(_client_ids(header.declared.get("steps")))  # by client id
        self.judged = bool(declared) and (
            header.simulated or any(self.is_declared(client_id, None) for client_id in self._names)
        )

    def name(self, client_id: str) -> str | None:
        """Return the name of the lab's client with a client id; None for a client of another program."""
        if client_id.startswith(self._prefix):
            return client_id.removeprefix(self._prefix)
        return self._names.get(client_id)

    def is_declared(self, client_id: str, broker: str | None) -> bool:
        """Return whether a declared application has this client id at a broker; if `broker` is None, at any broker."""
        return any(
            (broker is None or each.broker in (None, broker)) and fits(client_id, each.client_id)
            for each in self._declared.values()
        )

    def left(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """Yield the observations that count, without those of the lab's own clients if the brokers' events decide."""
        if not self.judged:
            yield from observations
            return
        for seen in observations:
            if isinstance(seen, Sent):
                self.handed[seen.id.partition("-")[0]] += 1
            elif not isinstance(seen, _WRITTEN):
                yield seen


def fits(client_id: str, pattern: str) -> bool:
    """Return whether a client id fits a pattern, in which `*` alone has a meaning."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), client_id, re.DOTALL) is not None


def _client_ids(declared: object) -> Iterator[tuple[str, str]]:
    """Yield every `client-id` in declared steps, however deep, with the name of its client."""
    if isinstance(declared, Mapping):
        client_id, name = declared.get("client-id"), declared.get("client")
        if isinstance(client_id, str):
            yield client_id, name if isinstance(name, str) else client_id
        for value in declared.values():
            yield from _client_ids(value)
    if isinstance(declared, list | tuple):
        for value in declared:
            yield from _client_ids(value)
