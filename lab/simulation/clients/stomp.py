"""The wire of a simulated STOMP client: `lab.clients.stomp_wire` is the real one."""

from __future__ import annotations

from lab.clients.stomp import HEARTBEAT_SECONDS, StompClient
from lab.runtime.client import ClientEvents
from lab.simulation.clients.base import Access, SimulatedWire
from lab.simulation.kernel import SECOND
from lab.simulation.protocols.stomp_frames import StompFrame

_SILENCE = 3 * HEARTBEAT_SECONDS * SECOND  # ns without a frame: lab.clients.stomp_wire


class StompWire(SimulatedWire):
    """The wire of a StompClient."""

    client: StompClient

    def log_in(self) -> None:
        """Send the login."""
        target = self.target
        login = {"login": target.user, "passcode": target.password, "client-id": target.client_id}
        headers = {**login, "heart-beat": f"0,{HEARTBEAT_SECONDS * 1000}", "host": target.host}
        self.send_frame(StompFrame("CONNECT", headers))

    def send(self, command: str, headers: dict[str, str], body: bytes = b"", *, text: bool = False) -> None:
        """Send a frame, which has no length in either case."""
        self.send_frame(StompFrame(command, headers, body))

    def close(self) -> None:
        """Send DISCONNECT and close."""
        self._hang_up(StompFrame("DISCONNECT", {"receipt": "farewell"}))

    def on_frame(self, frame: StompFrame) -> None:
        """Pass a frame to the client."""
        match frame.command:
            case "MESSAGE":
                self.client.on_message(frame.headers, frame.body)
            case "RECEIPT":
                self.client.on_receipt(frame.headers["receipt-id"])
            case "ERROR":
                self.client.on_error(frame.headers, frame.body)
            case "CONNECTED":
                self.client.answers.give("connect")


def connect(at: Access, events: ClientEvents, *, web_socket: bool) -> StompClient:
    """Return a client that is connected and logged in."""
    wire = StompWire(at, "STOMP", web_socket=web_socket)
    wire.client = StompClient(wire, events, at.clock, wire.address, now=at.clock.now, typed=False, text_only=web_socket)
    wire.open()
    wire.client.log_in(at.target.within)
    wire.watch(_SILENCE, "the broker fell silent")
    return wire.client
