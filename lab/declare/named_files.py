"""Files that a step names, such as a message body or a recording; they are read with the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.amazonmq.files.activemq_xml import LARGEST_BODY, LARGEST_FRAME
from lab.base.text_files import is_file, read_bytes
from lab.declare.file_fields import BodyFile, NamedFile
from lab.declare.recording_file import RecordingFile
from lab.declare.recordings import HISTORY, summarise
from lab.errors import InputError


def _body(path: Path, file: str, written: str) -> BodyFile:
    """Return a body read from its file."""
    size = path.stat().st_size
    octets = read_bytes(path, file, LARGEST_BODY if size <= LARGEST_BODY else 0)
    if max(size, len(octets)) <= LARGEST_BODY:
        return BodyFile(path=written, octets=octets)
    holds = f"{size} bytes" if size > LARGEST_BODY else f"more than {LARGEST_BODY} bytes"
    what = f"the file {file} has {holds}, and a broker takes no frame of more than {LARGEST_FRAME}"
    raise InputError.of(what, f"write a body of at most {LARGEST_BODY} bytes, so that the headers have room")


def _recording(path: Path, file: str, written: str) -> RecordingFile:
    """Return the summary of a recording; its messages are read again when they are sent."""
    return RecordingFile(path=written, file=path, summary=summarise(path, file))


def file_meant(kind: type, folder: Path, written: str) -> str:
    """Return the file that a folder stands for; for a run folder, its history."""
    history = f"{written}/{HISTORY}"
    return history if kind is RecordingFile and is_file(folder / history) else written


# By the type of a field: the function of a file's path, its name in errors, and the field as it is written.
READERS: Mapping[Any, Callable[[Path, str, str], NamedFile]] = {BodyFile: _body, RecordingFile: _recording}
