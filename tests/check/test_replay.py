"""What a replay's protocol cannot carry is refused by name, with its place, from one look through the recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.check.scenario import check
from lab.declare.loading import load
from lab.declare.recordings import Footer, Header, Recorded, RecordingFile
from lab.declare.scenario import Scenario
from lab.declare.steps.replay import Replay
from lab.errors import InputError
from lab.history import Ended, HistoryFile, Publishing, Sent
from lab.history import Header as HistoryHeader

TOPOLOGY = Path(__file__).parents[2] / "scenarios" / "topologies" / "tokyo-singapore.yaml"


def recorded(**more: object) -> Recorded:
    its = {"t": 0.0, "broker": "tokyo", "over": "stomp", "destination": "topic://a", "body": b"x", "headers": {}} | more
    return Recorded(**its)  # type: ignore[arg-type]


def loaded(folder: Path, fields: str, *messages: Recorded) -> Scenario:
    path = folder / "a.jsonl"
    brokers = dict.fromkeys(("tokyo", *(each.broker for each in messages)), "lab x")
    with RecordingFile(path, Header(started="", mqlab="1", brokers=brokers, asked=())) as file:
        for each in messages:
            file.add(each)
        file.end(Footer(messages=0, seconds=0.0, ended="time"))
    step = f"  - replay: {{recording: a.jsonl, into: tokyo{fields}}}\n"
    (folder / "s.yaml").write_text(f"scenario: s\ntopology: {TOPOLOGY}\nsteps:\n{step}")
    return load(folder / "s.yaml", environment={})


@pytest.mark.parametrize(
    ("fields", "message", "says"),
    [
        ("", None, "a.jsonl has no message"),
        ("", recorded(type="map"), "1 messages to topic://a are neither text nor bytes"),
        ("", recorded(headers={"receipt": "x"}), "messages to topic://a have headers that STOMP itself uses: receipt"),
        ("", recorded(retained=True), "only MQTT has retained messages, and messages to topic://a are retained"),
        (", over: mqtt", recorded(destination="queue://q"), "MQTT knows topics, not queues: messages to queue://q"),
        (
            ", over: mqtt",
            recorded(headers={"a": "b"}),
            "MQTT cannot carry headers, and messages to topic://a need this",
        ),
        (
            ", over: mqtt",
            recorded(expiry=1.0, group="g", priority=9),
            "MQTT cannot carry group, priority, expiry, and messages to topic://a need this",
        ),
        (", over: stomp-wss", recorded(body=b"\xff"), "in a WebSocket STOMP is text: 1 body of messages to topic://a"),
        (", over: amqp", recorded(expiry=5e6), "AMQP permits an expiry of at most 2^32 ms"),
        (", of: osaka", recorded(), 'no broker named "osaka"'),
        (", user: nobody", recorded(), 'no user named "nobody"'),
    ],
)
def test_what_cannot_be_replayed(tmp_path: Path, fields: str, message: Recorded | None, says: str) -> None:
    messages = () if message is None else (message,)
    (problem,) = check(loaded(tmp_path, fields, *messages))
    assert problem.what.startswith(says)
    assert problem.place is not None
    assert problem.place.line == 4


def test_one_that_never_expires_hides_none_that_amqp_cannot_carry(tmp_path: Path) -> None:
    (problem,) = check(loaded(tmp_path, ", over: amqp", recorded(expiry=5e6), recorded()))
    assert problem.what.startswith("AMQP permits an expiry of at most 2^32 ms")


@pytest.mark.parametrize("pace", ["original", "0.000001x", "1/h"])
def test_a_recording_of_ages_is_a_long_one(tmp_path: Path, pace: str) -> None:
    (step,) = loaded(tmp_path, f", pace: {pace}", recorded(), recorded(t=9e14)).steps
    assert isinstance(step, Replay)
    assert step.shortest.total_seconds() == (3600 if pace == "1/h" else 1e9)


def test_what_was_recorded_in_several_places_or_ways_must_be_told_apart(tmp_path: Path) -> None:
    (problem,) = check(loaded(tmp_path, "", recorded(), recorded(broker="osaka")))
    assert problem.what == "the recording is from osaka, tokyo, so it may contain a message more than once"
    assert check(loaded(_empty(tmp_path), ", of: osaka", recorded(), recorded(broker="osaka"))) == ()
    (problem,) = check(loaded(_empty(tmp_path), "", recorded(), recorded(over="amqp")))
    assert problem.what == "the messages were recorded over amqp and stomp"
    assert check(loaded(_empty(tmp_path), ", over: amqp", recorded(), recorded(over="amqp"))) == ()


def _empty(folder: Path) -> Path:
    (folder / "a.jsonl").unlink()
    return folder


@pytest.mark.parametrize("pace", ["fast", "0x", "-1x", "10", "0/s", "1e3x", "x", "[1, 2]"])
def test_what_is_no_pace(tmp_path: Path, pace: str) -> None:
    with pytest.raises(InputError, match=r"s.yaml:4:\d+: "):
        loaded(tmp_path, f", pace: {pace}", recorded())


def test_a_damaged_recording_is_a_problem_at_its_own_line(tmp_path: Path) -> None:
    loaded(tmp_path, "", recorded())
    (tmp_path / "a.jsonl").write_text((tmp_path / "a.jsonl").read_text().replace('"t":0.0', '"t":-1'))
    with pytest.raises(InputError, match=r"a.jsonl:2:1: `t`: expected `float` >= 0.0"):
        load(tmp_path / "s.yaml", environment={})


def test_a_damaged_history_is_a_problem_at_its_own_line(tmp_path: Path) -> None:
    loaded(tmp_path, "", recorded())
    (tmp_path / "a.jsonl").write_text('{"history":1,"run":"r"}\n')
    with pytest.raises(InputError, match=r"a.jsonl:1:1: `scenario` is missing"):
        load(tmp_path / "s.yaml", environment={})


def of_run(folder: Path, fields: str, *published: Publishing) -> Scenario:
    """Return a scenario that replays the history in the folder of a run, of one message of each step."""
    (folder / "run").mkdir()
    its = HistoryHeader(run="r", scenario="", seed=1, runtime="emulation", started="", declared={}, mqlab="0")
    with HistoryFile(folder / "run" / "history.jsonl", its) as file:
        for each in published:
            file.record(each)
            file.record(Sent(t=1.0, id=f"{each.step}-1"))
        file.record(Ended(t=2.0, complete=True))
    step = f"  - replay: {{recording: run, into: tokyo{fields}}}\n"
    (folder / "s.yaml").write_text(f"scenario: s\ntopology: {TOPOLOGY}\nsteps:\n{step}")
    return load(folder / "s.yaml", environment={})


def published(step: int, **more: object) -> Publishing:
    its = {"broker": "tokyo", "over": "stomp", "destination": "topic://a", "persistent": True, "size": 50} | more
    return Publishing(t=0.0, step=step, client="c", body="generated", **its)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "more", "says"),
    [
        ("", None, "run has no message"),
        ("", {"broker": "osaka"}, "the messages were published at osaka, tokyo, and all would go into tokyo"),
        ("", {"over": "amqp"}, "the messages were published over amqp and stomp"),
        (", of: paris", {}, 'no broker named "paris"'),
        (", over: mqtt", {"destination": "queue://q"}, "MQTT knows topics, not queues: messages to queue://q"),
        ("", {"size": 2**30}, "a body of messages to topic://a has 1073741824 bytes"),
        ("", {"headers": {"receipt": "x"}}, "messages to topic://a have headers that STOMP itself uses: receipt"),
    ],
)
def test_what_of_a_run_cannot_be_replayed(
    tmp_path: Path, fields: str, more: dict[str, object] | None, says: str
) -> None:
    steps = () if more is None else (published(1), published(2, **more))
    (problem,) = check(of_run(tmp_path, fields, *steps))
    assert problem.what.startswith(says)


def test_a_replay_of_a_run_says_that_its_bodies_are_made_anew(tmp_path: Path) -> None:
    scenario = of_run(tmp_path, ", of: osaka", published(1), published(2, broker="osaka"))
    assert check(scenario) == ()
    (step,) = scenario.steps
    words = "replay 1 message of run, published at osaka, into tokyo over stomp, pace original"
    assert step.words() == f"{words}, bodies made anew, as large as the run's or their ids need"
    assert step.written() == {"recording": "run", "into": "tokyo", "of": "osaka", "pace": "original"}


def test_a_step_says_what_it_sends_and_how_long_it_takes(tmp_path: Path) -> None:
    messages = [recorded(t=n * 2.0, destination=f"topic://{n % 2}") for n in range(6)]
    (step,) = loaded(tmp_path, ", pace: 2.5x", *messages).steps
    assert isinstance(step, Replay)
    assert step.words() == "replay 6 messages of a.jsonl into tokyo over stomp, pace 2.5x"
    assert (step.sends_to, step.numbers, step.shortest.total_seconds()) == (("topic://0", "topic://1"), 2, 4.0)
    assert step.written() == {"recording": "a.jsonl", "into": "tokyo", "pace": "2.5x"}
    again = Replay.model_validate(step.written())
    assert (again.recording.path, again.pace, again.sends_to) == ("a.jsonl", step.pace, ())
