"""A file → the messages to replay: a recording, or the history of a run. The first line decides."""

from __future__ import annotations

from pathlib import Path

from lab.base.text_files import is_file
from lab.declare.recordings.message_file import MessageFile
from lab.declare.recordings.reading import IsHistory, Reading

HISTORY = "history.jsonl"  # in the folder of a run


def opened(path: Path, file: str = "") -> MessageFile:
    """Open a recording, a history, or the one in the folder of a run; InputError, which names it `file`, if it is none.

    >>> with opened(path) as file:
    ...     file.run, [message.destination for message in file]
    (None, ['topic://prices.eur'])
    """
    if is_file(path / HISTORY):
        path, file = path / HISTORY, f"{file or path}/{HISTORY}"
    try:
        return Reading(path, file)
    except IsHistory:
        from lab.declare.recordings.of_history import HistoryReading  # here, since few replay one

        return HistoryReading(path, file)
