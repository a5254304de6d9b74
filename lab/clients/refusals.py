"""Failed attempts to connect: words for them, sentences that mean missing rights, a broker that hung up."""

from __future__ import annotations

import re

from lab.errors import BrokerError

REFUSED, TIMED_OUT, TLS_FAILED, NOT_AUTHORISED, FAILED = (
    "refused", "timed-out", "tls-failed", "not-authorised", "failed",
)  # fmt: skip
# Remedies of an attempt to connect.
NOT_UP = "check that the broker runs, and that the address and the port are right"
NO_ANSWER = "check that the broker and the router run"

CONNACK = {  # refusals of MQTT 3.1.1, table 3.1, by the reason codes of MQTT 5 that paho makes of them
    132: "it does not speak MQTT 3.1.1",
    133: "it rejects the client id",
    134: "wrong user or password",
    135: "not authorised: wrong user or password, or no permission",
    136: "it is not ready for MQTT",
}

_LACKS_A_RIGHT = re.compile(
    r"password is invalid|wrong user or password|not authori[sz]ed|unauthori[sz]ed|the user may lack the right",
    re.IGNORECASE,
)


def how(reason: str) -> str:
    """Return the word for a broker's refusal: `not-authorised` or `failed`."""
    return NOT_AUTHORISED if _LACKS_A_RIGHT.search(reason) else FAILED


def untrusted(address: str, reason: str) -> BrokerError:
    """Return the error of a certificate that was not accepted."""
    remedy = "connect by a name that the certificate has, with the CA file of this lab"
    return BrokerError(f"{address}: its certificate is not trusted: {reason}", remedy, TLS_FAILED)


class HungUp(BrokerError):
    """A broker ended the connection without an answer to a request."""
