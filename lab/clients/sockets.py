"""Sockets of the clients of all protocols: their errors in words, the end of a TLS handshake, acknowledgements.

It is apart from `base`, which simulated clients use too: they have no TLS, which takes long to load.
"""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from lab.clients.refusals import NO_ANSWER, NOT_UP, REFUSED, TLS_FAILED, untrusted
from lab.errors import BrokerError, LabTimeout
from lab.runtime.client import Endpoint

_TICKET_WITHIN = 1.0  # seconds


@contextmanager
def connecting(endpoint: Endpoint, protocol: str) -> Iterator[None]:
    """Translate errors of the block, which connects, into BrokerError or LabTimeout."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise untrusted(f"{protocol} at {endpoint}", error.verify_message) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError, BrokenPipeError) as error:
        # At a published port Docker's own process answers, and hangs up if the broker behind it does not.
        raise BrokerError(f"{protocol} at {endpoint}: it closed the connection at once", NOT_UP, REFUSED) from error
    except ssl.SSLError as error:
        raise BrokerError(
            f"{protocol} at {endpoint}: the TLS handshake failed: {error.reason or error}", how=TLS_FAILED
        ) from error
    except socket.gaierror as error:
        raise BrokerError(f"{protocol} at {endpoint}: no such host: {error.strerror}") from error
    except TimeoutError as error:
        raise LabTimeout(f"{protocol} at {endpoint}: no answer", NO_ANSWER) from error
    except ConnectionRefusedError as error:
        raise BrokerError(f"{protocol} at {endpoint}: nothing listens there", NOT_UP, REFUSED) from error
    except OSError as error:
        raise BrokerError(f"{protocol} at {endpoint}: {error.strerror or error}") from error


def await_ticket(secured: ssl.SSLSocket) -> None:
    """Wait until the broker has ended the handshake too: in TLS 1.3 its session ticket shows that, if it sends one.

    ActiveMQ reads a login that comes with the end of the handshake in one thread, and the following data in another,
    out of one buffer (`NIOSSLTransport`, 5.18.3).
    """
    if secured.version() == "TLSv1.3":
        with selectors.DefaultSelector() as ready:
            ready.register(secured, selectors.EVENT_READ)
            ready.select(_TICKET_WITHIN)


def acknowledge_at_once(stream: socket.socket) -> None:
    """Make the kernel acknowledge data without delay. It forgets this, so call it after each read.

    ActiveMQ leaves Nagle's algorithm on: a second small frame waits until the first is acknowledged, which takes
    the kernel up to 40 ms when there is nothing to send back. Those 40 ms are not the link's.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
