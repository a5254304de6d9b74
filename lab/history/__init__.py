"""The History of one run, and its file `history.jsonl`: one JSON object a line, the first being the Header.

A line is written the moment it is observed, so a killed run leaves a history that is whole up to its last line.
"""

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
    Approached,
    ClientChanged,
    Paced,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)
from lab.history.follower import Follower
from lab.history.kinds import KINDS
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
    BEAT,
    VERSION,
    Ended,
    Header,
    Observation,
    StepEnded,
    StepStarted,
    Trouble,
)
from lab.history.reading import History, observations, read
from lab.history.recorders import MemoryRecorder, Recorder, Tee
from lab.history.shared_file import SharedHistory
from lab.history.standing_seen import Forgotten, Marked, Unwatched, Watched
from lab.history.writing import HistoryFile, line, lines

__all__ = [
    "BEAT",
    "KINDS",
    "VERSION",
    "Achieved",
    "Acknowledged",
    "Approached",
    "Attempted",
    "BridgeSeen",
    "BrokerChanged",
    "BrokerRecordSeen",
    "ClientChanged",
    "ConfigurationSaved",
    "ConnectorChanged",
    "Counted",
    "Demand",
    "DestinationSeen",
    "Ended",
    "Follower",
    "Forgotten",
    "Header",
    "History",
    "HistoryFile",
    "LinkChanged",
    "LinkSeen",
    "LogLine",
    "Maintenance",
    "Marked",
    "MemoryRecorder",
    "Observation",
    "Paced",
    "PacketsDropped",
    "PeeringChanged",
    "PolicyApplied",
    "Publishing",
    "Received",
    "Recorder",
    "RouteChanged",
    "RuleChanged",
    "SendOutcome",
    "Sent",
    "Settled",
    "SharedHistory",
    "SightChanged",
    "SnapshotTaken",
    "StepEnded",
    "StepStarted",
    "Subscribed",
    "Tee",
    "Trouble",
    "Unsubscribed",
    "Unwatched",
    "Watched",
    "line",
    "lines",
    "observations",
    "read",
]
