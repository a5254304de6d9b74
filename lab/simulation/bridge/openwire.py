"""One end of an OpenWire connection: the agreement on its format, its inactivity monitor, its failures."""

from __future__ import annotations

from collections.abc import Callable

from lab.simulation.bridge.commands import KeepAlive, WireFormat
from lab.simulation.bridge.inactivity import InactivityMonitor
from lab.simulation.bridge.sentences import END_OF_STREAM, RESET, TIMED_OUT, inactive, no_attempt
from lab.simulation.broker.process import Process
from lab.simulation.kernel import MILLISECOND, SECOND, Timer, cancel
from lab.simulation.protocols.session import Frame
from lab.simulation.protocols.sizes import RECORD
from lab.simulation.tcp.connection import Connection

NO_ATTEMPT = 30 * SECOND  # `startConnectCheckTask`: what has no wire format by then is ended
_ENDS = {"closed": END_OF_STREAM, "reset": RESET, "timed out": TIMED_OUT}


class OpenWire:
    """The owner of one end of a connection. `failed` learns once, in Java's words, that the connection has gone."""

    def __init__(
        self,
        process: Process,
        *,
        inactivity: int,
        first_check: int,
        on_command: Callable[[object], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._process, self._wants = process, WireFormat(inactivity, first_check)
        self.on_command, self._on_failure = on_command, on_failure  # a bridge replaces the first by its own
        self._connection: Connection | None = None
        self._monitor: InactivityMonitor | None = None
        self._waiting: list[Frame] = []  # until the format is agreed on
        self._check: Timer | None = None
        self._every = inactivity
        self.ended = False
        self.peer = ""  # the other end as tcp://10.1.0.10:61617, for the inactivity monitor's words

    def attach(self, connection: Connection, peer: str, *, since: int) -> None:
        """Take the connection, and begin the agreement; `since` is when the transport was started."""
        self._connection, self.peer = connection, peer
        self._transmit(self._wants)
        self._check = self._process.at(since + NO_ATTEMPT, self._give_up)

    def send(self, command: Frame) -> None:
        """Send a command, once the format is agreed on."""
        if self.ended:
            return
        if (monitor := self._monitor) is None or self._connection is None:
            self._waiting.append(command)
            return
        monitor.spoke = True
        self._connection.send(command, command.octets() + RECORD)

    def receive(self, frame: object) -> None:
        """Take a frame that has arrived."""
        if self.ended:
            return
        if (monitor := self._monitor) is not None:
            monitor.heard = True
        if type(frame) is WireFormat:
            self._agree(frame)
        elif type(frame) is not KeepAlive:
            on_command = self.on_command
            on_command(frame)

    def stand(self, age: int) -> None:
        """Set the inactivity monitor as if the connection had lived for so many ns longer."""
        if self._monitor is not None and not self.ended:
            self._monitor.stand(age)

    def lose(self, why: str) -> None:
        """Handle the end of the connection; `why` is its cause."""
        self._fail(_ENDS[why])

    def close(self) -> None:
        """End the connection after the commands that were sent."""
        if not self.ended:
            self._stop()
            if self._connection is not None:
                self._connection.close()

    def forget(self) -> None:
        """Drop the connection."""
        self._stop()

    def _agree(self, theirs: WireFormat) -> None:
        """Take the shorter of both ends' times: `InactivityMonitor.processInboundWireFormatInfo`."""
        assert self._connection is not None
        self._every = min(self._wants.inactivity, theirs.inactivity)
        if self._check is not None:
            cancel(self._check)
        self._monitor = InactivityMonitor(
            self._process,
            self._connection,
            every=self._every,
            first=min(self._wants.first_check, theirs.first_check),
            speak=lambda: self._transmit(KeepAlive()),
            silent=self._fall_silent,
        )
        waiting, self._waiting = self._waiting, []
        for command in waiting:
            self.send(command)

    def _fall_silent(self) -> None:
        self._break(inactive(self._every // MILLISECOND, self.peer))

    def _give_up(self) -> None:
        self._break(no_attempt(self.peer))

    def _break(self, why: str) -> None:
        """End the connection from this end: its owner closes the socket, and the other end reads the end of it."""
        connection = self._connection
        self._fail(why)
        if connection is not None:
            connection.close()

    def _fail(self, why: str) -> None:
        if not self.ended:
            self._stop()
            self._on_failure(why)

    def _stop(self) -> None:
        self.ended = True
        if self._monitor is not None:
            self._monitor.stop()
        if self._check is not None:
            cancel(self._check)

    def _transmit(self, frame: Frame) -> None:
        if self._connection is not None:
            self._connection.send(frame, frame.octets() + RECORD)
