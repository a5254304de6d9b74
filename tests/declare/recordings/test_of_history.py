"""A run's history is read as what was published in it, without bodies; what is wrong is an error with its place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lab.declare.recordings import Recorded, opened, summarise
from lab.errors import InputError
from lab.history import (
    Ended,
    Forgotten,
    Header,
    HistoryFile,
    Observation,
    Publishing,
    Received,
    Sent,
    SharedHistory,
    Trouble,
)
from lab.history.shared_file import begin

HEADER = Header(run="r", scenario="s", seed=1, runtime="emulation", started="x", declared={}, mqlab="0")


def publishing(step: int = 1, **more: object) -> Publishing:
    its = {"client": "c", "broker": "tokyo", "over": "stomp", "destination": "topic://a", "persistent": True} | more
    return Publishing(**{"t": 0.0, "step": step, "body": "generated", "size": 0, **its})  # type: ignore[arg-type]


def history(path: Path, *seen: Observation, end: bool = True) -> Path:
    with HistoryFile(path, HEADER) as file:
        for each in seen:
            file.record(each)
        if end:
            file.record(Ended(t=9.0, complete=True))
    return path


def messages(path: Path) -> list[Recorded]:
    with opened(path) as file:
        return list(file)


def test_what_was_published_is_there_with_its_terms_sizes_and_moments(tmp_path: Path) -> None:
    path = history(
        tmp_path / "history.jsonl",
        publishing(1, headers={"kind": "order"}, expiry_s=5.0, group="g", priority=9, size=100),
        publishing(2, over="mqtt", broker="osaka", persistent=False, retained=True, body="given", size=None),
        Sent(t=1.0, id="1-1"),
        Sent(t=1.5, id="2-1", digest="d", size=7),
        Received(t=1.6, client="c", destination="topic://a", id="1-1"),
        Sent(t=2.0, id="1-2"),
    )
    one = Recorded(1.0, "tokyo", "stomp", "topic://a", b"", {"kind": "order"}, persistent=True, size=100)
    one = one._replace(priority=9, expiry=5.0, group="g")
    two = Recorded(1.5, "osaka", "mqtt", "topic://a", b"", {}, persistent=False, retained=True, size=7)
    assert messages(path) == [one, two, one._replace(t=2.0)]
    found = summarise(path)
    assert (found.run, found.messages, found.seconds, found.loss, found.open) == ("r", 3, 1.0, "", False)
    assert [*found.header.brokers] == ["tokyo", "osaka"]
    assert [(each.messages, each.size) for each in found.streams.values()] == [(2, 100), (1, 7)]


@pytest.mark.parametrize("folder", [True, False])
def test_it_is_named_by_itself_whatever_its_name_or_by_the_folder_of_its_run(tmp_path: Path, folder: bool) -> None:
    path = history(tmp_path / ("history.jsonl" if folder else "other"), publishing(), Sent(t=0.0, id="1-1"))
    assert summarise(path.parent if folder else path).messages == 1


def test_one_cut_at_any_byte_has_its_whole_lines_and_says_what_is_lost(tmp_path: Path) -> None:
    path = history(tmp_path / "h", publishing(), Sent(t=0.0, id="1-1"), Sent(t=1.0, id="1-2"))
    octets = path.read_bytes()
    first = octets.index(b"\n") + 1
    counts = set()
    for end in range(len(octets)):
        (tmp_path / "cut").write_bytes(octets[:end])
        if end < first:
            with pytest.raises(InputError, match="this is no"):
                summarise(tmp_path / "cut")
            continue
        found = summarise(tmp_path / "cut")
        assert found.open and found.loss.startswith(f"it was cut short after {found.messages} message"), end
        counts.add(found.messages)
    assert counts == {0, 1, 2}


def test_zero_bytes_that_a_machine_left_at_its_end_are_nothing(tmp_path: Path) -> None:
    path = history(tmp_path / "h", publishing(), Sent(t=0.0, id="1-1"))
    octets = path.read_bytes()
    path.write_bytes(octets + bytes(300_000))
    assert (summarise(path).messages, summarise(path).loss) == (1, "")
    path.write_bytes(octets[:-9] + bytes(300_000))
    assert summarise(path).loss.startswith("it was cut short after 1 message: ")


def test_what_it_does_not_have_is_said(tmp_path: Path) -> None:
    path = history(
        tmp_path / "h",
        publishing(1, body="given", size=None, varying=("a", "b", "c", "d" * 50)),
        publishing(2, reply_to="temporary"),
        Sent(t=0.0, id="1-1", digest="d"),
        Sent(t=1.0, id="2-1"),
    )
    assert summarise(path).loss.split("; ") == [
        "no size is known of 1 of the bodies, which are made as long as their ids need",
        "omitted, because the values differ or are secrets: 'a', 'b', 'c' and 1 more",
        "sent without asking for an answer: 1 request",
    ]


def test_sizes_that_an_earlier_mqlab_did_not_write_are_said_to_be_missing(tmp_path: Path) -> None:
    sent = (Sent(t=0.0, id="1-1"), Sent(t=1.0, id="1-2"))
    assert summarise(history(tmp_path / "new", publishing(1), *sent)).loss == ""
    earlier = summarise(history(tmp_path / "old", publishing(1, size=None), *sent))
    assert earlier.loss == "no size is known of 2 of the bodies, which are made as long as their ids need"


def test_what_is_masked_in_headers_is_said_by_name_before_it_is_sent(tmp_path: Path) -> None:
    masked = dict.fromkeys(("a", "b", "c", "d" * 50), "********")
    path = history(
        tmp_path / "h",
        publishing(1, headers={"password": "********"}),  # of which nothing was sent
        publishing(2, headers={**masked, "colour": "red", "b": "x=********"}),
        Sent(t=0.0, id="2-1"),
        Sent(t=1.0, id="2-2"),
    )
    found = summarise(path)
    assert found.loss == "sent with ******** in place of masked text: 'a', 'b', 'c' and 1 more"
    assert found.redacted == dict.fromkeys(masked, 2)


def test_what_went_to_wildcards_is_left_out_and_counted(tmp_path: Path) -> None:
    path = history(
        tmp_path / "h",
        publishing(1, destination="topic://prices.>", broker="osaka"),
        publishing(2),
        publishing(3, destination="queue://*.b"),
        *(Sent(t=float(n), id=f"{1 + n % 3}-{n + 1}") for n in range(7)),
    )
    found = summarise(path)
    assert (found.messages, [key.destination for key in found.streams]) == (2, ["topic://a"])
    assert found.loss == (
        "a replay does not send to wildcards, so it leaves out 5 messages to 'queue://*.b', 'topic://prices.>'"
    )
    assert [*found.header.brokers] == ["osaka", "tokyo"]


def test_bodies_that_were_empty_are_counted_and_no_others_of_that_size(tmp_path: Path) -> None:
    path = history(
        tmp_path / "h",
        publishing(1, body="given", size=0),
        publishing(2, body="given", size=None),
        publishing(3, size=0),  # as long as its ids need
        *(Sent(t=0.0, id="1-1", digest="d"), Sent(t=0.0, id="1-2", digest="d")),
        *(Sent(t=1.0, id="2-1", digest="d", size=0), Sent(t=1.0, id="2-2", digest="d", size=3)),
        Sent(t=2.0, id="3-1"),
    )
    assert summarise(path).loss == "3 bodies were empty; the replay sends their ids as bodies"


def test_of_a_lab_that_stands_its_end_and_what_was_left_out_are_open(tmp_path: Path) -> None:
    path = tmp_path / "h"
    begin(path, standing())
    with closing(SharedHistory(path)) as file:
        file.record(publishing())
        file.record(Sent(t=3.0, id="1-7"))
        file.record(Forgotten(t=4.0, of="messages", until=2.5, lines=12))
    found = summarise(path)
    assert (found.messages, found.open) == (1, True)
    assert found.loss == (
        "its lab was running, or was killed, after 1 message: later messages are missing; "
        "its oldest messages were removed, up to 2.500 s (12 lines)"
    )


def standing() -> Header:
    return Header(**{**{name: getattr(HEADER, name) for name in HEADER.__struct_fields__}, "standing": True})


def text(**more: object) -> bytes:
    its = {"t": 0, "kind": "publishing", "step": 2, "client": "c", "broker": "b", "over": "stomp"}
    its |= {"destination": "topic://a", "persistent": True, "body": "generated"} | more
    return json.dumps({name: value for name, value in its.items() if value is not ...}).encode() + b"\n"


HOSTILE = {
    b"\n": "not JSON",
    b"[]\n": "not a JSON object",
    b"\xff\n": "not UTF-8",
    b"[" * 100_000 + b"\n": "nested too deeply",
    b'{"history":1}\n': "a second first line",
    b'{"t":1,"kind":"sudo"}\n': "its kind 'sudo' is unknown",
    b'{"t":1,"kind":"sent","id":"7-1"}\n': "no earlier line names the step that sends '7-1'",
    b'{"t":1,"kind":"sent","id":"1-\xd9\xa3"}\n': "no earlier line names the step that sends",
    b'{"t":1,"kind":"sent","id":"%s-1"}\n' % (b"9" * 5000): "the step that sends a text of 5002 characters",
    b'{"t":1,"kind":"sent","id":"1-1","size":-1}\n': "size is -1, not a whole number",
    b'{"t":-1,"kind":"sent","id":"1-1"}\n': "t is -1.0, not a number of seconds",
    text(step=1): "the messages of step 1 are recorded a second time",
    text(colour=1): "there is no field 'colour' here",
    text(broker=...): "`broker` is missing",
    text(destination="a"): "write topic://prices.eur, or queue://orders",
    text(destination="temp-queue://a"): "write topic://prices.eur, or queue://orders",
    text(destination="queue://a\nb"): "`destination`: a character that is not allowed here",
    text(over="smtp"): "over is 'smtp'; there are mqtt",
    text(headers={"a\n": "b"}): "`headers`: a character that is not allowed here",
    text(headers={"a": "\0"}): "`headers[...]`: a character that is not allowed here",
    text(headers={"a": "b" * 10_001}): "`headers[...]`: expected `str` of length <= 10000",
    text(group="a\0"): "`group`: a character that is not allowed here",
    text(priority=256): "`priority`: expected `int` <= 255",
    text(expiry_s=-1): "`expiry`: expected `float` >= 0.0",
    text(size=-1): "size is -1, not a whole number",
    text(persistent="yes"): "`persistent`: expected `bool`, got `str`",
}


@pytest.mark.parametrize("bad", HOSTILE, ids=lambda each: repr(each[:60]))
def test_a_hostile_line_is_an_error_with_its_place(tmp_path: Path, bad: bytes) -> None:
    lines = history(tmp_path / "good", publishing(), Sent(t=0.0, id="1-1")).read_bytes().splitlines(True)
    path = tmp_path / "h"
    path.write_bytes(b"".join((*lines[:2], bad, *lines[2:])))
    with pytest.raises(InputError) as refused:
        summarise(path)
    (problem,) = refused.value.problems
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == (str(path), 3)
    assert HOSTILE[bad] in problem.what


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda octets: octets.replace(b'"t":1.0', b'"t":1.5', 1), r"h:5:1: it is not as it was written"),
        (lambda octets: b"".join(octets.splitlines(True)[n] for n in (0, 1, 3, 4)), r"h:4:1: .*1 line taken out"),
        (lambda octets: octets + octets.splitlines(True)[2], r"h:6:1: a line after the last one"),
        (lambda octets: octets + b'{"t"', r"h:\d:1: an incomplete line follows the end"),
        (lambda octets: octets.replace(b'"history":1', b'"history":2', 1), r"h:1:1: .*version 2, and mqlab reads"),
        (lambda octets: octets.replace(b'"seed":1', b'"Seed":1', 1), r"h:1:1: there is no field 'Seed' here"),
        (lambda octets: octets[:20] + bytes(9) + octets[20:], r"h:1:21: this is no "),
        (lambda octets: gzip.compress(octets), r"h:1:1: .* and the file is packed\n  unpack the file first"),
    ],
)
def test_what_was_changed_since_is_an_error(tmp_path: Path, spoil: Callable[[bytes], bytes], says: str) -> None:
    path = history(tmp_path / "h", publishing(), Sent(t=0.0, id="1-1"), Sent(t=1.0, id="1-2"))
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(InputError, match=says):
        summarise(path)


@pytest.mark.release
def test_no_more_steps_are_kept_than_a_bound(tmp_path: Path) -> None:
    path = history(tmp_path / "h", *(publishing(n) for n in range(1, 100_002)))
    with pytest.raises(InputError, match=r"h:100002:1: more than 100000 steps send messages"):
        summarise(path)


def test_one_without_messages_has_none(tmp_path: Path) -> None:
    found = summarise(history(tmp_path / "h", publishing(), Trouble(t=0.0, who="c", what="x")))
    assert (found.messages, found.streams) == (0, {})
