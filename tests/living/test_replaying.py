"""A recording sent into a lab that stands is what the step sends, in its history, and judged as any traffic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import labs
from lab.clients.base import MOST_IN_FLIGHT
from lab.declare.recordings import Footer, Header, Recorded, RecordingFile
from lab.errors import BrokerError, HostError, InputError
from lab.history import Achieved, LinkChanged, Paced, Publishing, StepEnded, StepStarted, observations
from lab.judge import Outcome
from lab.living.lab import Live
from lab.living.recording import Wanted, record
from lab.living.replaying import replay_of
from tests.living.recorded_again import TOPOLOGY, at, during, lasting, recorded

EXPECTED = f"""
scenario: it crosses the ocean
topology: {TOPOLOGY}
steps:
  - subscribe: {{client: desk, broker: singapore, over: stomp, topic: prices.>}}
  - publish: {{broker: tokyo, over: stomp, topic: prices.eur}}
expect:
  - delivered: {{to: desk, topic: prices.eur, promise: exactly-once, within: 30s}}
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path / "runs", environment={}) as lab:
        yield lab


def recording(
    path: Path, over: str = "stomp", count: int = 10, to: str = "topic://prices.eur", *, end: bool = True
) -> Path:
    """Write a recording of two destinations in turn, four messages a second."""
    with RecordingFile(path, Header(started="", mqlab="1", brokers={"here": "x"}, asked=())) as file:
        for n in range(count):
            where = to if n % 2 else "topic://prices.usd"
            terms = {"headers": {"kind": "order"}, "persistent": True, "type": "text"} if over != "mqtt" else {}
            its = {"headers": {}, **terms}
            file.add(Recorded(t=n / 4, broker="here", over=over, destination=where, body=b"%d" % n, **its))  # type: ignore[arg-type]
        if end:
            file.end(Footer(messages=0, seconds=count / 4, ended="time"))
    return path


def judged(live: Live, folder: Path) -> Outcome:
    (folder / "expected.yaml").write_text(EXPECTED)
    live.lab.clock.sleep(2.5)  # a duplicate would have come by then
    return live.judge(folder / "expected.yaml").outcome


@pytest.mark.parametrize("over", ["mqtt", "stomp", "amqp"])
def test_what_comes_of_it_is_recorded_as_the_same_again(live: Live, tmp_path: Path, over: str) -> None:
    first, again = recording(tmp_path / "first.jsonl.gz", over), tmp_path / "again.jsonl"
    wanted = Wanted(topics=("prices.eur", "prices.usd"), most=10, seconds=60)
    ready = during(live, lambda: live.replay(first, "tokyo") and None)
    record([at(live, "tokyo", over)], wanted, again, live.lab.clock, ready=ready)
    before, after = recorded(first), recorded(again)
    assert [each.body for each in after] == [each.body for each in before]
    assert [each.t - after[0].t for each in after] == pytest.approx([each.t for each in before], abs=0.1)
    if over != "mqtt":
        assert [lasting(each).headers for each in after] == [each.headers for each in before]


def test_it_is_a_step_of_the_labs_history_and_judged(live: Live, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl")
    with live.connect("singapore", over="stomp", name="desk") as desk:
        desk.subscribe(topic="prices.>")
        live.wait(lambda: live.demand("tokyo", topic="prices.eur"), within=60)
        sent = live.replay(path, "tokyo", pace="10x")
        assert (sent.messages, sent.note.startswith("asked 40/s, reached 40/s")) == (10, True)
        live.cut()
        live.heal()
        assert [desk.receive(within=60).body for _ in range(10)] == [b"%d" % n for n in range(10)]
        assert judged(live, tmp_path) is Outcome.PASSED
    seen = tuple(observations(live.history.file.path))
    begun = [each for each in seen if isinstance(each, StepStarted)]
    assert (begun[0].verb, begun[0].by, begun[0].step) == ("replay", "python", sent.step)
    streams = [each for each in seen if isinstance(each, Publishing)]
    assert [(each.step, each.part_of, each.count) for each in streams] == [
        (sent.step, None, 5),
        (sent.step + 1, sent.step, 5),
    ]
    assert begun[1].step == sent.step + 2, "no number comes twice"
    assert [each.done for each in seen if isinstance(each, Achieved)] == [5, 5]
    assert [each.held for each in seen if isinstance(each, Paced)] == [True]
    assert next((each.step, each.ok) for each in seen if isinstance(each, StepEnded)) == (sent.step, True)


def test_others_change_the_lab_meanwhile(live: Live, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl")

    def work() -> None:
        live.lab.clock.sleep(1.0)
        live.cut()

    live.lab.clock.begin("work", work)
    sent = live.replay(path, "tokyo")
    seen = tuple(observations(live.history.file.path))
    (cut, *_) = (each.t for each in seen if isinstance(each, LinkChanged))
    (ended,) = (each for each in seen if isinstance(each, StepEnded) and each.step == sent.step)
    assert cut < ended.t and ended.ok


def test_a_lost_broker_ends_it_with_an_error(live: Live, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl")

    def work() -> None:
        live.lab.clock.sleep(1.1)
        live.lab.instances.kill("tokyo")

    live.lab.clock.begin("work", work)
    with pytest.raises(BrokerError, match=r"replay 10 messages of .*: \d ok, .* not sent"):
        live.replay(path, "tokyo")
    (ended,) = (each for each in observations(live.history.file.path) if isinstance(each, StepEnded))
    assert not ended.ok


def test_an_interruption_tells_what_was_accepted(live: Live, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl")

    def work() -> None:
        live.lab.clock.sleep(1.1)
        raise KeyboardInterrupt

    live.lab.clock.begin("work", work)
    with pytest.raises(KeyboardInterrupt) as caught:
        live.replay(path, "tokyo")
    (ended,) = (each for each in observations(live.history.file.path) if isinstance(each, StepEnded))
    assert (ended.ok, [ended.note]) == (False, caught.value.__notes__)
    assert re.fullmatch(r"interrupted when [1-9] of 10 were accepted", ended.note)


def test_one_that_fell_short_or_was_killed_is_noted_by_the_judge(live: Live, tmp_path: Path) -> None:
    path, said = recording(tmp_path / "a.jsonl", count=40), tmp_path / "expected.yaml"
    said.write_text(EXPECTED)
    clock = live.lab.clock

    def work() -> None:
        with pytest.raises(BrokerError):
            live.replay(path, "tokyo")

    clock.begin("replay", work)
    clock.sleep(2.0)
    (going,) = (each for each in live.judge(said).notes if "replay" in each)  # a killed one never gets any further
    assert going.startswith("A step has no end: step 1 (replay 40 messages of ")
    live.lab.instances.kill("tokyo")
    clock.sleep(60.0)
    (short,) = (each for each in live.judge(said).notes if "replay" in each)
    assert short.startswith("A step was not done as asked: step 1 (replay 40 messages of ") and "not sent" in short


def test_what_would_have_held_is_unknown_after_one_that_fell_short_and_while_it_goes_on(
    live: Live, tmp_path: Path
) -> None:
    path, said, clock = recording(tmp_path / "a.jsonl"), tmp_path / "expected.yaml", live.lab.clock
    said.write_text(EXPECTED.replace("exactly-once", "at-least-once"))

    def work() -> None:
        with pytest.raises(BrokerError):
            live.replay(path, "tokyo")

    with live.connect("singapore", over="stomp", name="desk") as desk:
        desk.subscribe(topic="prices.>")
        live.wait(lambda: live.demand("tokyo", topic="prices.eur"), within=60)
        clock.begin("replay", work)
        clock.sleep(1.3)
        going = live.judge(said)
        assert going.outcome is Outcome.UNKNOWN
        reason = going.verdicts[0].reason
        assert "step 2, topic://prices.eur (replay 10 messages of " in reason
        assert "): 2 of 5 accepted, 3 not sent by then (judge again when it has ended; if it" in reason
        assert "prices.usd" not in reason, "the expectation is not about those"
        live.lab.instances.kill("tokyo")
        clock.sleep(60.0)
        short = live.judge(said)
        assert short.outcome is Outcome.UNKNOWN
        assert "2 of 5 accepted, 3 never sent (do it anew, and judge from there on); apart from that " in (
            short.verdicts[0].reason
        )
        assert [(each.done, each.short) for each in short.steps] == [(3, True), (2, True)]
        live.lab.instances.start("tokyo")
        live.wait(lambda: live.demand("tokyo", topic="prices.eur"), within=60)
        live.mark("anew")
        live.replay(path, "tokyo", pace="10x")
        clock.sleep(10.0)
        assert live.judge(said, since="anew").outcome is Outcome.PASSED
        assert live.judge(said).outcome is Outcome.UNKNOWN


def test_one_that_was_killed_before_it_told_what_it_sends_leaves_nothing_held(live: Live, tmp_path: Path) -> None:
    verb = replay_of(recording(tmp_path / "a.jsonl"), "tokyo")
    with live.connect("singapore", over="stomp", name="desk") as desk, live.connect("tokyo", over="stomp") as shop:
        desk.subscribe(topic="prices.>")
        live.wait(lambda: live.demand("tokyo", topic="prices.eur"), within=60)
        shop.publish(b"1", topic="prices.eur")
        live.lab.clock.sleep(5.0)
        assert judged(live, tmp_path) is Outcome.PASSED
        live.history.file.number(lambda number: live.history.begun(verb, number), verb.numbers)
        assert judged(live, tmp_path) is Outcome.UNKNOWN
        (verdict,) = live.judge(tmp_path / "expected.yaml").verdicts
        assert (
            "it has no end and no record of its messages (judge again; if it was killed, do it anew" in verdict.reason
        )


def test_one_that_fell_short_of_what_is_enough_is_the_judges_too(live: Live, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl")

    def work() -> None:
        live.lab.clock.sleep(1.3)
        live.lab.instances.kill("tokyo")

    with live.connect("singapore", over="stomp", name="desk") as desk:
        desk.subscribe(topic="prices.>")
        live.wait(lambda: live.demand("tokyo", topic="prices.eur"), within=60)
        live.lab.clock.begin("work", work)
        assert live.replay(path, "tokyo", at_least=5).messages == 5
        live.lab.clock.sleep(60.0)
        assert judged(live, tmp_path) is Outcome.PASSED


def test_that_a_recording_was_cut_short_is_said_where_it_went_well(live: Live, tmp_path: Path) -> None:
    sent = live.replay(recording(tmp_path / "a.jsonl", end=False), "tokyo", pace="acknowledgements")
    cut = "it was cut short after 10 whole messages: later messages are lost"
    assert (sent.messages, sent.note) == (10, cut)


def test_a_silent_broker_is_no_pace_that_was_not_held(live: Live, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl", "mqtt", count=3 * MOST_IN_FLIGHT)

    def work() -> None:
        live.lab.clock.sleep(0.3)
        live.lab.instances.pause("tokyo")

    live.lab.clock.begin("work", work)
    with pytest.raises(BrokerError, match="no acknowledgement came for 30 s"):
        live.replay(path, "tokyo", pace="1000/s", at_least=1)


def test_fewer_are_enough_if_it_is_said(live: Live, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl")

    def work() -> None:
        live.lab.clock.sleep(1.3)
        live.lab.instances.kill("tokyo")

    live.lab.clock.begin("work", work)
    assert 3 <= live.replay(path, "tokyo", at_least=3).messages < 10


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"into": "paris"}, r"can't find requested broker \[paris\]"),
        ({"pace": "fast"}, "pace: 'fast' is no pace: write original, 10x, 200/s or acknowledgements"),
        ({"over": "mqtt"}, "MQTT cannot carry headers, .*\n  over='stomp', or over='amqp'"),
        ({"over": "smtp"}, "over: "),
        ({"of": "there"}, 'no broker named "there"'),
        ({"user": "nobody"}, "nobody"),
        ({"at_least": 11}, "at-least is at most the number of messages"),
    ],
)
def test_what_cannot_be_sent_so_is_refused_before_anything_is_sent(
    live: Live, tmp_path: Path, arguments: dict[str, str], says: str
) -> None:
    path = recording(tmp_path / "a.jsonl")
    with pytest.raises(InputError, match=says):
        live.replay(path, **{"into": "tokyo", **arguments})  # type: ignore[arg-type]
    assert not [each for each in observations(live.history.file.path) if isinstance(each, StepStarted)]


def test_a_file_that_is_no_recording_is_refused(live: Live, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no message"):
        live.replay(live.history.file.path, "tokyo")
    with pytest.raises(InputError, match="is not there"):
        live.replay(tmp_path / "none.jsonl", "tokyo")


def test_its_own_history_can_be_sent_into_it_as_far_as_it_went(live: Live, tmp_path: Path) -> None:
    """A lab's own history grows while it is replayed into that lab; only what was there before is sent."""
    live.replay(recording(tmp_path / "a.jsonl"), "tokyo", pace="acknowledgements")
    with live.connect("tokyo", over="stomp") as client:
        client.publish(b"x" * 1000, queue="orders", headers={"kind": "large"})
    with live.connect("singapore", over="stomp", name="desk") as desk:
        desk.subscribe(topic="prices.>")
        live.wait(lambda: live.demand("tokyo", topic="prices.eur"), within=60)
        again = live.replay(live.history.file.path, "tokyo", pace="100x")
        assert again.messages == 11
        made, lost = again.note.split("; ")[-2:]
        assert made == "bodies made anew, as large as the run's or their ids need"
        assert lost == "its lab was running, or was killed, after 11 messages: later messages are missing"
        assert all(desk.receive(within=60).body.startswith(b"mqlab ") for _ in range(10))
        assert judged(live, tmp_path) is Outcome.PASSED
    streams = {
        each.destination: each
        for each in observations(live.history.file.path)
        if isinstance(each, Publishing) and again.step in (each.step, each.part_of)
    }
    orders = streams["queue://orders"]
    assert (orders.body, orders.size, orders.headers) == ("generated", 1000, {"kind": "large"})
    assert live.replay(live.folder, "tokyo", pace="acknowledgements").messages == 22


def test_a_pace_that_is_not_held_is_an_error(live: Live, tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl", count=2 * MOST_IN_FLIGHT)

    def work() -> None:
        live.lab.clock.sleep(0.3)
        live.lab.instances.pause("tokyo")
        live.lab.clock.sleep(10.0)
        live.lab.instances.resume("tokyo")

    live.lab.clock.begin("work", work)
    with pytest.raises(
        HostError, match="the rate could not be held\n  choose a pace that this machine and the broker can keep"
    ):
        live.replay(path, "tokyo", pace="1000/s")
