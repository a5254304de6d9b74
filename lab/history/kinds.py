"""All kinds of Observation, by the name that a line of a history has for the kind."""

from __future__ import annotations

from collections.abc import Mapping

from lab.history.brokers_seen import (
    BridgeSeen,
    BrokerChanged,
    BrokerRecordSeen,
    ConfigurationSaved,
    ConnectorChanged,
    Counted,
    Demand,
    DestinationSeen,
    LogLine,
    Maintenance,
    SightChanged,
    SnapshotTaken,
)
from lab.history.clients_seen import (
    Achieved,
    Acknowledged,
    Answered,
    Approached,
    Browsed,
    ClientChanged,
    Paced,
    Publishing,
    Received,
    Replied,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)
from lab.history.lab_seen import Forgotten, Marked, Unwatched, Watched
from lab.history.network_seen import (
    Attempted,
    LinkChanged,
    LinkSeen,
    PacketsDropped,
    PeeringChanged,
    PolicyApplied,
    RouteChanged,
    RuleChanged,
)
from lab.history.observation import (
    Ended,
    Observation,
    StepEnded,
    StepStarted,
    Trouble,
    Uncalibrated,
)
from lab.history.observed import ConnectionSeen, ConsumerSeen, MessageSeen, ObserverChanged, TransactionEnded

KINDS: Mapping[str, type[Observation]] = {
    str(cls.__struct_config__.tag): cls
    for cls in (
        StepStarted, StepEnded, Subscribed, Unsubscribed, Demand, Publishing, Sent, Acknowledged, Received, Paced,
        LinkChanged, BridgeSeen, DestinationSeen, LinkSeen, Trouble, Uncalibrated, Ended,
        PeeringChanged, RouteChanged, RuleChanged, PolicyApplied, Attempted, PacketsDropped, ClientChanged, Settled,
        Browsed, Answered, Replied,
        BrokerChanged, ConnectorChanged, ConfigurationSaved, BrokerRecordSeen, Maintenance,
        LogLine, SightChanged, Counted, SnapshotTaken, Approached, Achieved, Marked, Watched, Unwatched, Forgotten,
        ObserverChanged, ConnectionSeen, ConsumerSeen, MessageSeen, TransactionEnded,
    )
}  # fmt: skip
