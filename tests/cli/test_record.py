"""What `record` says at its end, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.cli.options import ending
from lab.cli.record import show
from lab.declare.recordings import LOST, Footer

FILE = Path("a.jsonl")


def ended(why: str, in_json: bool = False) -> int:
    with pytest.raises(SystemExit) as end:
        ending(show)(Footer(messages=2, seconds=1.5, ended=why), FILE, json=in_json)
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize("why", ["interrupted", "count", "time"])
def test_an_end_as_asked_is_no_error(capsys: pytest.CaptureFixture[str], why: str) -> None:
    assert ended(why) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (f"2 messages in 1.5 s in a.jsonl (ended: {why})\n", "")


def test_a_lost_connection_is_an_error_beside_what_came(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(f"{LOST}tokyo: it went") == 3
    said = capsys.readouterr()
    assert said.out == "2 messages in 1.5 s in a.jsonl (ended: lost: tokyo: it went)\n"
    what, remedy = said.err.splitlines()
    assert what == "mqlab: the recording ended early (lost: tokyo: it went); a.jsonl has 2 messages until then"
    assert remedy == "  record again, into another file: later messages are missing"


def test_in_json_it_has_the_shape_of_every_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(f"{LOST}tokyo: it went", in_json=True) == 3
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["what"].endswith("(lost: tokyo: it went); a.jsonl has 2 messages until then")
