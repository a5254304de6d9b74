"""Clients of a broker: `connect` opens one for a protocol, and imports its library only then."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec

from lab.activemq.protocols import PROTOCOLS
from lab.activemq.protocols import endpoint as endpoint_of
from lab.clients.refusals import HungUp
from lab.errors import HostError, LabTimeout, PlanError
from lab.runtime.client import Client, ClientEvents, Endpoint
from lab.runtime.messages import ORDINARY, Session

__all__ = ["PROTOCOLS", "connect", "missing"]

_AMQP_REMEDY = "pip install 'mqlab[amqp]'"  # an extra, since python-qpid-proton has no wheel and is compiled

# ActiveMQ can read a login before it has started the connection, and if it refuses then, it can hang up without sending
# the refusal. Another attempt gets it.
_MOST_ATTEMPTS = 3


def missing() -> Mapping[str, str]:
    """Return the remedy for each protocol whose library is not installed."""
    return {} if find_spec("proton") else {"amqp": _AMQP_REMEDY}


def connect(over: str, endpoint: Endpoint, events: ClientEvents, session: Session = ORDINARY) -> Client:
    """Return a client that is connected and logged in; raise BrokerError if refused, LabTimeout without an answer.

    `over` is one of `PROTOCOLS`. If the broker hangs up before an answer, up to three attempts are made,
    within the endpoint's `within`.
    """
    end = time.monotonic() + endpoint.within
    try:
        return _connect(over, endpoint, events, session)
    except HungUp as error:
        hung_up = error
    for _ in range(_MOST_ATTEMPTS - 1):
        left = end - time.monotonic()
        if left <= 0:
            break
        try:
            return _connect(over, replace(endpoint, within=left), events, session)
        except HungUp as error:
            hung_up = error
        except LabTimeout:
            break  # less than `within` was left, so this is no sign of a silent broker
    raise hung_up


def _connect(over: str, endpoint: Endpoint, events: ClientEvents, session: Session) -> Client:
    if over not in PROTOCOLS:
        raise PlanError(f"no client speaks {over!r}", f"name one of {', '.join(PROTOCOLS)}")
    if over in (remedies := missing()):
        raise HostError(f"no client for {over} is installed", remedies[over])
    web_socket = endpoint_of(over) == "wss"
    if over.startswith("mqtt"):
        from lab.clients import mqtt_wire

        return mqtt_wire.connect(endpoint, events, session, web_socket=web_socket)
    if over.startswith("stomp"):
        from lab.clients import stomp_wire

        return stomp_wire.connect(endpoint, events, web_socket=web_socket)
    from lab.clients import amqp_wire

    return amqp_wire.connect(endpoint, events)
