"""A broker outside of any lab, by the URL of one of its encrypted endpoints, to record at. No history is kept of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from lab import clients
from lab.activemq.protocols import ENDPOINTS
from lab.base.printable import is_text
from lab.base.settings import PASSWORD, USER
from lab.errors import InputError
from lab.history import SendOutcome
from lab.living.conversation import destination
from lab.living.recording import Source
from lab.runtime.client import Client, Endpoint
from lab.runtime.clock import Clock
from lab.runtime.messages import Incoming, Look, Terms

_PORTS = {each.scheme: each for each in ENDPOINTS if each.over}
_ALIASES = {"mqtts": "mqtt+ssl", "stomps": "stomp+ssl", "amqps": "amqp+ssl"}
_OPENWIRE = ("tcp", "ssl", "nio", "nio+ssl", "openwire")
_PLAIN = ("mqtt", "stomp", "amqp", "ws", "mqtt+nio", "stomp+nio", "amqp+nio")


def is_url(target: str) -> bool:
    """Return whether a text is meant as a URL, and not as the name of a lab's broker."""
    return "://" in target


def source(
    url: str, environment: Mapping[str, str], clock: Clock, *, over: str | None = None, ca_file: Path | None = None
) -> Source:
    """Return the broker of a URL; InputError if it cannot be connected to, or if no login is in the environment.

    The CAs of the system vouch for its certificate, or those of `ca_file`. The URL's scheme decides the protocol; with
    `wss`, `over` does.
    """
    parts = _split(url)
    port = _PORTS[_ALIASES.get(parts.scheme, parts.scheme)]
    if over is None and len(port.over) > 1:
        raise InputError.of(
            f"{parts.scheme}:// is used by several protocols", f"write --over {' or --over '.join(port.over)}"
        )
    if over is not None and over not in port.over:
        raise InputError.of(f"--over {over}: {parts.scheme}:// is {port.protocol}", f"write --over {port.over[0]}")
    speaks = over or port.over[0]
    missing = [each.name for each in (USER, PASSWORD) if not each.get(environment)]
    if missing:
        right = f"set {USER.name} and {PASSWORD.name}, since every user of this machine can read a command line"
        raise InputError.of(f"{' and '.join(missing)} not set in the environment", right)
    if wrong := [each.name for each in (USER, PASSWORD) if not is_text(each.get(environment))]:
        raise InputError.of(f"{' and '.join(wrong)} not in UTF-8", "set it from a terminal, or a file, in UTF-8")
    host = parts.hostname or ""
    endpoint = Endpoint(
        host=host,
        port=port.port if parts.port is None else parts.port,
        ca_file=ca_file,
        user=USER.get(environment),
        password=SecretStr(PASSWORD.get(environment)),
        client_id=f"mqlab-record-{secrets.token_hex(4)}",
    )
    name = f"{host}:{endpoint.port}"
    return Source(
        name=name,
        where=f"{parts.scheme}://{name}",
        over=speaks,
        connect=lambda take: _Connection(speaks, endpoint, clock, take),
    )


def _split(url: str) -> SplitResult:
    """Return the parts of a broker's URL; InputError, in which no password is, for any other text."""
    scheme = url.partition("://")[0].lower()
    if "@" in url:
        right = f"remove the part before the @, and set {USER.name} and {PASSWORD.name}"
        raise InputError.of(f"a login in a URL ({scheme}://…@…) can be read by every user of this machine", right)
    named = re.match(r"[^:]*://([\w.-]{1,200})", url)
    host = named[1] if named else "HOST"
    if scheme in _OPENWIRE:
        right = f"write {' or '.join(f'{name}://{host}:{_PORTS[name].port}' for name in ('stomp+ssl', 'amqp+ssl'))}"
        raise InputError.of(f"{scheme}:// is OpenWire, and clients of the lab do not speak OpenWire", right)
    if scheme in _PLAIN:
        right = f"write {' or '.join(f'{name}://{host}' for name in _PORTS if name.startswith(scheme[:4]))}"
        raise InputError.of(f"{scheme}:// is not encrypted: a password would be sent in the clear", right)
    if scheme not in (*_PORTS, *_ALIASES):
        known = ", ".join((*_PORTS, *_ALIASES))
        raise InputError.of(f"{scheme[:20]}:// is not an endpoint for clients of the lab", f"write one of {known}")
    shown = re.split("[?#]", url)[0][:200]  # behind it there may be a password
    try:
        found = urlsplit(url)
        its_name = (found.hostname or "").encode("idna")  # as a resolver does
        its_port = found.port
    except ValueError as error:
        raise InputError.of(f"{shown} is not a URL: {error}") from error
    if not its_name or its_port == 0 or found.path not in ("", "/") or found.query or found.fragment:
        raise InputError.of(f"{shown} is not the URL of a broker", f"write {scheme}://HOST, or {scheme}://HOST:PORT")
    return found


class _Connection:
    """A client of a broker that no lab knows; it passes each message on as it arrives."""

    def __init__(self, over: str, endpoint: Endpoint, clock: Clock, take: Callable[[Incoming], None]) -> None:
        self._clock, self._take = clock, take
        self.lost_because = ""
        self._client: Client = clients.connect(over, endpoint, self)

    def subscribe(
        self, *, topic: str | None = None, queue: str | None = None, qos: int = 1, whole: bool = False
    ) -> None:
        """Subscribe to a topic or a queue."""
        self._client.subscribe(Terms(destination=destination(topic, queue), qos=qos, whole=whole))

    def browse(self, queue: str, within: float = 10.0) -> Look:
        """Return the messages that the broker shows of a queue."""
        return self._client.browse(destination(None, queue), within)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Do nothing: this client sends no messages."""

    def received(self, message: Incoming) -> None:
        """Pass a message to the function that takes messages (`take`)."""
        self._take(message)

    def lost(self, why: str) -> None:
        """Record the loss of the connection."""
        self.lost_because = self.lost_because or why
        self._clock.notify()

    def broke(self, error: Exception) -> None:
        """Record a fault of the client."""
        self.lost(f"{type(error).__name__}: {error}")
