"""The client ids with which a bridge logs in: connector, brokers, direction, joined by the connector's clientIdToken.

    <connector>_<initiator>_outbound              at the other broker
    <connector>_<other broker>_inbound_<broker>   at its own; at both ends of a duplex one

The token is _ where a configuration declares no other; it is taken here as it comes.
"""

from __future__ import annotations

INBOUND, OUTBOUND = "inbound", "outbound"


def is_login(client_id: str, *parts: str) -> bool:
    """Return whether a client id has these parts, joined by any one token.

    >>> is_login("wan-tokyo-outbound", "wan", "tokyo", OUTBOUND)
    True
    """
    size = (len(client_id) - sum(map(len, parts))) // max(1, len(parts) - 1)
    token = client_id[len(parts[0]) :][: max(0, size)]
    return client_id == token.join(parts)
