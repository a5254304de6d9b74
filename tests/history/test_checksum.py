"""A history says at its end how many lines it has and what they are: what is done to it later is seen, and where."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.base.masking import Mask
from lab.history import Ended, Header, HistoryFile, Sent, SharedHistory, Trouble, damage, line, read
from lab.history.checksum import Checksum, has_end
from lab.history.shared_file import begin
from tests.sealed import sealed, unsealed

HEADER = Header(run="r", scenario="s", seed=1, runtime="emulation", started="", declared={}, mqlab="0")


def written(path: Path, number: int = 20) -> Path:
    """Write a history of a header, so many lines and the end."""
    with HistoryFile(path, HEADER) as file:
        for n in range(1, number + 1):
            file.record(Sent(t=float(n), id=f"1-{n}"))
        file.record(Ended(t=float(number), complete=True))
        file.record(Trouble(t=float(number), who="late", what="it comes after the end"))
    return path


def edited(path: Path, edit: Callable[[list[bytes]], object]) -> Path:
    lines = path.read_bytes().splitlines(keepends=True)
    edit(lines)
    path.write_bytes(b"".join(lines))
    return path


def test_the_end_tells_the_digest_of_all_but_itself_as_sha256sum_gives_it(tmp_path: Path) -> None:
    path = written(tmp_path / "history.jsonl")
    *before, last = path.read_bytes().splitlines(keepends=True)
    ended = read(path).observations[-1]
    assert isinstance(ended, Ended) and last == line(ended).encode(), "what comes after the end is not written"
    without = last.replace(f',"digest":"{ended.digest}"'.encode(), b"")
    assert (ended.lines, ended.digest) == (21, sha256(b"".join([*before, without])).hexdigest())
    assert damage(path) == "" and read(path).complete


@pytest.mark.parametrize(
    ("told", "instead"),
    [(b'"complete":false', b'"complete":true'), (b'"t":20.', b'"t":2.0'), (b'"note":"killed"', b'"note":"fine"')],
)
@pytest.mark.parametrize("shared", [False, True])
def test_the_end_is_sealed_too(tmp_path: Path, shared: bool, told: bytes, instead: bytes) -> None:
    path = tmp_path / "history.jsonl"
    with closing(begin(path, HEADER) if shared else HistoryFile(path, HEADER)) as file:
        for n in range(1, 20):
            file.record(Sent(t=float(n), id=f"1-{n}"))
        ended = Ended(t=20.0, complete=False, note="killed")
        file.end(ended) if isinstance(file, SharedHistory) else file.record(ended)
    assert damage(path) == ""
    its = damage(edited(path, lambda lines: lines.append(lines.pop().replace(told, instead))))
    assert its == "it is not as it was written"


def test_what_is_masked_in_the_last_line_is_sealed_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryFile(path, HEADER, Mask.of(["a-long-password"])) as file:
        file.record(Ended(t=1.0, complete=False, note="it was a-long-password"))
    assert b"a-long-password" not in path.read_bytes()
    assert damage(path) == ""


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda lines: lines.pop(9), "it is not as it was written: 1 line taken out"),
        (lambda lines: lines.insert(9, lines[3]), "it is not as it was written: 1 line put in"),
        (lambda lines: lines.__setitem__(9, lines[9].replace(b"1-9", b"1-8")), "it is not as it was written"),
        (lambda lines: lines.__setitem__(0, lines[0].replace(b'"seed":1', b'"seed":2')), "it is not as it was written"),
        (lambda lines: lines.insert(3, lines.pop(9)), "it is not as it was written"),
        (lambda lines: lines.pop(20), "it is not as it was written: 1 line taken out"),
        (lambda lines: lines.append(b'{"t":99,"ki'), "an incomplete line follows the end"),
        (lambda lines: lines.append(unsealed(lines.pop())), "its last line has no checksum"),
        (lambda lines: lines.append(re.sub(rb',"lines":[0-9]+', b"", lines.pop())), "it is not as it was written"),
        (lambda lines: lines.append(re.sub(rb',"digest":"[0-9a-f]+"', b"", lines.pop())), "it is not as it was"),
    ],
)
def test_an_edited_history_is_damaged(tmp_path: Path, edit: Callable[[list[bytes]], object], words: str) -> None:
    its = damage(edited(written(tmp_path / "history.jsonl"), edit))
    assert its.startswith(words), its
    history = read(tmp_path / "history.jsonl")
    assert not history.complete and history.damage == f"history.jsonl: {its}"


def test_a_test_closes_a_history_with_the_checksum_that_a_run_writes(tmp_path: Path) -> None:
    octets = written(tmp_path / "history.jsonl").read_bytes()
    assert unsealed(octets) != octets == sealed(octets) == sealed(unsealed(octets))


def test_zero_bytes_at_the_end_are_no_damage(tmp_path: Path) -> None:
    path = written(tmp_path / "history.jsonl")
    path.write_bytes(path.read_bytes() + bytes(20_000))
    assert damage(path) == ""


@pytest.mark.parametrize("text", ["", "x", "\n", "{}\n", '{"t":1.0,"kind":"ended","complete":true}'])
def test_a_file_without_an_end_shows_no_damage(tmp_path: Path, text: str) -> None:
    (tmp_path / "h").write_text(text)
    assert damage(tmp_path / "h") == "" and not has_end(tmp_path / "h")


@given(st.lists(st.integers(1, 300), max_size=12))
def test_a_seal_does_not_depend_on_how_lines_come(numbers: list[int]) -> None:
    lines = [f"{n}\n".encode() for n in range(sum(numbers))]
    one, other = Checksum(), Checksum()
    for each in lines:
        one.add(each)
    for number in numbers:
        other.add(b"".join(lines[other.lines : other.lines + number]))
    ended = Ended(t=0, complete=True)
    assert one.on(ended) == other.on(ended)


def test_what_several_write_is_sealed_at_its_end_whatever_was_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    one, other = begin(path, HEADER), SharedHistory(path)
    for n in range(1, 500):
        (one, other)[n % 2].record(Sent(t=float(n), id=f"1-{n}"))
    one.trim(500.0, largest=8_000)
    other.record(Sent(t=501.0, id="1-501"))
    one.end(Ended(t=502.0, complete=True))
    assert damage(path) == "" and read(path).complete
    assert "1 line taken out" in damage(edited(path, lambda lines: lines.pop(5)))
