"""ActiveMQ's MBeans: patterns to query, and the answers as observations. Pure.

A bridge's own MBean does not prove that the bridge works: with a wrong password it flickers at every attempt. The proof
is the subscription to consumer advisories, which the peer accepts only after the login.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.activemq.bridge_logins import INBOUND, OUTBOUND, is_login
from lab.activemq.destinations import ADVISORY, is_on
from lab.activemq.forwarding.durable import SUBSCRIPTIONS_BEGIN
from lab.base.dataclass import dataclass
from lab.history import BridgeSeen, DestinationSeen
from lab.plan.values import BridgePlan
from lab.runtime.messages import Destination

Answer = Mapping[str, Mapping[str, Any]]  # object name → attribute → value
Operation = tuple[str, str, Sequence[object]]  # object name, operation, arguments

_BRIDGE = (
    "RemoteBrokerName",
    "RemoteAddress",
    "LocalAddress",
    "CreatedByDuplex",
    "EnqueueCounter",
    "DequeueCounter",
    "ReceivedCounter",
)
_DESTINATION = (
    "Name",
    "EnqueueCount",
    "DequeueCount",
    "ForwardCount",
    "QueueSize",
    "ConsumerCount",
    "InFlightCount",
    "ExpiredCount",
)
_SUBSCRIPTION = ("ClientId", "DestinationName", "DestinationQueue", "DestinationTopic", "Network", "DiscardedCount")
_CONSUMERS = f"{ADVISORY}Consumer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A consumer as its broker lists it."""

    client_id: str
    destination: Destination
    network: bool  # a bridge's
    discarded: int


def broker(name: str) -> tuple[str, Sequence[str]]:
    """Return the query for the broker itself.

    Slave turns false when the last connector listens; the uptime counts from before that.
    """
    return f"{_root(name)}", ("BrokerVersion", "Slave")


def connector(name: str, connector_name: str) -> str:
    """Return the object name of a network connector, whose operations are `stop` and `start`."""
    return f"{_root(name)},connector=networkConnectors,networkConnectorName={connector_name}"


def observer(name: str) -> str:
    """Return the object name of the lab's observer, whose operation `take` returns its events."""
    return f"{_root(name)},service=Observer"


def bridges(name: str) -> tuple[str, Sequence[str]]:
    """Return the query for every bridge end; with fewer keys it would match per-destination views too."""
    return f"{_root(name)},connector=*,networkConnectorName=*,networkBridge=*", _BRIDGE


def destinations(name: str) -> tuple[str, Sequence[str]]:
    """Return the query for every destination's counters."""
    return f"{_root(name)},destinationType=*,destinationName=*", _DESTINATION


def subscriptions(name: str) -> tuple[str, Sequence[str]]:
    """Return the query for every consumer of every destination."""
    return (
        f"{_root(name)},destinationType=*,destinationName=*,endpoint=Consumer,clientId=*,consumerId=*",
        _SUBSCRIPTION,
    )


def durables(name: str) -> tuple[str, Sequence[str]]:
    """Return the query for every subscription; only a durable one whose client is away is not active."""
    return subscriptions(name)[0], ("ClientId", "SubscriptionName", "Active")


def endings(name: str, answer: Answer) -> list[Operation]:
    """Return the operations that end the durable subscriptions of an answer to `durables` whose client is away.

    Subscriptions that bridges made for another broker's durable subscriptions stay: a bridge that is up uses them.
    """
    away = {
        (str(values["ClientId"]), str(values["SubscriptionName"]))
        for values in answer.values()
        if values.get("Active") is False  # it says of itself that it is not durable, since it knows no consumer
    }
    ended = sorted(each for each in away if not each[1].startswith(SUBSCRIPTIONS_BEGIN))
    return [(_root(name), "destroyDurableSubscriber", each) for each in ended]


def purges(name: str, answer: Answer) -> list[Operation]:
    """Return the operations that empty the queues of an answer to `destinations`, and remove its idle topics."""
    done: list[Operation] = []
    for object_name, values in answer.items():
        topic, its = keys(object_name)["destinationType"] == "Topic", str(values.get("Name") or "")
        if not topic and values.get("QueueSize") != 0:  # the broker logs each purge
            done.append((object_name, "purge", ()))
        elif topic and its and not its.startswith(ADVISORY) and values.get("ConsumerCount") == 0:
            done.append((_root(name), "removeTopic", (its,)))
    return done


def connections(name: str) -> tuple[str, Sequence[str]]:
    """Return the query for every client connection by remote address, which shows a mirrored bridge's connector."""
    return (
        f"{_root(name)},connector=clientConnectors,connectorName=*,connectionViewType=remoteAddress,connectionName=*",
        ("ClientId", "RemoteAddress"),
    )


def read_subscriptions(answer: Answer) -> tuple[Subscription, ...]:
    """Return the consumers of an answer to `subscriptions`."""
    return tuple(
        Subscription(
            client_id=str(values.get("ClientId") or ""),
            destination=Destination(
                kind="queue" if values.get("DestinationQueue") else "topic",
                name=str(values.get("DestinationName") or ""),
            ),
            network=bool(values.get("Network")),
            discarded=int(values.get("DiscardedCount") or 0) if _is_number(values.get("DiscardedCount")) else 0,
        )
        for values in answer.values()
        if values.get("DestinationName")
    )


def read_bridges(
    name: str, answer: Answer, clients: Answer, planned: Sequence[BridgePlan], t: float
) -> tuple[BridgeSeen, ...]:
    """Return the bridge ends of one broker, each with the name of its connector."""
    client_ids = {str(v.get("RemoteAddress")): str(v.get("ClientId") or "") for v in clients.values()}
    seen = []
    for object_name, values in answer.items():
        if values.get("RemoteBrokerName") is None:
            continue  # gone between search and read
        mirrored = bool(values.get("CreatedByDuplex"))
        remote = str(values["RemoteBrokerName"])
        address = str(values.get("RemoteAddress") or "")
        connector = (
            _mirrored_connector(name, remote, client_ids.get(address, ""), planned)
            if mirrored
            else keys(object_name).get("networkConnectorName", "")
        )
        seen.append(
            BridgeSeen(
                t=t,
                connector=connector,
                broker=name,
                remote=remote,
                remote_address=address,
                created_by_duplex=mirrored,
                up=True,
                enqueued=int(values.get("EnqueueCounter") or 0),
                dequeued=int(values.get("DequeueCounter") or 0),
                received=int(values.get("ReceivedCounter") or 0),
            )
        )
    return tuple(seen)


def read_destinations(
    name: str, answer: Answer, consumers: Answer, wanted: Sequence[Destination], t: float
) -> tuple[DestinationSeen, ...]:
    """Return the counters of the destinations wanted; all are 0 for a destination that it does not have."""
    discarded: dict[Destination, int] = {}
    for subscription in read_subscriptions(consumers):
        if subscription.network:
            discarded[subscription.destination] = discarded.get(subscription.destination, 0) + subscription.discarded
    counters = {
        Destination(kind=keys(object_name)["destinationType"].lower(), name=str(values.get("Name"))): values
        for object_name, values in answer.items()
    }
    return tuple(
        DestinationSeen(
            t=t,
            broker=name,
            destination=str(destination),
            enqueued=int(counters.get(destination, {}).get("EnqueueCount") or 0),
            dequeued=int(counters.get(destination, {}).get("DequeueCount") or 0),
            forwarded=int(counters.get(destination, {}).get("ForwardCount") or 0),
            queued=int(counters.get(destination, {}).get("QueueSize") or 0),
            consumers=int(counters.get(destination, {}).get("ConsumerCount") or 0),
            discarded=discarded.get(destination, 0),
            in_flight=int(counters.get(destination, {}).get("InFlightCount") or 0),
            expired=int(counters.get(destination, {}).get("ExpiredCount") or 0),
        )
        for destination in wanted
    )


def demands(consumers: Answer, destination: Destination, logins: Sequence[Sequence[str]] | None = None) -> bool:
    """Return whether a bridge's consumer is on the destination, by its name or by a wildcard.

    With `logins`, each the parts of a bridge's login, only a consumer of such a login counts.
    """
    wanted = str(destination)
    return any(
        subscription.network
        and (logins is None or any(is_login(subscription.client_id, *login) for login in logins))
        and is_on(str(subscription.destination), wanted)
        for subscription in read_subscriptions(consumers)
    )


def listens_for_demand(bridge: BridgePlan, at_initiator: Answer, at_responder: Answer) -> bool:
    """Return whether each end has accepted the other's login and its subscription to consumer advisories."""
    name, here, there = bridge.connector, bridge.initiator, bridge.responder
    if not bridge.duplex:
        return _listens(at_responder, name, here, OUTBOUND)
    # A duplex bridge subscribes at each end through that end's own connection to its broker.
    return _listens(at_responder, name, here, INBOUND, there) and _listens(at_initiator, name, there, INBOUND, here)


def _listens(consumers: Answer, *login: str) -> bool:
    return any(
        subscription.destination.name.startswith(_CONSUMERS) and is_login(subscription.client_id, *login)
        for subscription in read_subscriptions(consumers)
    )


def keys(object_name: str) -> dict[str, str]:
    """Return the keys and values of an object name; ActiveMQ writes no commas inside its values."""
    _, _, properties = object_name.partition(":")
    return dict(pair.partition("=")[::2] for pair in properties.split(","))


def _root(name: str) -> str:
    return f"org.apache.activemq:type=Broker,brokerName={name}"


def _mirrored_connector(name: str, remote: str, client_id: str, planned: Sequence[BridgePlan]) -> str:
    # The responder calls its end "#4"; its connection's client id is <connector>_<initiator>_outbound.
    names = [plan.connector for plan in planned if (plan.initiator, plan.responder) == (remote, name)]
    if len(names) == 1:
        return names[0]
    return next((candidate for candidate in names if is_login(client_id, candidate, remote, OUTBOUND)), client_id)


def _is_number(figure: object) -> bool:
    return isinstance(figure, int)
