"""The values of a network connector's settings that the model reads; ActiveMQ reads all others differently."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Why = Callable[[str], str]  # value → the reason why it is outside the model, "" if it is in the model
INT, LONG = 2**31 - 1, 2**63 - 1
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")  # Spring's, for attributes of a bean
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_SYN_GIVEN_UP = 127_000  # ms after which Linux repeats a SYN no more, and the attempt ends by itself


def number(least: int = -INT - 1, most: int = INT, why: str = "", *, above: str = "") -> Why:
    """Return a check for whole numbers of a range; `why` and `above` are the reasons for lower and higher numbers."""

    def refuses(text: str) -> str:
        if not _NUMBER.fullmatch(text):
            return "it is not a whole number"
        if int(text) < least:
            return why or f"it is less than {least}"
        return (above or f"it is more than {most}") if int(text) > most else ""

    return refuses


def word(*known: str) -> Why:
    """Return a check for these words, in upper or lower case."""
    return lambda value: "" if value.strip().lower() in known else f"it is not one of {', '.join(known)}"


_WAIT = number(1, LONG, "in Java a wait of 0 ms never ends, and a negative wait is an error")
_TIME = number(0, LONG)
_TTL = number(-1)
_BEAN_FLAG = word(*TRUE, *FALSE)
ATTRIBUTES: Mapping[str, Why] = {
    "alwaysSyncSend": _BEAN_FLAG,
    "bridgeTempDestinations": _BEAN_FLAG,
    "conduitNetworkQueueSubscriptions": _BEAN_FLAG,
    "conduitSubscriptions": _BEAN_FLAG,
    "consumerPriorityBase": number(),
    "consumerTTL": _TTL,
    "decreaseNetworkConsumerPriority": _BEAN_FLAG,
    "duplex": _BEAN_FLAG,
    "dynamicOnly": _BEAN_FLAG,
    "messageTTL": _TTL,
    "networkTTL": _TTL,
    "prefetchSize": number(1, why="ActiveMQ takes no value below 1, and a broker with such a value does not start"),
    "staticBridge": _BEAN_FLAG,
    "suppressDuplicateQueueSubscriptions": _BEAN_FLAG,
    "suppressDuplicateTopicSubscriptions": _BEAN_FLAG,
    "syncDurableSubs": _BEAN_FLAG,
}
DISCOVERY: Mapping[str, Why] = {
    "backOffMultiplier": _WAIT,  # which it multiplies
    "initialReconnectDelay": _WAIT,
    "maxReconnectAttempts": number(),  # any number of attempts if it is not above 0
    "maxReconnectDelay": _WAIT,
    "minConnectTime": _TIME,
    "useExponentialBackOff": word("true", "false"),  # Boolean.valueOf, to which every other word is false
}
TRANSPORT: Mapping[str, Why] = {
    "connectionTimeout": number(
        1,
        _SYN_GIVEN_UP,
        "an attempt without a time limit is not modelled",
        above=f"Linux ends an attempt after {_SYN_GIVEN_UP} ms, which is not modelled",
    ),
    "socketBufferSize": number(0),
    "wireFormat.maxInactivityDuration": _TIME,
    "wireFormat.maxInactivityDurationInitalDelay": _TIME,
}
