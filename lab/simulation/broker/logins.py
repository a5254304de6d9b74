"""The logins of a broker: the permitted users, and the clients logged in."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from lab.simulation.broker.sentences import client_taken, not_added, password_invalid, stealing
from lab.simulation.broker.session import Refused, Session

Log = Callable[[str, str, str], None]  # level, logger, text


class Logins:
    """`SimpleAuthenticationBroker`, and the client ids of `RegionBroker`."""

    def __init__(
        self,
        name: str,
        id: str,
        *,
        passwords: Mapping[str, str],
        groups: Mapping[str, frozenset[str]],
        log: Log,
        admit: Callable[[Session], None],
        closed: Callable[[Session], None],
    ) -> None:
        self.sessions: dict[str, Session] = {}  # by client id
        self.passwords = passwords
        self._name, self._id, self._groups = name, id, groups
        self._log, self._admit, self._closed = log, admit, closed

    def login(
        self,
        user: str,
        password: str,
        client_id: str,
        address: str,
        *,
        steals: bool,
        ended: Callable[[str], None] | None,
        connector: str,
        network: bool,
        connection: str,
    ) -> Session:
        """Return the session of a connection that logs in; raise Refused, and log it."""
        taken = self.sessions.get(client_id)
        try:
            if user not in self.passwords or self.passwords[user] != password:
                raise Refused(password_invalid(user))
            if taken is not None and not steals:
                raise Refused(client_taken(self._name, client_id, taken.address))
            session = Session(
                user=user,
                groups=self._groups.get(user, frozenset()),
                client=client_id,
                address=address,
                connector=connector,
                network=network,
                connection=connection or client_id,
                ended=ended,
                closed=self._left,
            )
            self._admit(session)
        except Refused as refused:
            self._log(*not_added(self._connection(address), client_id, address, refused.words))
            raise
        self.sessions[client_id] = session
        if taken is not None:
            self._log(*stealing(client_id, taken.address))
            taken.end(f"Stealing link for clientId {client_id} From Connection {self._connection(taken.address)}")
        return session

    def _left(self, session: Session) -> None:
        if self.sessions.get(session.client) is session:
            del self.sessions[session.client]
        self._closed(session)

    def _connection(self, address: str) -> str:
        return f"{self._id.rpartition('-')[0]}-{zlib.crc32(address.encode()) % 1000}:1"
