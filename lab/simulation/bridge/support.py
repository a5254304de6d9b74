"""The model's treatment of each attribute, element and option of a network connector; `refusals` checks all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.deletions import Span
from lab.errors import Place, Problem
from lab.simulation.bridge import values
from lab.simulation.support import MODELLED, Support, Unmodelled, no_effect, refused

_JMX = "it concerns JMX views, which the lab does not read"
_OWN = "ActiveMQ sets it itself"
_STEPS = "leave it out, or run the scenario with --runtime emulation"
_UNKNOWN = refused("it is not modelled")
_ENCODING = "other encodings of frames are not modelled"
_NAMES = "every broker's certificate has the broker's name"

ATTRIBUTES: Mapping[str, Support] = {  # all that the service permits, and the password, which it adds
    "advisoryAckPercentage": refused("acknowledgements of advisories are not modelled", "75"),
    "advisoryForFailedForward": refused("advisories of failed forwards are not modelled", "false"),
    "advisoryPrefetchSize": refused("a window for advisories is not modelled", "0"),
    "alwaysSyncSend": MODELLED,
    "bridgeFactory": refused("it names a Java class"),
    "bridgeTempDestinations": MODELLED,
    "brokerName": no_effect(_OWN),
    "brokerURL": no_effect(_OWN),
    "checkDuplicateMessagesOnDuplex": refused("audits of producers are not modelled", "false"),
    "clientIdToken": MODELLED,
    "conduitNetworkQueueSubscriptions": MODELLED,
    "conduitSubscriptions": MODELLED,
    "connectionFilter": refused("it names a Java bean"),
    "consumerPriorityBase": MODELLED,
    "consumerTTL": MODELLED,
    "decreaseNetworkConsumerPriority": MODELLED,
    "destinationFilter": MODELLED,
    "dispatchAsync": refused("dispatching in the sender's thread is not modelled", "true"),
    "duplex": MODELLED,
    "dynamicOnly": MODELLED,
    "gcDestinationViews": no_effect(_JMX),
    "gcSweepTime": no_effect(_JMX),
    "localUri": refused("a bridge uses its broker's own vm transport"),
    "messageTTL": MODELLED,
    "name": MODELLED,
    "networkTTL": MODELLED,
    "objectName": refused("it concerns JMX"),
    "password": MODELLED,
    "prefetchSize": MODELLED,
    "staticBridge": MODELLED,
    "suppressDuplicateQueueSubscriptions": MODELLED,
    "suppressDuplicateTopicSubscriptions": MODELLED,
    "syncDurableSubs": MODELLED,
    "uri": MODELLED,
    "useBrokerNameAsIdSees": no_effect("ids are unique with any prefix"),
    "useCompression": refused("compression of bodies is not modelled", "false"),
    "useVirtualDestSubs": refused("demand of virtual destinations without a consumer is not modelled", "false"),
    "userName": MODELLED,
}
COLLECTIONS: Mapping[str, Support] = {
    "connectionFilter": ATTRIBUTES["connectionFilter"],
    "durableDestinations": refused("ActiveMQ fills it with the topics that the store has when the broker starts"),
    "dynamicallyIncludedDestinations": MODELLED,
    "excludedDestinations": MODELLED,
    "localUri": ATTRIBUTES["localUri"],
    "objectName": ATTRIBUTES["objectName"],
    "staticallyIncludedDestinations": MODELLED,
    "uri": refused("the simulation reads only the attribute uri"),
}
DESTINATIONS: Mapping[str, Support] = {
    "queue": MODELLED,
    "topic": MODELLED,
    "tempQueue": refused("patterns of temporary destinations are not modelled"),
    "tempTopic": refused("patterns of temporary destinations are not modelled"),
    "filteredDestination": refused("selectors on included destinations are not modelled"),
}
DISCOVERY: Mapping[str, Support] = dict.fromkeys(  # options after the parenthesis: SimpleDiscoveryAgent
    (
        "backOffMultiplier",
        "initialReconnectDelay",
        "maxReconnectAttempts",
        "maxReconnectDelay",
        "minConnectTime",
        "useExponentialBackOff",
    ),
    MODELLED,
)
TRANSPORT: Mapping[str, Support] = {  # options of one address: TcpTransport, SslTransport, WireFormatInfo
    "connectionTimeout": MODELLED,
    "keepAlive": no_effect(
        "TCP probes only after two hours of silence; only maxInactivityDuration=0 permits such a silence"
    ),
    "socketBufferSize": MODELLED,
    "socket.verifyHostName": no_effect(_NAMES),
    "verifyHostName": no_effect(_NAMES),
    "wireFormat.cacheEnabled": refused(_ENCODING, "true"),
    "wireFormat.cacheSize": refused(_ENCODING, "1024"),
    "wireFormat.maxInactivityDuration": MODELLED,
    "wireFormat.maxInactivityDurationInitalDelay": MODELLED,
    "wireFormat.stackTraceEnabled": no_effect("it changes only the size of refusals"),
    "wireFormat.tcpNoDelayEnabled": refused("Nagle's algorithm is not modelled beyond the handshake", "true"),
    "wireFormat.tightEncodingEnabled": refused(_ENCODING, "true"),
}
SCHEMES: Mapping[str, Support] = {"static": MODELLED, "masterslave": MODELLED}


def options(uri: str) -> Mapping[str, str]:
    """Return the options after the question mark of one address."""
    return dict(parse_qsl(uri.partition("?")[2], keep_blank_values=True))


def discovery_options(uri: str) -> Mapping[str, str]:
    """Return the options of the discovery itself, which stand after the parenthesis."""
    return options(uri.rpartition(")")[2]) if ")" in uri else {}


def refusals(connector: NetworkConnector) -> Iterator[Problem]:
    """Yield the settings of a connector that are outside the model, with their places."""
    name = connector.name
    for each in connector.xml.attributes:
        what = f'{each.name}="{each.value}" of the network connector {name}'
        support, span = ATTRIBUTES.get(each.name, _UNKNOWN), (each.start, each.end)
        yield from _refused(what, support, each.value, connector.place, each.name, connector, span)
        yield from _unread(what, values.ATTRIBUTES.get(each.name), each.value, connector.place)
    for group in connector.xml.children:
        support, span = COLLECTIONS.get(group.name, _UNKNOWN), (group.start, group.end)
        what = f"<{group.name}> in the network connector {name}"
        yield from _refused(what, support, "", connector.place, group.name, connector, span)
        for inner in group.children if not support.refuses("") else ():
            what = f"<{inner.name}> in <{group.name}> of the network connector {name}"
            support, span = DESTINATIONS.get(inner.name, _UNKNOWN), (inner.start, inner.end)
            yield from _refused(what, support, "", connector.place, inner.name, connector, span)
    scheme = SCHEMES.get(connector.discovery, _UNKNOWN)
    yield from _refused(f"{connector.discovery}: in the uri of {name}", scheme, "", connector.uri_place)
    for option, value in discovery_options(connector.uri or "").items():
        what = f"option {option} in the uri of {name}"
        support = DISCOVERY.get(option, _UNKNOWN)
        yield from _refused(what, support, value, connector.uri_place, option, connector)
        yield from _unread(
            f"{option}={value} in the uri of {name}", values.DISCOVERY.get(option), value, connector.uri_place
        )
    for remote in connector.remotes:
        its = options(remote.text)
        if its.get("wireFormat.maxInactivityDuration") == "0" and its.get("keepAlive", "").lower() == "true":
            what = f"keepAlive=true with wireFormat.maxInactivityDuration=0 in an address of {name}"
            why = refused("TCP's own probes are not modelled")
            yield from _refused(what, why, "", remote.place, "keepAlive", connector)
        scheme = MODELLED if remote.scheme == "ssl" else _UNKNOWN
        yield from _refused(f"{remote.scheme}: in an address of {name}", scheme, "", remote.place)
        for option, value in its.items():
            what = f"option {option} in an address of {name}"
            yield from _refused(what, TRANSPORT.get(option, _UNKNOWN), value, remote.place, option, connector)
            yield from _unread(
                f"{option}={value} in an address of {name}", values.TRANSPORT.get(option), value, remote.place
            )


def _refused(
    feature: str,
    support: Support,
    raw: str,
    place: Place,
    setting: str = "",
    connector: NetworkConnector | None = None,
    span: Span | None = None,
) -> Iterator[Problem]:
    """Yield the problem of a setting that is refused. Without a name, the setting cannot be ignored."""
    if not support.refuses(raw):
        return
    words = f"the simulation has no {feature}: {support.why}"
    if connector is None:
        yield Problem(what=words, remedy=_STEPS, place=place)
        return
    its = connector.name
    yield Unmodelled.of_setting(
        setting, feature, words, _STEPS, place, tag="networkConnector", span=span, connector=its
    )


def _unread(feature: str, why: values.Why | None, raw: str, place: Place) -> Iterator[Problem]:
    if why is not None and (reason := why(raw)):
        yield Problem(what=f"the simulation has no {feature}: {reason}", remedy=_STEPS, place=place)
