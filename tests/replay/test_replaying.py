"""A replay that did less than asked leaves expectations unknown, unless the scenario states how many are enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.declare.recordings import Footer, Header, Recorded, RecordingFile, summarise
from lab.errors import InputError
from lab.history import Achieved, HistoryFile, Paced, Publishing, Sent, StepEnded
from lab.history import Header as HistoryHeader
from lab.judge import Outcome
from lab.replay.pacing import Lateness
from lab.runtime.messages import Outgoing
from tests.replay.test_preconditions import ARRIVED, LISTENS, judged, spoilt
from tests.replay.test_trouble import Played
from tests.spoilt_lab import KeptClient

REPLAYS = "  - replay: {recording: a.jsonl, into: tokyo, pace: 10/s%s}\n"


def recording(folder: Path, count: int = 6) -> Path:
    """Write a recording to two queues in turn."""
    path = folder / "a.jsonl"
    with RecordingFile(path, Header(started="", mqlab="1", brokers={"x": "x"}, asked=())) as file:
        for n in range(count):
            its = {"over": "stomp", "headers": {}, "persistent": True, "type": "text"}
            file.add(Recorded(t=n / 4, broker="x", destination=f"queue://{'qp'[n % 2]}", body=b"%d" % n, **its))  # type: ignore[arg-type]
        file.end(Footer(messages=0, seconds=2.0, ended="time"))
    return path


@pytest.mark.parametrize("least", ["", ", at-least: 5"])
def test_a_lost_connection_leaves_expectations_unknown(tmp_path: Path, least: str) -> None:
    recording(tmp_path)
    played = Played(tmp_path, LISTENS + REPLAYS % least + ARRIVED, spoilt(2, 2))  # its third message
    played.play()
    first, second = played.seen(Achieved)
    assert (first.destination, first.asked, first.done, first.least) == ("queue://q", 3, 1, None)
    assert (second.destination, second.asked, second.done, second.least) == ("queue://p", 3, 1, None)
    assert judged(played).outcome is Outcome.UNKNOWN
    ended = played.seen(StepEnded)[1]
    assert (ended.ok, ended.note.startswith("2 ok, 1 unknown, 3 not sent; ")) == (False, True), ended.note


def test_bodies_of_a_recording_are_its_own(tmp_path: Path) -> None:
    recording(tmp_path)
    played = Played(tmp_path, LISTENS + REPLAYS % "")
    played.play()
    assert not [note for note in judged(played).notes if "anew" in note]


def test_fewer_are_enough_if_the_scenario_says_so(tmp_path: Path) -> None:
    recording(tmp_path)
    played = Played(tmp_path, LISTENS + REPLAYS % ", at-least: 2" + ARRIVED, spoilt(2, 2))
    played.play()
    assert [each.least for each in played.seen(Achieved)] == [1, 1]
    assert judged(played).outcome is Outcome.PASSED
    assert played.seen(StepEnded)[1].ok


def test_more_than_there_are_can_never_be_enough(tmp_path: Path) -> None:
    recording(tmp_path)
    with pytest.raises(InputError, match="at-least is at most the number of messages"):
        Played(tmp_path, LISTENS + REPLAYS % ", at-least: 7")


def test_a_recording_that_was_exchanged_meanwhile_is_no_other_ones_evidence(tmp_path: Path) -> None:
    path = recording(tmp_path)
    played = Played(tmp_path, LISTENS + REPLAYS % "")
    path.unlink()
    recording(tmp_path, count=8)
    with pytest.raises(InputError, match=r"a.jsonl has changed since it was checked"):
        played.play()


RUN_OF_ITS_OWN = """\
  - publish: {broker: tokyo, over: stomp, queue: q, count: 3, every: 100ms, size: 100B, headers: {n: 1}, priority: 9}
  - publish: {broker: tokyo, over: stomp, queue: q, body: "the {n}. of many, and it is as long as it is", count: 11}
  - publish: {broker: tokyo, over: amqp, topic: t, persistent: no}
  - traffic: {name: flow, broker: singapore, over: mqtt, topic: a.b, rate: 10/s, duration: 1s, qos: 0}
"""


def run_of(folder: Path, played: Played) -> Path:
    """Write the folder of a run."""
    folder.mkdir()
    its = HistoryHeader(run="r", scenario="", seed=1, runtime="simulation", started="", declared={}, mqlab="0")
    with HistoryFile(folder / "history.jsonl", its) as file:
        for each in played.recorder.observations:
            file.record(each)
    return folder


def replayed(folder: Path, steps: str) -> tuple[Played, list[Outgoing]]:
    """Play a scenario, and return it with the messages that its clients were handed."""
    handed: list[Outgoing] = []

    def sees(client: KeptClient, message: Outgoing) -> bool:
        handed.append(message)
        return False

    played = Played(folder, steps, lambda lab: setattr(lab, "loses", sees))
    played.play()
    return played, handed


def test_a_runs_own_history_is_sent_again_with_bodies_made_anew_and_judged(tmp_path: Path) -> None:
    first, sent = replayed(tmp_path, RUN_OF_ITS_OWN)
    run_of(tmp_path / "run", first)
    steps = LISTENS + "  - replay: {recording: run, into: tokyo, of: tokyo, over: stomp, pace: 2x}\n"
    steps += "  - replay: {recording: run/history.jsonl, into: singapore, of: singapore}\n"
    second, again = replayed(tmp_path, steps + ARRIVED)
    for one, other in zip(sent, again, strict=True):
        kept = "qos" if one.destination.name == "a.b" else "persistent"
        terms = (kept, "destination", "retained", "expiry", "group", "priority")
        assert [getattr(one, each) for each in terms] == [getattr(other, each) for each in terms]
        assert one.headers.keys() == other.headers.keys() and one.headers.get("n") == other.headers.get("n")
        assert len(one.body) == len(other.body)
        assert other.body.startswith(b"mqlab ")
    assert [len(each.body) for each in again][:4] == [100, 100, 100, 42]
    report = judged(second)
    assert (report.outcome, [each.done for each in second.seen(Achieved)]) == (Outcome.PASSED, [14, 1, 10])
    anew = [note for note in report.notes if note.startswith("Bodies were made anew, since a history has none: ")]
    assert len(anew) == 2 and "step 2 (replay 15 messages of run, published at tokyo, into tokyo " in anew[0]
    before, after = ([each.t for each in played.seen(Sent)] for played in (first, second))
    assert [t - after[0] for t in after[:15]] == pytest.approx([(t - before[0]) / 2 for t in before[:15]], abs=0.02)
    third = run_of(tmp_path / "again", second)
    assert [(key.destination, stream.messages, stream.largest) for key, stream in summarise(third).streams.items()] == [
        ("queue://q", 14, 100),
        ("topic://t", 1, 0),
        ("topic://a.b", 10, 0),
    ]


TOO_SMALL = "  - publish: {broker: tokyo, over: stomp, queue: q, count: 12, size: %dB}\n"


@pytest.mark.parametrize("size", [1, 14, 60])
def test_a_size_that_ids_do_not_fit_into_is_written_as_it_is(tmp_path: Path, size: int) -> None:
    played, handed = replayed(tmp_path, TOO_SMALL % size)
    (told,) = played.seen(Publishing)
    found = [told.size if each.size is None else each.size for each in played.seen(Sent)]
    assert found == [len(each.body) for each in handed]
    assert (told.size is None) == (size < 60)


def test_bodies_that_are_longer_than_the_runs_are_counted_and_their_sizes_written(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    its = HistoryHeader(run="r", scenario="", seed=1, runtime="simulation", started="", declared={}, mqlab="0")
    common = {"client": "c", "broker": "tokyo", "over": "stomp", "persistent": True, "body": "generated"}
    with HistoryFile(tmp_path / "run" / "history.jsonl", its) as file:
        for step, size in enumerate((5, 100), 1):
            file.record(Publishing(t=0.0, step=step, destination=f"queue://{step}", size=size, **common))  # type: ignore[arg-type]
            file.record(Sent(t=0.0, id=f"{step}-1"))
    played, handed = replayed(tmp_path, "  - replay: {recording: run, into: tokyo, pace: acknowledgements}\n")
    (ended,) = played.seen(StepEnded)
    assert "1 body longer than recorded, because of its id" in ended.note
    assert [each.size for each in played.seen(Publishing)] == [None, 100]
    assert [each.size for each in played.seen(Sent)] == [len(handed[0].body), None]


def test_how_late_it_was_is_told(tmp_path: Path) -> None:
    recording(tmp_path)
    played = Played(tmp_path, LISTENS + REPLAYS % "")
    played.play()
    (paced,) = played.seen(Paced)
    assert (paced.step, paced.asked_per_s, paced.held) == (2, 10.0, True)
    assert paced.late_p99_s is not None
    assert paced.late_p99_s < 1e-3
    assert paced.drift == pytest.approx(0.0, abs=1e-3)


def test_lateness_is_told_to_a_tenth_of_a_millisecond() -> None:
    late = Lateness()
    for n in range(1, 1001):
        late.add(n / 10_000 - 1e-5)
    late.add(-1.0)
    assert (late.quantile(0.5), late.quantile(0.99)) == (pytest.approx(0.05), pytest.approx(0.099))
    late.add(7.0)
    assert (late.quantile(1.0), late.most) == (7.0, 7.0)
