"""A recording reads back as it was written, cut anywhere as far as it goes, and says where a damaged line is."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.base.masking import MASK, Mask, is_secret
from lab.base.whole_lines import LONGEST, LineError
from lab.declare.recordings import Footer, Header, Reading, Recorded, RecordingFile, Redaction, stream_of, summarise
from lab.errors import InputError
from lab.runtime.clock import RealClock

HEADER = Header(started="2026-11-26T18:00:00+00:00", mqlab="1", brokers={"tokyo": "lab x"}, asked=("topic://>",))
END = Footer(messages=0, seconds=1.0, ended="time")
BODIES = [bytes([octet]) for octet in range(256)] + [b"", "\u20ac\u2028\U0001f600".encode(), b"\xff" * 2**20]
ALL = pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
PACK: Mapping[str, Callable[[bytes], bytes]] = {".jsonl": bytes, ".gz": gzip.compress}
UNPACK: Mapping[str, Callable[[bytes], bytes]] = {".jsonl": bytes, ".gz": gzip.decompress}
ZSTD = b"\x28\xb5\x2f\xfd"  # begins a frame


def message(n: int, body: bytes = b"x", **more: object) -> Recorded:
    its = {"t": n / 8, "broker": "tokyo", "over": "stomp", "destination": "topic://a", "headers": {}, **more}
    return Recorded(body=body, **its)  # type: ignore[arg-type]


def written(path: Path, *messages: Recorded, end: bool = True) -> Path:
    with RecordingFile(path, HEADER) as file:
        for each in messages:
            file.add(each)
        if end:
            file.end(END)
    return path


def plain(path: Path) -> list[bytes]:
    octets = path.read_bytes()
    return UNPACK[path.suffix](octets).splitlines(keepends=True)


@ALL
def test_every_message_reads_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    full = {"qos": 2, "persistent": False, "retained": True, "priority": 9, "expiry": 1.5, "group": "g"}
    given = [message(n, body) for n, body in enumerate(BODIES)]
    given += [message(400, headers={"a": "1\n2", "b\u20ac": ""}, type="text", id="ID:1", **full)]
    with Reading(written(tmp_path / name, *given)) as reading:
        assert list(reading) == given
        assert (reading.header, reading.loss) == (HEADER, "")
        assert reading.footer is not None
        assert reading.footer.messages == len(given)


def test_a_body_is_a_text_where_it_is_utf8_and_base64_where_not(tmp_path: Path) -> None:
    lines = plain(written(tmp_path / "a.jsonl", message(0, b"\xc3\xa9"), message(1, b"\xe9")))
    assert [json.loads(each).get("body") for each in lines[1:3]] == ["\u00e9", None]
    assert json.loads(lines[2])["body_base64"] == "6Q=="


@pytest.mark.parametrize(
    "its",
    [
        {"body": bytes(LONGEST + 1)},
        {"body": b"\xff" * (LONGEST * 3 // 4)},
        {"body": b"\x01" * (LONGEST // 6)},
        {"destination": "http://x"},
        {"headers": {"a": "b" * 10_001}},
        {"headers": {"a\n": "b"}},
        {"group": "a\nb"},
        {"expiry": 1e16},
    ],
    ids=lambda its: next(iter(its)),
)
def test_what_could_not_be_read_again_is_not_written(tmp_path: Path, its: dict[str, Any]) -> None:
    with RecordingFile(tmp_path / "a.jsonl", HEADER) as file:
        with pytest.raises(LineError):
            file.add(message(0, **its))
        file.add(message(1))
        file.end(END)
    with Reading(tmp_path / "a.jsonl") as reading:
        assert list(reading) == [message(1)]


@ALL
def test_one_that_is_cut_at_any_byte_has_its_whole_lines_and_says_what_is_lost(tmp_path: Path, name: str) -> None:
    given = [message(n, b"\xff" * n) for n in range(4)]
    octets = written(tmp_path / name, *given).read_bytes()
    first = len(plain(tmp_path / name)[0])
    counts = set()
    for end in range(len(octets)):
        (tmp_path / "cut").write_bytes(octets[:end])
        try:
            with Reading(tmp_path / "cut") as reading:
                found = list(reading)
        except InputError as error:
            assert "empty, or its first line is cut short" in str(error), end
            assert end < first + 32, (end, error)
            continue
        assert found == given[: len(found)]
        whole = (
            reading.footer is not None
        )  # only the end of the packed stream is missing, and the last line has a digest
        assert whole == (not reading.loss.startswith("it was cut short after ")), end
        assert not whole or (not name.endswith(".jsonl") and found == given), end
        counts.add(len(found))
    assert counts == {0, 1, 2, 3, 4}


@ALL
def test_a_recording_that_nobody_ended_says_so(tmp_path: Path, name: str) -> None:
    found = summarise(written(tmp_path / name, message(0), message(1), end=False))
    assert (found.messages, found.loss) == (2, "it was cut short after 2 whole messages: later messages are lost")


@ALL
def test_zero_bytes_that_a_machine_left_at_its_end_are_nothing(tmp_path: Path, name: str) -> None:
    octets = written(tmp_path / name, message(0), message(1)).read_bytes()
    for end in (len(octets), len(octets) - 2, len(octets) // 2):
        (tmp_path / "zeros").write_bytes(octets[:end] + bytes(300_000))
        found = summarise(tmp_path / "zeros")
        assert (end == len(octets)) <= (found.loss == "")
        assert found.messages == 2 or found.loss.startswith(f"it was cut short after {found.messages} whole")


@pytest.mark.parametrize("begin", [ZSTD, b"\x50\x2a\x4d\x18"], ids=["zstd", "pzstd"])
def test_one_that_is_packed_by_zstd_is_refused_with_the_remedy(tmp_path: Path, begin: bytes) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(begin + b"\4\0\0\0")
    with pytest.raises(InputError) as refused:
        summarise(tmp_path / "a.jsonl.zst")
    assert str(refused.value).splitlines() == [
        f"{tmp_path}/a.jsonl.zst:1:1: it is packed by zstd, and mqlab unpacks only gzip",
        "  decompress it first: zstd -d FILE",
    ]


CRASHING = """
import sys
from pathlib import Path
from lab.declare.recordings import Header, Recorded, RecordingFile
file = RecordingFile(Path(sys.argv[1]), Header(started="", mqlab="1", brokers={"x": "x"}, asked=()))
for n in range(100):
    file.add(Recorded(n / 8, "x", "stomp", "topic://a", b"%d" % n, {}))
sys.stdin.read()
"""


@ALL
def test_what_was_written_before_a_kill_is_there(tmp_path: Path, name: str) -> None:
    path, sent = tmp_path / name, [b"%d" % n for n in range(100)]

    def is_written() -> bool:
        try:
            with Reading(path) as reading:
                return [each.body for each in reading] == sent
        except (InputError, FileNotFoundError):  # its header is not there yet
            return False

    with subprocess.Popen([sys.executable, "-c", CRASHING, path], stdin=subprocess.PIPE) as recorder:
        assert RealClock().wait(is_written, 60)
        recorder.kill()
    with Reading(path) as reading:
        assert [each.body for each in reading] == sent
    assert reading.loss == "it was cut short after 100 whole messages: later messages are lost"


def line(**more: object) -> bytes:
    its = {"t": 1, "destination": "topic://a", "over": "stomp", "broker": "tokyo", "body": "x"} | more
    return json.dumps({name: value for name, value in its.items() if value is not ...}).encode() + b"\n"


HOSTILE = {
    b"\n": "not JSON",
    b"[]\n": "not a JSON object",
    b"\xff\n": "not UTF-8",
    b"[" * 100_000 + b"\n": "nested too deeply",
    b'{"t":' + b"9" * 5000 + b"}\n": "Exceeds the limit",
    line(t=float("inf")): "Infinity is no JSON",
    line(t=-1): "`t`: expected `float` >= 0.0",
    line(t=True): "`t`: expected `float`, got `bool`",
    line(t=...): "`t` is missing",
    line(body=...): "a message has either body or body_base64",
    line(body_base64="eA=="): "a message has either body or body_base64",
    line(body=..., body_base64="x"): "body_base64 is not base64",
    line(body=..., body_base64="\u20ac"): "body_base64 is not base64",
    line(body="\ud800"): "half of a surrogate pair",
    line(headers={"a": "\ud800"}): "half of a surrogate pair",
    line(destination="topic://\udcff"): "half of a surrogate pair",
    line(group="\ud800"): "half of a surrogate pair",
    line(body=1): "`body`: expected `str | null`, got `int`",
    line(headers=["a"]): "`headers`: expected `object`, got `array`",
    line(headers={"a": 1}): "`headers[...]`: expected `str`, got `int`",
    line(headers={"a\n": "b"}): "`headers`: a character that is not allowed here",
    line(headers={"a": "\0"}): "`headers[...]`: a character that is not allowed here",
    line(headers={"a" * 10_001: "b"}): "`headers`: expected `str` of length <= 10000",
    line(destination="a"): "write topic://prices.eur, or queue://orders",
    line(destination="topic://a.>"): "without wildcards",
    line(destination="topic://a,queue://b"): "write the parts of a destination without",
    line(destination="temp-queue://a"): "write topic://prices.eur, or queue://orders",
    line(over="smtp"): "over is 'smtp'; there are mqtt",
    line(over={}): "`over`: expected `str`, got `object`",
    line(qos=3): "`qos`: expected `int` <= 2",
    line(priority=256): "`priority`: expected `int` <= 255",
    line(priority=1.5): "`priority`: expected `int | null`, got `float`",
    line(persistent="yes"): "`persistent`: expected `bool | null`, got `str`",
    line(sudo=1): "there is no field 'sudo' here",
    b'{"recording":1}\n': "a second first line",
    b'{"ended":"time"}\n': "`messages` is missing",
}


LONG = "S3cret" * 20


@ALL
@pytest.mark.parametrize("bad", HOSTILE, ids=lambda each: repr(each[:40]))
def test_a_hostile_line_is_an_error_with_its_place(tmp_path: Path, name: str, bad: bytes) -> None:
    lines = plain(written(tmp_path / "good.jsonl", message(0)))
    octets = lines[0] + lines[1] + bad + lines[2]
    path = tmp_path / name
    path.write_bytes(PACK[path.suffix](octets))
    with pytest.raises(InputError) as refused:
        summarise(path)
    (problem,) = refused.value.problems
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == (str(path), 3)
    assert HOSTILE[bad] in problem.what


@pytest.mark.parametrize("bad", [{"priority": LONG}, {LONG: 1}, {"persistent": LONG}], ids=["number", "key", "flag"])
def test_no_beginning_of_what_may_be_a_password_is_told(tmp_path: Path, bad: dict[str, object]) -> None:
    """A mask, which knows whole passwords, would not find the beginning of one in an error."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(plain(written(tmp_path / "good.jsonl"))[0] + line(**bad))
    with pytest.raises(InputError, match=r"expected `|a text of 120 characters") as refused:
        summarise(path)
    assert "S3cret" not in str(refused.value)


def test_a_line_without_an_end_is_not_read_on_and_on(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(plain(written(tmp_path / "good.jsonl"))[0] + b"x" * (70 * 2**20)))
    with pytest.raises(InputError, match=r"bomb\.jsonl\.gz:2:1: longer than 64 MiB"):
        summarise(path)


def test_zero_bytes_without_an_end_are_not_unpacked_on_and_on(tmp_path: Path) -> None:
    """A few octets may unpack to any number of them; in a file that is not packed its size tells how many there are."""
    octets = plain(written(tmp_path / "good.jsonl", message(0)))
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(octets[:2]) + bytes(70 * 2**20)))
    with pytest.raises(InputError, match=r"bomb\.jsonl\.gz:3:1: more than 64 MiB of zero bytes"):
        summarise(path)
    with (tmp_path / "sparse.jsonl").open("wb") as file:
        file.write(b"".join(octets[:2]))
        file.truncate(70 * 2**20)
    assert summarise(tmp_path / "sparse.jsonl").messages == 1


def test_a_packed_stream_that_is_damaged_is_an_error(tmp_path: Path) -> None:
    octets = written(tmp_path / "a.jsonl.gz", *(message(n, b"%d" % n) for n in range(100))).read_bytes()
    (tmp_path / "bad").write_bytes(octets[:60] + b"\x55\xaa\x55\xaa" + octets[64:])
    with pytest.raises(InputError):
        summarise(tmp_path / "bad")


def change(octets: bytes) -> bytes:
    return octets.replace(b'"body":"x"', b'"body":"y"', 1)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (change, r":4:1: the recording was changed"),
        (
            lambda octets: b"".join(octets.splitlines(True)[n] for n in (0, 2, 3)),
            ":3:1: .* it has 1 message, and mqlab wrote 2",
        ),
        (lambda octets: octets + octets, ":5:1: a line after the last one"),
        (lambda octets: octets + b'{"t"', ":5:1: half a line after the last one"),
        (lambda octets: octets.replace(b'"recording":1', b'"recording":2', 1), ":1:1: .*only recordings of version 1"),
        (lambda octets: octets.replace(b'"asked"', b'"Asked"', 1), ":1:1: there is no field 'Asked' here"),
        (lambda octets: gzip.compress(octets) + b"more", "the file goes on after the end of its gzip"),
        (lambda octets: gzip.compress(octets)[:-8] + b"\1" * 8, "its gzip is damaged"),
        (lambda octets: b"", ":1:1: this is no recording: it is empty"),
        (lambda octets: b"scenario: a\n", ":1:1: this is no recording: not JSON"),
    ],
)
def test_what_was_changed_since_is_an_error(tmp_path: Path, spoil: object, says: str) -> None:
    path = written(tmp_path / "a.jsonl", message(0), message(1))
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(InputError, match=says):
        summarise(path)


def test_headers_of_any_number_of_names_are_not_gathered(tmp_path: Path) -> None:
    given = [message(n, headers={f"h{n}": "x"}) for n in range(1_002)]
    with pytest.raises(InputError, match="more than 1000 headers that differ"):
        summarise(written(tmp_path / "a.jsonl", *given))


def test_it_is_its_owners_alone_and_never_written_twice(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        RecordingFile(path, HEADER)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl.zst", "a.gz"])
def test_a_name_that_says_another_form_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        RecordingFile(tmp_path / name, HEADER)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_to_whoever_records(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "a.jsonl", HEADER)
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), file.fileno())
    with pytest.raises(OSError, match="No space left"):
        while True:
            file.add(message(0))
    with pytest.raises(OSError, match="No space left"):
        file.end(END)


def test_known_secrets_in_headers_are_replaced_and_counted() -> None:
    redaction = Redaction(Mask.of(["over-the-ocean-1858"]))
    given = {"Authorization": "Basic eA==", "x-api-key": "1", "kind": "order", "note": "it is over-the-ocean-1858."}
    safe = {"Authorization": MASK, "x-api-key": MASK, "kind": "order", "note": f"it is {MASK}."}
    assert redaction.of(given) == safe
    assert redaction.of({"kind": "order"}) == {"kind": "order"}
    assert redaction.counts == {"Authorization": 1, "x-api-key": 1, "note": 1}


@pytest.mark.parametrize(
    "name", ["Proxy-Authorization", "accessToken", "set-cookie", "CLIENT_SECRET", "user.password", "db_pwd"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


def test_messages_are_a_stream_by_what_they_are_sent_with(tmp_path: Path) -> None:
    given = [
        message(0, headers={"a": "1", "b": "x"}, priority=4, expiry=5.0),
        message(8, headers={"a": "2", "b": "x", "c": "y"}, priority=5, expiry=9.0, group="g"),
        message(16, destination="queue://b", over="amqp", persistent=False, body=b"\xff", type="map"),
        message(24, over="mqtt", qos=0),
    ]
    found = summarise(written(tmp_path / "a.jsonl", *given))
    assert (found.messages, found.seconds) == (4, 3.0)
    first, second, third = found.streams.values()
    assert [key.persistent for key in found.streams] == [True, False, False]
    assert (first.messages, first.headers, first.varying) == (
        2,
        {"b": "x"},
        {"a", "c", "JMSXGroupID", "JMSPriority"},
    )
    assert (first.expiry, first.expires, second.pictures, second.binary, third.expiry) == (9.0, True, 1, 1, None)
    assert stream_of(given[0]) == next(iter(found.streams))


# A recording where no octet of a file can be written.
NO_ROOM = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
from lab.errors import HostError
from lab.declare.recordings import Header, RecordingFile
try: RecordingFile(Path(sys.argv[1]), Header(started="", mqlab="1", brokers={"x": "x"}, asked=()))
except HostError as error: print(error)
"""


def test_one_that_cannot_begin_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    words = [sys.executable, "-B", "-c", NO_ROOM, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        said = process.communicate(timeout=60)[0]
    assert said == f"{path} cannot be written: File too large\n"
    assert not path.exists()
