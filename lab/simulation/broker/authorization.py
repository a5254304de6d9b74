"""The rights of users for destinations: a configuration's authorization map."""

from __future__ import annotations

from collections.abc import Mapping

from lab.activemq.forwarding.filters import covers
from lab.amazonmq.configurations.elements import Element
from lab.simulation.broker.session import Refused, Session

ADMIN, READ, WRITE = "admin", "read", "write"
_TO = {ADMIN: "create", READ: "read from", WRITE: "write to"}
EVERYBODY = "*"


class Authorization:
    """`AuthorizationBroker` with `DefaultAuthorizationMap`: rights of all entries that cover a destination add up."""

    def __init__(self, broker: Element) -> None:
        written = broker.find("plugins", "authorizationPlugin", "map", "authorizationMap")
        self.asked = written is not None
        self._entries: list[tuple[str, Mapping[str, frozenset[str]]]] = []
        self._temporary: Mapping[str, frozenset[str]] | None = None
        self._known: dict[tuple[str, str], frozenset[str]] = {}
        default = written and written.find("defaultEntry", "authorizationEntry")
        self._default = [] if default is None else [_rights(default)]
        for each in () if written is None else written.walk():
            if each.name == "authorizationEntry":
                for kind in ("queue", "topic"):
                    if (name := each.get(kind)) is not None:
                        self._entries.append((f"{kind}://{name}", _rights(each)))
            elif each.name == "tempDestinationAuthorizationEntry" and each.attributes:
                self._temporary = _rights(each)

    def check(self, session: Session, right: str, destination: str) -> None:
        """Raise Refused if a client may not do something with a destination."""
        if self.asked and not self.allows(session.groups, right, destination):
            raise Refused(f"User {session.user} is not authorized to {_TO[right]}: {destination}")

    def allows(self, groups: frozenset[str], right: str, destination: str) -> bool:
        """Return whether one of the groups has a right on a destination."""
        key = (right, destination)
        allowed = self._known.get(key)
        if allowed is None:
            allowed = self._known[key] = self._allowed(right, destination)
        return EVERYBODY in allowed or not allowed.isdisjoint(groups)

    def _allowed(self, right: str, destination: str) -> frozenset[str]:
        if destination.startswith("temp-"):
            return frozenset({EVERYBODY}) if self._temporary is None else self._temporary[right]
        # A consumer of a.> is asked for the rights of the entries below it too: `DestinationMap.get`.
        covering = self._default + [
            its for each, its in self._entries if covers(each, destination) or covers(destination, each)
        ]
        return frozenset().union(*(rights[right] for rights in covering))


def _rights(entry: Element) -> Mapping[str, frozenset[str]]:
    return {
        right: frozenset(each.strip() for each in (entry.get(right) or "").split(",") if each.strip())
        for right in (ADMIN, READ, WRITE)
    }
