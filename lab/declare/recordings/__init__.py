"""Recordings: messages as a protocol showed them, one JSON object a line, to be looked at and replayed.

The first line is the Header, the last one the Footer; a recording without its last line was cut short. The history of a
run is opened as one without bodies.
"""

from lab.declare.recordings.message_file import MessageFile
from lab.declare.recordings.opening import HISTORY, opened
from lab.declare.recordings.reading import Reading
from lab.declare.recordings.redaction import Redaction
from lab.declare.recordings.summary import Stream, StreamKey, Summary, stream_of, summarise
from lab.declare.recordings.values import LOST, VERSION, Footer, Header, Recorded
from lab.declare.recordings.writing import RecordingFile, check_name

__all__ = [
    "HISTORY",
    "LOST",
    "VERSION",
    "Footer",
    "Header",
    "MessageFile",
    "Reading",
    "Recorded",
    "RecordingFile",
    "Redaction",
    "Stream",
    "StreamKey",
    "Summary",
    "check_name",
    "opened",
    "stream_of",
    "summarise",
]
