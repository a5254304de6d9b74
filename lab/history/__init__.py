"""The History of one run, and its file `history.jsonl`: one JSON object a line, the first being the Header.

A line is written the moment it is observed, so a killed run leaves a history that is whole up to its last line.
"""

from lab.history.reading import History, observations, read
from lab.history.seen import (
    KINDS,
    VERSION,
    Acknowledged,
    BridgeSeen,
    Demand,
    DestinationSeen,
    Ended,
    Header,
    LinkChanged,
    LinkSeen,
    MemoryRecorder,
    Observation,
    Publishing,
    Received,
    Recorder,
    SendOutcome,
    Sent,
    StepEnded,
    StepStarted,
    Subscribed,
    Tee,
    Trouble,
    Unsubscribed,
)
from lab.history.writing import HistoryFile, line, lines

__all__ = [
    "KINDS",
    "VERSION",
    "Acknowledged",
    "BridgeSeen",
    "Demand",
    "DestinationSeen",
    "Ended",
    "Header",
    "History",
    "HistoryFile",
    "LinkChanged",
    "LinkSeen",
    "MemoryRecorder",
    "Observation",
    "Publishing",
    "Received",
    "Recorder",
    "SendOutcome",
    "Sent",
    "StepEnded",
    "StepStarted",
    "Subscribed",
    "Tee",
    "Trouble",
    "Unsubscribed",
    "line",
    "lines",
    "observations",
    "read",
]
