"""A history is whole up to its last line, reads back as it was written, and a damaged one says where."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.base.whole_lines import LONGEST, PORTION
from lab.errors import InputError
from lab.history import (
    KINDS,
    Acknowledged,
    Ended,
    Header,
    HistoryFile,
    LinkSeen,
    MemoryRecorder,
    MessageSeen,
    Observation,
    Received,
    SendOutcome,
    Sent,
    Tee,
    Trouble,
    line,
    lines,
    observations,
    read,
)

HEADER = Header(
    run="run-1", scenario="東京 \u2028 \x00", seed=7, runtime="emulation", started="2026-01-01T00:00:00Z",
    declared={"steps": [{"wait": "1s"}]}, mqlab="0.1",
)  # fmt: skip
HEAD = next(lines(HEADER, ()))

times = st.floats(min_value=-1e6, max_value=1e6).map(lambda t: round(t, 6) + 0.0)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def any_of(kind: type[Observation]) -> st.SearchStrategy[Observation]:
    return st.builds(kind, **{name: known for name in kind.__struct_fields__ if (known := KNOWN.get(name)) is not None})


KNOWN = {
    "t": times, "configured_delay_ms": times, "since": times, "until": times,
    "asked_per_s": times, "drawn_per_s": times, "reached_per_s": times, "due": st.none() | times,
    "measured_p50_ms": st.none() | times, "measured_p99_ms": st.none() | times,
    "id": texts, "digest": st.none() | texts, "note": texts, "what": texts, "destination": texts, "client": texts,
    "took_ms": times, "took": times,
    "dropped": st.dictionaries(texts, st.integers(0, 2**53), max_size=3),
    "counters": st.dictionaries(texts, st.integers(0, 2**53), max_size=3),
}  # fmt: skip


def write(path: Path, seen: list[Observation]) -> Path:
    with HistoryFile(path, HEADER) as file:
        for each in seen:
            file.record(each)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def without_seal(seen: Observation) -> Observation:
    return seen.with_fields(lines=None, digest="") if isinstance(seen, Ended) else seen


@given(
    seen=st.lists(st.one_of([any_of(kind) for kind in KINDS.values() if kind is not Ended]), max_size=8),
    ended=st.none() | any_of(Ended),
)
def test_what_is_written_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, seen: list[Observation], ended: Ended | None
) -> None:
    seen += [] if ended is None else [ended.with_fields(lines=None, digest="")]
    path = write(tmp_path_factory.mktemp("history") / "history.jsonl", seen)
    history = read(path)
    assert history.header == HEADER
    assert list(map(without_seal, history.observations)) == seen
    assert all(json.loads(text) for text in path.read_text(encoding="utf-8").split("\n") if text)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Sent(t=1.0000004, id="1-2"), '{"t":1.000000,"kind":"sent","id":"1-2"}'),
        (Acknowledged(t=0, id="1-2"), '{"t":0.000000,"kind":"acked","id":"1-2"}'),
        (
            Acknowledged(t=2.5, id="1-2", outcome=SendOutcome.UNKNOWN, note="gone"),
            '{"t":2.500000,"kind":"acked","id":"1-2","outcome":"unknown","note":"gone"}',
        ),
        (
            Received(t=1, client="tk", destination="topic://東", digest="ab", retained=True),
            '{"t":1.000000,"kind":"received","client":"tk","destination":"topic://東","digest":"ab","retained":true}',
        ),
        (Ended(t=3, complete=False), '{"t":3.000000,"kind":"ended","complete":false}'),
    ],
)
def test_a_line_is_short_and_leaves_defaults_out(seen: Observation, expected: str) -> None:
    assert line(seen) == expected + "\n"


@given(
    seen=st.builds(
        MessageSeen,
        t=times,
        broker=texts,
        event=texts,
        message=texts,
        destination=texts,
        consumer=texts,
        client_id=texts,
        over=texts,
        network=st.booleans(),
        persistent=st.booleans(),
        retain=st.booleans(),
        bytes=st.none() | st.integers(0, 2**53),
        digest=st.none() | texts,
        lifetime=st.none() | times,
        original=texts,
        correlation=texts,
        transaction=texts,
        automatic=st.booleans(),
        redelivered=st.integers(0, 99),
        took=st.none() | times,
        why=texts,
    )
)
def test_the_line_of_a_message_has_every_field_that_differs_from_its_default(seen: MessageSeen) -> None:
    usual = MessageSeen(t=0, broker="", event="", message="", destination="")
    required = ("broker", "event", "message", "destination")
    expected = {
        name: its
        for name in MessageSeen.__struct_fields__
        if (its := getattr(seen, name)) != getattr(usual, name) or name in required
    }
    written = json.loads(line(seen))
    assert list(written)[:2] == ["t", "kind"]
    assert {**written, "t": 0} == {**expected, "kind": "message", "t": 0}


def test_complete_only_where_it_says_so(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a", [Ended(t=1.0, complete=True)])).complete
    assert not read(write(tmp_path / "b", [Ended(t=1.0, complete=False)])).complete
    assert not read(write(tmp_path / "c", [Sent(t=1.0, id="1-1")])).complete


@pytest.mark.parametrize("cut", range(1, 40, 7))
def test_a_half_last_line_is_noted_and_left_out(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "history.jsonl", [Sent(t=1.0, id="1-1"), Sent(t=2.0, id="1-2")])
    path.write_bytes(path.read_bytes()[:-cut])
    history = read(path)
    assert history.observations == (Sent(t=1.0, id="1-1"),)
    assert (history.complete, history.cut_short_at) == (False, 3)


@pytest.mark.parametrize(
    ("damaged", "where", "what"),
    [
        (b"", "1:1", "it is empty"),
        (b'{"history":1', "1:1", "its first line is cut short"),
        (b"[]\n", "1:1", "not a JSON object"),
        (b'{"history":2,"run":"x"}\n', "1:1", "version 2"),
        (b'{"run":"x"}\n', "1:1", "it has no version"),
        (HEAD.encode().replace(b'"seed":7', b'"seed":"7"'), "1:1", "`seed`: expected `int`, got `str`"),
        (HEAD.encode().replace(b'"run":"run-1",', b""), "1:1", "`run` is missing"),
        (HEAD.encode() + b'{"t":1.0,"kind":"sent","id":}\n', "2:29", "not JSON"),
        (HEAD.encode() + b'{"t":1.0,"kind":"sent","id":"1-1"} {}\n', "2:36", "not JSON: Extra data"),
        (HEAD.encode() + b'{"t":1.0,"kind":"wished"}\n', "2:1", "its kind 'wished' is unknown"),
        (HEAD.encode() + b'{"t":1.0,"kind":["sent"]}\n', "2:1", "its kind ['sent'] is unknown"),
        (HEAD.encode() + b'{"t":1.0,"kind":"sent"}\n', "2:1", "`id` is missing"),
        (HEAD.encode() + b'{"t":"1","kind":"sent","id":"1-1"}\n', "2:1", "`t`: expected `float`, got `str`"),
        (HEAD.encode() + b'{"t":true,"kind":"sent","id":"1-1"}\n', "2:1", "`t`: expected `float`, got `bool`"),
        (HEAD.encode() + b'{"t":NaN,"kind":"sent","id":"1-1"}\n', "2:1", "NaN is no JSON"),
        (HEAD.encode() + b'{"t":1e999,"kind":"sent","id":"1-1"}\n', "2:1", "`t`: "),
        (HEAD.encode() + b'{"t":1.0,"kind":"sent","id":"1-1","by":"me"}\n', "2:1", "there is no field 'by' here"),
        (HEAD.encode() + b'{"t":1.0,"kind":"acked","id":"1-1","outcome":"fine"}\n', "2:1", "`outcome`: invalid"),
        (HEAD.encode() + b'{"t":1.0,"kind":"sent","id":"\xff"}\n', "2:30", "not UTF-8"),
        (HEAD.encode() + b"\n", "2:1", "not JSON"),
        (HEAD.encode() + b'{"t":' + b"[" * 100_000 + b"\n", "2:1", "nested too deeply"),
        (
            HEAD.encode() + line(LinkSeen(
                t=1, link="l", leaving="a", reaching="b", configured_delay_ms=1, measured_p50_ms=None,
                measured_p99_ms=None, packets=1, dropped={"loss": 1},
            )).replace('"loss":1', '"loss":"1"').encode(), "2:1", "`dropped[...]`: expected `int`, got `str`",
        ),
    ],
)  # fmt: skip
def test_a_damaged_line_is_refused_with_its_place(tmp_path: Path, damaged: bytes, where: str, what: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(damaged)
    with pytest.raises(InputError) as caught:
        read(path)
    (problem,) = caught.value.problems
    assert str(problem.place) == f"{path}:{where}"
    assert what in problem.what


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(max_size=200))
def test_noise_never_fails_but_by_input_error(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("noise") / "history.jsonl"
    path.write_bytes(HEAD.encode() + noise + b"\n")
    try:
        read(path)
    except InputError:
        return


@pytest.mark.parametrize("zeros", [1, 4096, 3 * PORTION])
@pytest.mark.parametrize("half", [0, 5])
def test_zero_bytes_at_the_end_are_the_end(tmp_path: Path, zeros: int, half: int) -> None:
    """A file system whose machine went down may have set bytes aside and never written them."""
    path = write(tmp_path / "history.jsonl", [Sent(t=1.0, id="1-1"), Sent(t=2.0, id="1-2")])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - half] + bytes(zeros))
    history = read(path)
    assert len(history.observations) == (1 if half else 2)
    assert history.cut_short_at == (3 if half else None)


def test_zero_bytes_alone_are_an_empty_history(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_bytes(bytes(5000))
    with pytest.raises(InputError, match="it is empty"):
        read(tmp_path / "history.jsonl")


@pytest.mark.parametrize("zeros", [1, PORTION + 1])
def test_zero_bytes_amid_the_lines_are_refused(tmp_path: Path, zeros: int) -> None:
    path = write(tmp_path / "history.jsonl", [Sent(t=1.0, id="1-1")])
    path.write_bytes(path.read_bytes() + bytes(zeros) + line(Sent(t=2.0, id="1-2")).encode())
    with pytest.raises(InputError, match=r":3:1: (not JSON|zero bytes amid the lines)"):
        read(path)


def test_lines_of_any_length_in_portions_of_any_size(tmp_path: Path) -> None:
    seen: list[Observation] = [Trouble(t=n / 10, who="w", what="東" * (n * 977 % 100_003)) for n in range(1, 60)]
    seen += [Received(t=n / 10, client="c", destination=f"topic://{n % 7}", id=f"1-{n}") for n in range(1, 20_000)]
    assert list(read(write(tmp_path / "history.jsonl", seen)).observations) == seen


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(HEAD.encode() + b"x" * (LONGEST + 2 * PORTION))
    with pytest.raises(InputError, match=":2:1: longer than 64 MiB"):
        read(path)


@pytest.mark.parametrize(
    "text",
    [
        '{"t":01.5,"kind":"sent","id":"1-1"}',
        '{"t":1.,"kind":"sent","id":"1-1"}',
        '{"t":1.5,"kind":"sent","id":"1\t1"}',
        '{"t":1.5,"kind":"sent","id":"1-1"}}',
        '{"t":1.5,"kind":"acked","id":"1-1",}',
        '{"t":1.5,"kind":"received","client":"c","id":"1-1"}',
        '{"t":1.5,"kind":"received","client":"c","destination":"d"',
        '{"t":1.5,"kind":"sent","client":"c","destination":"d","id":"1-1"}',
    ],
)
def test_what_looks_like_a_usual_line_is_read_as_strictly(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(HEAD + text.replace("\\t", "\t") + "\n")
    with pytest.raises(InputError, match=r"history.jsonl:2:\d+: "):
        read(path)


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"sent","id":"1-1","t":1.5}',
        ' {"t":1.5, "kind":"sent", "id":"1-1"}\r',
        '{"t":15e-1,"kind":"sent","id":"\\u0031-1"}',
        '{"t":1.5,"kind":"sent","id":"1-1","digest":null}',
        '{"t":1.5,"kind":"acked","kind":"sent","id":"1-1"}',
    ],
)
def test_a_usual_line_in_another_form_says_the_same(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes((HEAD + text + "\n").encode())
    assert read(path).observations == (Sent(t=1.5, id="1-1"),)


def test_half_a_character_is_written_and_read_as_it_is(tmp_path: Path) -> None:
    seen: list[Observation] = [Trouble(t=1.0, who="\ud800", what="x")]
    assert list(read(write(tmp_path / "history.jsonl", seen)).observations) == seen


def test_another_version_says_what_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(HEAD.replace('"history":1', '"history":2').replace('"mqlab":"0.1"', '"mqlab":"0.9"'))
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.problems[0].remedy == "judge it with mqlab 0.9, which wrote it"


def test_two_histories_in_one_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(HEAD + HEAD)
    with pytest.raises(InputError, match="a second first line"):
        read(path)


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read(tmp_path / "nowhere")


def test_a_history_is_never_written_over(tmp_path: Path) -> None:
    path = write(tmp_path / "history.jsonl", [])
    with pytest.raises(InputError, match="exists already"):
        HistoryFile(path, HEADER)
    with pytest.raises(InputError, match="cannot write"):
        HistoryFile(tmp_path / "no" / "folder", HEADER)


def test_reading_streams(tmp_path: Path) -> None:
    stream = observations(write(tmp_path / "history.jsonl", [Sent(t=1.0, id="1-1")]))
    assert next(stream) == HEADER
    assert next(stream) == Sent(t=1.0, id="1-1")


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    with HistoryFile(tmp_path / "history.jsonl", HEADER) as file:

        def talk(step: int) -> None:
            for n in range(1, 501):
                file.record(Trouble(t=n / 1000, who=f"{step}", what="x" * (n % 97)))

        threads = [threading.Thread(target=talk, args=(step,)) for step in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    seen = read(file.path).observations
    assert len(seen) == 4000
    for step in range(8):
        assert [each.t for each in seen if getattr(each, "who", None) == str(step)] == [n / 1000 for n in range(1, 501)]


KILLED = """
import sys
from pathlib import Path
from lab.history import Header, HistoryFile, Sent
file = HistoryFile(Path(sys.argv[1]), Header(
    run="r", scenario="s", seed=1, runtime="emulation", started="", declared={}, mqlab="0"))
for n in range(1, 101):
    file.record(Sent(t=float(n), id=f"1-{n}"))
print("written", flush=True)
sys.stdin.read()
"""


def test_a_killed_run_leaves_whole_lines_of_what_it_saw(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        while b'"1-100"' not in path.read_bytes():  # it comes by itself, without a close
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert len(read(path).observations) == 100


def test_what_cannot_be_written_is_told_to_whoever_records(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path / "history.jsonl", HEADER)
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), file.fileno())
    with pytest.raises(OSError, match="No space left"):
        while True:
            file.record(Sent(t=1.0, id="1-1"))
    with pytest.raises(OSError, match="No space left"):
        file.close()


def test_tee_hands_each_observation_to_all() -> None:
    one, other = MemoryRecorder(), MemoryRecorder()
    Tee(one, other).record(Sent(t=1.0, id="1-1"))
    assert one.observations == other.observations == [Sent(t=1.0, id="1-1")]
