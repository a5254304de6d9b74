"""What the clients of all protocols ask of a socket."""

from __future__ import annotations

import socket
import threading
from typing import Any, cast

from lab.clients.sockets import await_ticket


class Shaken:
    """A TLS connection whose end of the handshake was made, at one end of a pair of sockets."""

    def __init__(self, of: socket.socket, version: str) -> None:
        self._of, self._version = of, version

    def version(self) -> str:
        return self._version

    def fileno(self) -> int:
        return self._of.fileno()


def test_a_login_waits_until_the_broker_has_ended_the_handshake() -> None:
    ours, theirs = socket.socketpair()
    order: list[str] = []

    def wait() -> None:
        await_ticket(cast(Any, Shaken(ours, "TLSv1.3")))
        order.append("login")

    with ours, theirs:
        await_ticket(cast(Any, Shaken(ours, "TLSv1.2")))  # where there is nothing to wait for
        waiting = threading.Thread(target=wait)
        waiting.start()
        order.append("ticket")
        theirs.sendall(b"ticket")
        waiting.join()
    assert order == ["ticket", "login"]
