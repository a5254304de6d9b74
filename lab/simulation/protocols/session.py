"""The common part of the broker's sides of all protocols: a client's connection, login and consumers' names."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from lab.amazonmq.quotas import CONNECTIONS_PER_PROTOCOL
from lab.clients.refusals import NOT_AUTHORISED, how
from lab.simulation.broker.broker import Broker, Log
from lab.simulation.broker.process import Process
from lab.simulation.broker.sentences import Sentence
from lab.simulation.broker.session import Refused, Session
from lab.simulation.protocols.sizes import RECORD, on_the_wire
from lab.simulation.tcp.connection import Connection, SilentPeer


def is_security(message: str) -> bool:
    """Return whether a refusal is a SecurityException of ActiveMQ's."""
    return how(message) == NOT_AUTHORISED


class Frame(Protocol):
    """A frame of any protocol."""

    def octets(self) -> int:
        """Return the size in bytes."""
        ...


class Sessions:
    """The state that a broker's connections share, and the open ones, by the order of their coming."""

    def __init__(self, broker: Broker, process: Process, log: Log, address: Callable[[str], str]) -> None:
        self.broker, self.process, self.log = broker, process, log
        self.address = address  # of a host: its IP address
        self.open: dict[BrokerSide, None] = {}
        self._count = 0
        self._connections = Counter[str]()  # by connector
        self._left = set[str]()  # connectors that had more of them than they may

    def add(self, side: BrokerSide) -> None:
        """Count a connection. Report once if its connector has more connections than its limit.

        `TcpTransportServer` closes one above `maximumConnections`; the client's reaction is not modelled.
        """
        self.open[side] = None
        self._connections[side.connector] += 1
        if self._connections[side.connector] > CONNECTIONS_PER_PROTOCOL and side.connector not in self._left:
            self._left.add(side.connector)
            most = f"{CONNECTIONS_PER_PROTOCOL:,}"
            what = f"more than {most} clients are connected to {self.broker.name} over {side.connector}"
            self.broker.leave_range(what, self.process.now)

    def remove(self, side: BrokerSide) -> None:
        """Stop counting a connection, if it is counted."""
        if side in self.open:
            del self.open[side]
            self._connections[side.connector] -= 1

    def next_number(self) -> int:
        """Return a number that no connection of the broker has had."""
        self._count += 1
        return self._count

    def close(self) -> None:
        """End all connections, as a broker does that stops."""
        for each in tuple(self.open):
            each.close()

    def forget(self) -> None:
        """Drop all connections: the process is gone, and its kernel ends them."""
        for each in tuple(self.open):
            each.ended = True
        self.open.clear()
        self._connections.clear()


class BrokerSide(SilentPeer):
    """The broker's end of one client's connection."""

    session: Session | None

    def __init__(self, sessions: Sessions, connection: Connection, connector: str, *, web_socket: bool = False) -> None:
        self.sessions, self.connection, self._web_socket = sessions, connection, web_socket
        self.broker, self.process, self.log = sessions.broker, sessions.process, sessions.log
        self.connector = connector  # the name of its port
        self.address = (
            f"{'wss' if web_socket else 'tcp'}://{sessions.address(connection.far.host)}:{connection.far.port}"
        )
        self.name = f"{sessions.broker.id.rpartition('-')[0]}-3:{sessions.next_number()}"  # a ConnectionId
        self._message = f"{self.name}:1:1:"  # begins a MessageId
        self.session = None
        self.ended = self.spoke = False  # spoke: something was sent since the last heartbeat's tick
        self._consumers = self._messages = 0
        sessions.add(self)

    @abstractmethod
    def received(self, frame: object) -> None:
        """Take a frame of the client's."""

    def closed(self, why: str) -> None:
        """End the session, since the connection has ended."""
        self._end()

    def send(self, frame: Frame) -> None:
        """Send a frame to the client."""
        self.spoke = True
        octets = frame.octets()
        self.connection.send(frame, on_the_wire(octets, True) if self._web_socket else octets + RECORD)

    def close(self) -> None:
        """End the session and the connection, after the frames that were sent."""
        if not self.ended:
            self._end()
            self.connection.close()

    def _logged_in(self) -> Session:
        """Return the session; before a login raise Refused, in the words of ActiveMQ's converters."""
        if self.session is None:
            raise Refused("Not connected.")
        return self.session

    def next_consumer(self) -> str:
        """Return a ConsumerId."""
        self._consumers += 1
        return f"{self.name}:1:{self._consumers}"

    def next_message(self) -> str:
        """Return a MessageId."""
        self._messages += 1
        return f"{self._message}{self._messages}"

    def say(self, sentence: Sentence) -> None:
        """Write a sentence to the broker's log."""
        self.log(*sentence)

    def _end(self) -> None:
        if not self.ended:
            self.ended = True
            self.sessions.remove(self)
            if self.session is not None:
                self.session.close()
