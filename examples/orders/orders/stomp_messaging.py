"""Messaging as the application does it in production: STOMP over TLS, by stomp.py."""

from __future__ import annotations

import queue
import threading
from itertools import count
from pathlib import Path
from typing import Any

import stomp

_PATIENCE = 30.0  # seconds for the broker's receipts


class StompMessaging(stomp.ConnectionListener):  # type: ignore[misc]
    """A connection by stomp.py."""

    def __init__(self, host: str, port: int, ca_file: Path | None, user: str, password: str, client_id: str) -> None:
        self._came: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._receipts: dict[str, threading.Event] = {}
        self._number = count(1)
        self._connection = stomp.Connection12([(host, port)])
        self._connection.set_ssl([(host, port)], ca_certs=None if ca_file is None else str(ca_file))
        self._connection.set_listener("orders", self)
        self._connection.connect(user, password, wait=True, headers={"client-id": client_id})

    def listen(self, queue: str) -> None:
        """Receive what comes into a queue, from now on."""
        receipt = self._receipt()
        its = f"from-{queue}"
        self._connection.subscribe(f"/queue/{queue}", its, "client-individual", headers={"receipt": receipt})
        self._await(receipt)

    def send(self, queue: str, body: str) -> None:
        """Send a persistent message, and return when the broker has it."""
        receipt = self._receipt()
        self._connection.send(f"/queue/{queue}", body, headers={"persistent": "true", "receipt": receipt})
        self._await(receipt)

    def next(self, within: float) -> str | None:
        """Return the next message, which is acknowledged; None if none comes within so many seconds."""
        try:
            frame = self._came.get(timeout=within)
        except queue.Empty:
            return None
        self._connection.ack(frame.headers["ack"])
        return str(frame.body)

    def close(self) -> None:
        """Disconnect, once the broker has seen the acknowledgements."""
        receipt = self._receipt()
        self._connection.disconnect(receipt)
        self._await(receipt)

    def on_message(self, frame: Any) -> None:
        """Keep a message for `next`."""
        self._came.put(frame)

    def on_receipt(self, frame: Any) -> None:
        """Let whoever waits for a receipt go on."""
        if (known := self._receipts.get(frame.headers["receipt-id"])) is not None:
            known.set()

    def _receipt(self) -> str:
        name = f"receipt-{next(self._number)}"
        self._receipts[name] = threading.Event()
        return name

    def _await(self, receipt: str) -> None:
        if not self._receipts[receipt].wait(_PATIENCE):
            raise TimeoutError(f"the broker did not confirm within {_PATIENCE:g} s")
        del self._receipts[receipt]
