"""A history that several write to: no line is lost or torn, numbers are given once, and it stays within its size."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from lab.base.masking import Mask
from lab.errors import InputError
from lab.history import (
    Ended,
    Follower,
    Forgotten,
    Header,
    LinkChanged,
    Marked,
    Publishing,
    Received,
    Sent,
    SharedHistory,
    StepEnded,
    StepStarted,
    Subscribed,
    Trouble,
    read,
)
from lab.history.shared_file import begin

HEADER = Header(
    run="r", scenario="s", seed=1, runtime="emulation", started="", declared={}, mqlab="0", standing=True
)  # fmt: skip
WRITER = """
import sys
from pathlib import Path
from lab.history import SharedHistory, StepStarted, Trouble
history = SharedHistory(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[3])):
    history.record(Trouble(t=float(n), who=sys.argv[2], what="x" * (n % 300)))
    if n % 100 == 0:
        history.step(lambda number: StepStarted(t=float(n), step=number, verb="cut", asked=sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


@pytest.fixture
def history(path: Path) -> Iterator[SharedHistory]:
    made = begin(path, HEADER)
    yield made
    made.close()


def writer(path: Path, who: str, lines: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", WRITER, str(path), who, str(lines)]
    started = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None and started.stdout.readline() == "ready\n"
    return started


def go(*writers: subprocess.Popen[str]) -> None:
    for each in writers:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()


def test_several_processes_lose_no_line_and_share_the_numbers(path: Path, history: SharedHistory) -> None:
    writers = [writer(path, who, 1000) for who in ("a", "b", "c")]
    go(*writers)
    for n in range(20):
        history.record(Marked(t=float(n), text=str(n)))
        history.trim(float(n), largest=2**30)
    assert [each.wait(60) for each in writers] == [0, 0, 0]
    seen = read(path).observations
    for who in ("a", "b", "c"):
        assert [each.t for each in seen if isinstance(each, Trouble) and each.who == who] == list(range(1000))
    steps = [each.step for each in seen if isinstance(each, StepStarted)]
    assert steps == list(range(1, 31)), "each number once, in the order of the lines"
    assert set(history.interrupted()) == set(steps), "nobody said that they ended"


def test_a_writer_that_is_killed_leaves_the_history_whole(path: Path, history: SharedHistory) -> None:
    doomed, other = writer(path, "a", 10**9), writer(path, "b", 300)
    go(doomed, other)
    assert other.wait(60) == 0
    doomed.send_signal(signal.SIGKILL)
    doomed.wait(60)
    history.record(Marked(t=1.0, text="after"))
    found = read(path)
    assert found.cut_short_at is None
    assert found.observations[-1] == Marked(t=1.0, text="after")


def test_half_a_line_is_taken_away_by_who_writes_next(path: Path, history: SharedHistory) -> None:
    history.record(Sent(t=1.0, id="1-1"))
    with path.open("ab") as file:
        file.write(b'{"t":2.0,"ki')
    history.record(Sent(t=3.0, id="1-2"))
    assert read(path).observations == (Sent(t=1.0, id="1-1"), Sent(t=3.0, id="1-2"))


def test_a_verb_that_nobody_ended_is_known_to_the_next(path: Path, history: SharedHistory) -> None:
    first = history.step(lambda step: StepStarted(t=1.0, step=step, verb="reboot", asked="reboot", by="command"))
    other = SharedHistory(path)
    assert other.interrupted() == (first,) == (1,)
    other.step_ended(StepEnded(t=2.0, step=first, ok=False, note="its command was killed"))
    assert history.interrupted() == ()
    assert history.number(lambda step: Marked(t=3.0, text=str(step))) == 2
    other.close()


def test_what_is_noted_beside_it_may_become_shorter(path: Path, history: SharedHistory) -> None:
    numbers = [history.step(lambda n: StepStarted(t=0.0, step=n, verb="cut", asked="cut")) for _ in range(20)]
    for number in numbers[:-1]:
        history.step_ended(StepEnded(t=1.0, step=number))
    assert history.interrupted() == (20,)
    assert history.step(lambda n: StepStarted(t=2.0, step=n, verb="cut", asked="cut")) == 21


def test_nothing_comes_after_the_end(path: Path, history: SharedHistory) -> None:
    other = SharedHistory(path)
    other.record(Sent(t=1.0, id="1-1"))
    history.end(Ended(t=2.0, complete=True))
    history.end(Ended(t=3.0, complete=True))
    other.record(Sent(t=4.0, id="1-2"))
    assert other.step(lambda step: StepStarted(t=5.0, step=step, verb="cut", asked="cut")) == 0
    assert other.interrupted() == ()
    assert read(path).complete and len(read(path).observations) == 2
    assert list(path.parent.iterdir()) == [path], "the lock has gone"
    other.close()


def test_no_password_is_in_it(path: Path) -> None:
    history = begin(
        path, structs.replace(HEADER, declared={"about": "over-the-ocean-1858"}), Mask.of(["over-the-ocean-1858"])
    )
    history.hide("under-the-sea-1866")
    history.record(Trouble(t=1.0, who="a", what='under-the-sea-1866, over-the-ocean-1858, password="short"'))
    history.record(Trouble(t=2.0, who="a", what="a text that ends with password="))
    history.close()
    text = path.read_text()
    assert "1858" not in text and "1866" not in text and "short" not in text
    assert read(path).header.declared == {"about": "********"}


def test_it_is_followed_line_by_line(path: Path, history: SharedHistory) -> None:
    follower = Follower(path)
    assert follower.header == HEADER and list(follower.new()) == []
    history.record(Sent(t=1.0, id="1-1"))
    assert list(follower.new()) == [Sent(t=1.0, id="1-1")] and list(follower.new()) == []
    with path.open("ab") as file:
        file.write(b'{"t":2.000000,"kind":"sent",')
    assert list(follower.new()) == []
    with path.open("ab") as file:
        file.write(b'"id":"1-2"}\n')
    assert list(follower.new()) == [Sent(t=2.0, id="1-2")]
    with path.open("ab") as file:
        file.write(b'{"t":3')
    assert list(follower.new()) == []
    history.end(Ended(t=3.0, complete=True))
    (ended,) = follower.new()
    assert isinstance(ended, Ended) and (ended.t, ended.lines) == (3.0, 3) and follower.ended
    follower.close()


def messages(count: int, begin: int = 0) -> list[Sent]:
    return [Sent(t=float(n), id=f"2-{n + 1}") for n in range(begin, count)]


def test_what_came_of_the_oldest_messages_goes_first_and_it_says_so(path: Path, history: SharedHistory) -> None:
    history.record(Trouble(t=0.0, who="a", what="b"))
    for each in messages(1000):
        history.record(each)
    largest = path.stat().st_size - 1
    history.trim(1000.0, largest)
    assert path.stat().st_size < 0.6 * largest
    seen = read(path).observations
    assert seen[0] == Trouble(t=0.0, who="a", what="b") and seen[-2] == messages(1000)[-1]
    told = seen[-1]
    assert isinstance(told, Forgotten)
    kept = [each for each in seen if isinstance(each, Sent)]
    assert told == Forgotten(t=1000.0, of="messages", until=kept[0].t - 1, lines=1000 - len(kept))
    for each in messages(2000, 1000):
        history.record(each)
    history.trim(2000.0, largest)
    *_, last = read(path).observations
    assert isinstance(last, Forgotten) and last.lines > told.lines and last.until > told.until
    assert len([each for each in read(path).observations if isinstance(each, Forgotten)]) == 1


def test_whoever_follows_goes_on_where_lines_were_left_out(path: Path, history: SharedHistory) -> None:
    follower = Follower(path)
    for each in messages(500):
        history.record(each)
    assert list(follower.new()) == messages(500)
    history.record(Sent(t=500.0, id="2-501"))
    history.trim(501.0, path.stat().st_size - 1)
    history.record(Sent(t=502.0, id="2-502"))
    new = list(follower.new())
    assert [each for each in new if isinstance(each, Sent)] == [Sent(t=500.0, id="2-501"), Sent(t=502.0, id="2-502")]
    assert [each.kind for each in new] == ["sent", "forgotten", "sent"]
    follower.close()


def test_of_everything_else_the_last_of_each_thing_and_the_marks_stay(path: Path, history: SharedHistory) -> None:
    def changed(t: float, state: str) -> LinkChanged:
        return LinkChanged(t=t, link="l", leaving="a", reaching="b", state=state, impairment="")

    def subscribed(client: str) -> Subscribed:
        return Subscribed(t=0.0, client=client, broker="b", over="mqtt", destination="topic://a", step=1)

    history.record(Marked(t=0.0, text="a person's"))
    for each in (changed(0.0, "cut"), changed(1.0, "open"), subscribed("stays"), subscribed("other")):
        history.record(each)
    for n in range(1000):
        history.record(Trouble(t=float(n), who="a", what="b"))
    history.record(Received(t=1000.0, client="stays", destination="topic://a", id="9-1"))
    history.trim(1001.0, path.stat().st_size - 1)
    seen = read(path).observations
    assert seen[:4] == (
        Marked(t=0.0, text="a person's"),
        changed(1.0, "open"),
        subscribed("stays"),
        subscribed("other"),
    )
    assert seen[-2] == Received(t=1000.0, client="stays", destination="topic://a", id="9-1")
    told = seen[-1]
    assert isinstance(told, Forgotten) and told.of == "everything" and 400 < told.until < 600


def test_publish_steps_stay_and_verbs_that_have_ended_go(path: Path, history: SharedHistory) -> None:
    publishing = Publishing(
        t=0.0, step=1, client="p", broker="b", over="mqtt", destination="topic://a", persistent=True, body="generated"
    )
    history.record(publishing)
    for verb in ("ended", "goes-on"):
        history.step(lambda number, verb=verb: StepStarted(t=0.0, step=number, verb=verb, asked=""))  # type: ignore[misc]
    history.step_ended(StepEnded(t=0.0, step=1))
    for n in range(1000):
        history.record(Trouble(t=float(n), who="a", what="b"))
    history.trim(1001.0, path.stat().st_size - 1)
    first, second, third, *_ = read(path).observations
    assert first == publishing and isinstance(second, StepStarted) and second.verb == "goes-on"
    assert isinstance(third, Trouble)


KILLED = """
import sys
from pathlib import Path
from lab.history import SharedHistory, StepStarted
history = SharedHistory(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    history.step(lambda number: StepStarted(t=float(number), step=number, verb="cut", asked="it"))
"""


@pytest.mark.release
def test_no_number_is_given_twice_whenever_a_writer_is_killed(history: SharedHistory, path: Path) -> None:
    """Some of them are killed between a line and the note of its number: whichever comes first must not tell."""
    for _ in range(8):
        writers = [
            subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE) for _ in range(4)
        ]
        for writer in writers:
            with writer:
                assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
                before = path.stat().st_size
                while path.stat().st_size < before + 2000:
                    assert writer.poll() is None
                writer.kill()
    given = [each.step for each in read(path).observations if isinstance(each, StepStarted)]
    assert len(given) > 32 and len(set(given)) == len(given)
    assert history.step(lambda number: StepStarted(t=0.0, step=number, verb="cut", asked="it")) > max(given)


def test_a_history_that_is_removed_while_it_is_followed_is_told_in_words(history: SharedHistory, path: Path) -> None:
    follower = Follower(path)
    history.record(Sent(t=1.0, id="1-1"))
    path.unlink()
    seen = follower.new()
    assert next(seen) == Sent(t=1.0, id="1-1")
    with pytest.raises(InputError, match=r"history\.jsonl was removed while it was read"):
        next(seen)
    follower.close()


def test_a_history_that_cannot_be_begun_is_refused_in_words(tmp_path: Path, history: SharedHistory, path: Path) -> None:
    with pytest.raises(InputError, match="exists already"):
        begin(path, HEADER)
    with pytest.raises(InputError, match="cannot write"):
        begin(tmp_path / "nowhere" / "history.jsonl", HEADER)


def test_a_password_that_was_set_meanwhile_is_masked_from_then_on(path: Path) -> None:
    begin(path, HEADER).close()
    known: list[str] = []
    history = SharedHistory(path, lambda: Mask.of(known))
    history.record(Trouble(t=1.0, who="a", what="set-by-another-1858"))
    known.append("set-by-another-1858")
    history.record(Trouble(t=2.0, who="a", what="set-by-another-1858"))
    history.hide("set-by-ourselves-1858")
    history.record(Trouble(t=3.0, who="a", what="set-by-ourselves-1858 set-by-another-1858"))
    history.close()
    said = [each.what for each in read(path).observations if isinstance(each, Trouble)]
    assert said == ["set-by-another-1858", "********", "******** ********"]
