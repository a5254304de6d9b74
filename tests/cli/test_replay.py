"""What `replay` refuses before a lab is looked for, in the words of its options."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab.cli import app
from lab.declare.recordings import Footer, Header, Recorded, RecordingFile
from lab.errors import InputError


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--pace", "fast"], "--pace: 'fast' is no pace: write original, 10x, 200/s or acknowledgements"),
        (["--over", "mqtt"], "--over stomp, or --over amqp"),
        (["--over", "smtp"], "--over: "),
        (["--of", "there"], 'no broker named "there"'),
        (["--at-least", "2"], "at-least is at most the number of messages"),
    ],
)
def test_what_cannot_be_sent(tmp_path: Path, options: list[str], what: str) -> None:
    path = tmp_path / "a.jsonl"
    with RecordingFile(path, Header(started="", mqlab="1", brokers={"here": "x"}, asked=())) as file:
        file.add(Recorded(0.0, "here", "stomp", "queue://orders", b"1", {}))
        file.end(Footer(messages=0, seconds=1.0, ended="time"))
    done = CliRunner().invoke(app, ["replay", str(path), "--into", "tokyo", *options])
    assert (done.exit_code, done.stdout) == (InputError.exit_code, "")
    assert what in done.stderr


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "is not there"),
        ("", "this is no recording: it is empty"),
        ('{"history":1}\n', "a.jsonl:1:1: `run` is missing"),
        ('{"history":2,"mqlab":"9"}\n', "it has version 2, and mqlab reads version 1"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, content: str | None, what: str) -> None:
    path = tmp_path / "a.jsonl"
    if content is not None:
        path.write_text(content)
    done = CliRunner().invoke(app, ["replay", str(path), "--into", "tokyo"])
    assert done.exit_code == InputError.exit_code
    assert what in done.stderr
