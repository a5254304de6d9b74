"""stomp.py's connection, opened once with a TLS context of ours, and noticing its end.

stomp.py 9.0.0 tells neither why a connection failed nor, over TLS, that it has ended: its loop would spin for ever.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading

from stomp.connect import BaseConnection
from stomp.protocol import Protocol12
from stomp.transport import Transport
from stomp.utils import PollableQueue


class _Wire(Transport):
    """The transport below STOMP frames."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext, within: float) -> None:
        super().__init__([(host, port)], prefer_localhost=False, try_loopback_connect=False, auto_decode=False)
        self._where, self._tls, self._within = (host, port), tls, within
        self.ended = threading.Event()

    def attempt_connection(self) -> None:
        """Connect once; what went wrong is the caller's to see."""
        plain = socket.create_connection(self._where, self._within)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secured = self._tls.wrap_socket(plain, server_hostname=self._where[0])
        except BaseException:
            plain.close()
            raise
        secured.setblocking(False)
        self.socket = secured
        self.send_queue = PollableQueue()
        self.sel = selectors.DefaultSelector()
        self.sel.register(self.send_queue, selectors.EVENT_READ)
        self.sel.register(secured, selectors.EVENT_READ)
        self.blocking = False
        self.current_host_and_port = self._where

    def receive(self) -> bytes:
        """Read what is there; the end of the stream ends the loop."""
        try:
            octets: bytes = super().receive()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:
            octets = b""
        if not octets:
            self.running = False
        return octets
