"""What comes at a simulated broker is recorded as it is, and a replay of it is recorded as the same again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lab import labs
from lab.base.interrupts import Terminated
from lab.base.masking import MASK
from lab.declare.recordings import Footer, Reading, Redaction
from lab.errors import BrokerError, HostError, InputError
from lab.judge import Outcome
from lab.living.lab import Live
from lab.living.recording import Source, Wanted, record
from lab.runtime.clock import RealClock
from lab.runtime.messages import Destination, Incoming, Look, Shown
from tests.living.recorded_again import TOPOLOGY, at, check_same_again, during, recorded

ALL = ["mqtt", "mqtt-wss", "stomp", "stomp-wss", "amqp"]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path / "runs", environment={}) as lab:
        yield lab


def send(live: Live, over: str, bodies: Sequence[bytes], broker: str = "tokyo", **to: Any) -> None:
    with live.connect(broker, over) as client:
        for body in bodies:
            client.publish(body, **to)


def publishing(live: Live, over: str, bodies: Sequence[bytes], **to: Any) -> Callable[[], None]:
    return during(live, lambda: send(live, over, bodies, **to))


@pytest.mark.parametrize("over", ALL)
def test_record_replay_record_is_the_same_again(live: Live, tmp_path: Path, over: str) -> None:
    check_same_again(live, tmp_path, over)


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_a_queue_is_looked_at_and_keeps_its_messages(live: Live, tmp_path: Path, over: str) -> None:
    send(live, over, [b"1", b"2"], queue="orders")

    def more() -> None:
        live.lab.clock.sleep(1.5)
        send(live, over, [b"3"], queue="orders")

    path = tmp_path / "a.jsonl"
    wanted = Wanted(queues=("orders",), seconds=5)
    footer = record([at(live, "tokyo", over)], wanted, path, live.lab.clock, ready=during(live, more))
    found = recorded(path)
    assert [each.body for each in found] == [b"1", b"2", b"3"], "each once, though it was shown several times"
    assert found[0].t < 1.0 < found[2].t
    assert live.queued("tokyo", "orders") == 3
    assert "messages that came to queue://orders and were consumed between two polls, 1 s apart" in footer.missed


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_a_queue_is_consumed_if_told(live: Live, tmp_path: Path, over: str) -> None:
    send(live, over, [b"1", b"2"], queue="orders")
    path = tmp_path / "a.jsonl"
    footer = record(
        [at(live, "tokyo", over)], Wanted(queues=("orders",), consume=True, seconds=2), path, live.lab.clock
    )
    assert [each.body for each in recorded(path)] == [b"1", b"2"]
    assert live.queued("tokyo", "orders") == 0
    assert (footer.ended, footer.missed) == ("time", ())


def test_what_each_protocol_shows(live: Live, tmp_path: Path) -> None:
    def work() -> None:
        send(live, "mqtt", [b"q0"], topic="a.b", qos=0)
        send(live, "mqtt", [b"q2"], topic="a.b", qos=2)
        send(live, "stomp", [b"s"], topic="a.b", persistent=False, headers={"k": "v"})

    shown = {}
    for over in ("mqtt", "stomp", "amqp"):
        path = tmp_path / f"{over}.jsonl"
        record(
            [at(live, "tokyo", over)], Wanted(topics=("a.*",), most=3), path, live.lab.clock, ready=during(live, work)
        )
        shown[over] = recorded(path)
        assert [each.body for each in shown[over]] == [b"q0", b"q2", b"s"]
        assert {each.destination for each in shown[over]} == {"topic://a.b"}
    assert [each.qos for each in shown["mqtt"]] == [0, 2, 1]  # of a non-persistent message of STOMP: ActiveMQ's way
    for over in ("stomp", "amqp"):
        assert [each.persistent for each in shown[over]] == [False, True, False]
        assert dict(shown[over][2].headers) == {"k": "v"}, "without the mark of the lab"
        assert len({each.id for each in shown[over]}) == 3


def test_secrets_in_headers_are_replaced_unless_told(live: Live, tmp_path: Path) -> None:
    ready = publishing(live, "stomp", [b"x"], topic="t", headers={"token": "s3cret", "kind": "a"})
    paths = tmp_path / "safe.jsonl", tmp_path / "kept.jsonl"
    footers: list[Footer] = []
    for path, redaction in zip(paths, (Redaction(), None), strict=True):
        source = at(live, "tokyo", "stomp")
        footers.append(
            record([source], Wanted(topics=("t",), most=1), path, live.lab.clock, redaction=redaction, ready=ready)
        )
    assert [recorded(path)[0].headers["token"] for path in paths] == [MASK, "s3cret"]
    assert b"s3cret" not in paths[0].read_bytes()
    assert [footer.redacted for footer in footers] == [{"token": 1}, {}]


def test_several_brokers_are_told_apart(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    def work() -> None:
        live.wait(lambda: live.demand("tokyo", topic="t"), within=60)
        send(live, "stomp", [b"x"], topic="t")

    sources = [at(live, "tokyo", "stomp"), at(live, "singapore", "stomp")]
    record(sources, Wanted(topics=("t",), most=2, seconds=60), path, live.lab.clock, ready=during(live, work))
    assert [each.broker for each in recorded(path)] == ["tokyo", "singapore"]


def test_a_lost_connection_ends_it_and_the_last_line_says_so(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    def work() -> None:
        send(live, "stomp", [b"x"], topic="t")
        live.lab.instances.kill("tokyo")

    its = record([at(live, "tokyo", "stomp")], Wanted(topics=("t",)), path, live.lab.clock, ready=during(live, work))
    assert its.ended == "lost: tokyo: the connection was lost"
    assert [each.body for each in recorded(path)] == [b"x"]


def of_a_lock(signal: BaseException) -> RuntimeError:
    """Return what a signal becomes that comes while the interpreter takes a lock."""
    error = RuntimeError("release unlocked lock")
    error.__context__ = signal
    return error


@pytest.mark.parametrize(
    ("signal", "ended"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (Terminated(15), "terminated"),
        (of_a_lock(KeyboardInterrupt()), "interrupted"),
        (of_a_lock(Terminated(15)), "terminated"),
    ],
    ids=repr,
)
def test_a_signal_ends_it_with_all_that_came(live: Live, tmp_path: Path, signal: BaseException, ended: str) -> None:
    path = tmp_path / "a.jsonl"

    class Interrupted:
        """A connection that a signal comes in, at its second look."""

        lost_because = ""

        def __init__(self) -> None:
            self.looks = 0
            self.its = live.connect("tokyo", "stomp")

        def subscribe(self, **terms: Any) -> None:
            raise AssertionError("queues are only looked at")

        def browse(self, queue: str, within: float = 10.0) -> Any:
            self.looks += 1
            if self.looks == 2:
                raise signal
            return self.its.browse(queue, within)

        def close(self) -> None:
            self.its.close()

    send(live, "stomp", [b"1"], queue="q")
    source = Source(name="tokyo", where="here", over="stomp", connect=lambda take: Interrupted())
    with suppress(Terminated):
        record([source], Wanted(queues=("q",)), path, live.lab.clock)
    with Reading(path) as reading:
        assert [each.body for each in reading] == [b"1"]
    assert reading.footer is not None
    assert reading.footer.ended == ended


class Shows:
    """A connection whose browser shows what is given, a look after the other; at the end it is lost amid a look."""

    def __init__(self, looks: Sequence[Sequence[Incoming]]) -> None:
        self.lost_because = ""
        self._looks = list(looks)

    def subscribe(self, **terms: Any) -> None: ...

    def browse(self, queue: str, within: float = 10.0) -> Look:
        if not self._looks:
            self.lost_because = "it went"
            raise BrokerError("the connection was lost")
        return Look(tuple(self._looks.pop(0)), ended=True)

    def close(self) -> None: ...


def incoming(body: bytes, *, to: str = "queue://q", type: str = "bytes", **shown: Any) -> Incoming:
    where, headers = Destination.of(to), shown.pop("headers", {})
    return Incoming(where, body, {}, False, False, shown=Shown(where, headers, type=type, **shown))


def test_equal_bodies_without_an_id_are_several_messages(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    same, named = incoming(b"x"), incoming(b"y", id="one")
    looks = [[same, named], [], [same, same, named, named], []]  # of the queues q and r in turn
    source = Source(name="tokyo", where="here", over="amqp", connect=lambda take: Shows(looks))
    record([source], Wanted(queues=("q", "r")), path, live.lab.clock)
    assert [each.body for each in recorded(path)] == [b"x", b"y", b"x", b"y"]


def test_copies_in_two_queues_may_have_one_id(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    looks = [[incoming(b"x", id="1", to=f"queue://{queue}")] for queue in ("q", "r", "q", "r")]
    source = Source(name="tokyo", where="here", over="stomp", connect=lambda take: Shows(looks))
    record([source], Wanted(queues=("q", "r")), path, live.lab.clock)
    assert [each.destination for each in recorded(path)] == ["queue://q", "queue://r"]


def test_a_connection_lost_amid_a_look_ends_it_with_its_last_line(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    source = Source(name="tokyo", where="here", over="stomp", connect=lambda take: Shows([[incoming(b"x", id="1")]]))
    footer = record([source], Wanted(queues=("q",)), path, live.lab.clock)
    assert footer.ended == "lost: tokyo: it went"
    assert "messages that 1 poll of queue://q at tokyo did not show" in footer.missed
    assert [each.body for each in recorded(path)] == [b"x"]


def test_what_no_line_can_hold_is_left_out_and_told(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    bad = incoming(b"1", id="1", group="a\nb", headers={"token": "s3cret"})
    empty = incoming(b"", id="2", type="text")
    connection = Shows([[bad, empty, incoming(b"3", id="3")]])
    source = Source(name="tokyo", where="here", over="stomp", connect=lambda take: connection)
    footer = record([source], Wanted(queues=("q",)), path, live.lab.clock, redaction=Redaction())
    assert [each.body for each in recorded(path)] == [b"", b"3"]
    assert (footer.messages, footer.redacted) == (2, {})
    assert footer.missed[-2:] == (
        "1 message too large or invalid for a recording (the first: `group`: a character that is not allowed here)",
        "the content of 1 message without a body: STOMP cannot show it",
    )


@pytest.mark.parametrize("over", ["stomp", "amqp"])
def test_what_is_taken_from_a_queue_is_in_the_recording_also_beyond_the_count(
    live: Live, tmp_path: Path, over: str
) -> None:
    given = [b"%d" % n for n in range(20)]
    send(live, over, given, queue="orders")
    path = tmp_path / "a.jsonl"
    wanted = Wanted(queues=("orders",), consume=True, most=2)
    footer = record([at(live, "tokyo", over)], wanted, path, live.lab.clock)
    found = [each.body for each in recorded(path)]
    assert found == given[: len(found)]
    live.wait(lambda: live.queued("tokyo", "orders") == len(given) - len(found), within=60)
    assert (footer.ended, footer.messages) == ("count", len(found))


def test_its_time_begins_when_everything_listens(live: Live, tmp_path: Path) -> None:
    clock, listens = live.lab.clock, list[float]()

    def connect(take: Callable[[Incoming], None]) -> Any:
        clock.sleep(5.0)
        return live.connect("tokyo", "stomp", on_message=take)

    source = Source(name="tokyo", where="here", over="stomp", connect=connect)
    wanted = Wanted(topics=("t",), seconds=2)
    record([source], wanted, tmp_path / "a.jsonl", clock, ready=lambda: listens.append(clock.now()))
    assert clock.now() - listens[0] == pytest.approx(2.0, abs=0.1)


def test_nothing_is_left_of_what_could_not_begin(live: Live, tmp_path: Path) -> None:
    def connect(take: Callable[[Incoming], None]) -> Any:
        raise BrokerError("wrong user or password")

    path = tmp_path / "a.jsonl"
    with pytest.raises(BrokerError):
        record(
            [Source(name="x", where="x", over="stomp", connect=connect)], Wanted(topics=("t",)), path, live.lab.clock
        )
    assert not path.exists()
    path.write_text("mine")
    with pytest.raises(InputError, match=r"a\.jsonl exists"):
        record([at(live, "tokyo", "stomp")], Wanted(topics=("t",)), path, live.lab.clock)
    assert path.read_text() == "mine"


def test_advisories_are_recorded_only_if_they_are_asked_for(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    ready = publishing(live, "stomp", [b"x"], topic="t")
    record([at(live, "tokyo", "stomp")], Wanted(topics=(">",), seconds=2), path, live.lab.clock, ready=ready)
    assert [each.destination for each in recorded(path)] == ["topic://t"]


SCENARIO = """
scenario: what was recorded crosses the ocean
topology: {topology}
steps:
  - subscribe: {{client: sg, broker: singapore, over: {over}, topic: "prices.>"}}
  - replay: {{recording: first.jsonl, into: tokyo, pace: {pace}}}
  - publish: {{broker: tokyo, over: stomp, topic: prices.eur}}
expect:
  - delivered: {{to: sg, topic: prices.eur, promise: exactly-once, within: 30s}}
  - delivered: {{to: sg, topic: prices.usd, promise: exactly-once, within: 30s}}
"""


def test_no_secret_of_a_recording_comes_into_the_history_of_its_replay(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "first.jsonl"
    ready = publishing(live, "stomp", [b"x"], topic="prices.usd", headers={"token": "s3cret", "kind": "order"})
    record([at(live, "tokyo", "stomp")], Wanted(topics=("prices.usd",), most=1), path, live.lab.clock, ready=ready)
    assert b"s3cret" in path.read_bytes(), "it was told to keep them"
    (tmp_path / "a.yaml").write_text(SCENARIO.format(topology=TOPOLOGY, over="stomp", pace="acknowledgements"))
    ran = labs.run(tmp_path / "a.yaml", runtime="simulation", runs=tmp_path / "replayed")
    assert ran.report.outcome is Outcome.PASSED, ran.report
    kept = [each.read_bytes() for each in (tmp_path / "replayed").rglob("*") if each.is_file()]
    assert any(b'"kind":"order"' in each for each in kept)
    assert not any(b"s3cret" in each for each in kept)


@pytest.mark.parametrize("pace", ["original", "10x", "200/s", "acknowledgements"])
@pytest.mark.parametrize("over", ["mqtt", "stomp", "amqp"])
def test_a_scenario_replays_it_and_it_is_judged_as_any_traffic(
    live: Live, tmp_path: Path, over: str, pace: str
) -> None:
    def work() -> None:
        for n in range(4):
            send(live, over, [b"%d" % n], topic=f"prices.{'eur' if n % 2 else 'usd'}")
            live.lab.clock.sleep(0.5)

    path = tmp_path / "first.jsonl"
    record(
        [at(live, "tokyo", over)], Wanted(topics=("prices.>",), most=4), path, live.lab.clock, ready=during(live, work)
    )
    (tmp_path / "a.yaml").write_text(SCENARIO.format(topology=TOPOLOGY, over=over, pace=pace))
    ran = labs.run(tmp_path / "a.yaml", runtime="simulation", runs=tmp_path / "runs")
    assert ran.report.outcome is Outcome.PASSED, ran.report


def fill_disk_of(path: Path) -> None:
    """Have a file that this process writes be on a disk that is full from now on."""
    with Path("/dev/full").open("wb") as full:
        (number,) = (each.name for each in Path("/proc/self/fd").iterdir() if each.resolve() == path.resolve())
        os.dup2(full.fileno(), int(number))


@pytest.mark.parametrize("sent", [0, 2])
def test_a_full_disk_is_said_in_words_with_what_is_in_the_file(live: Live, tmp_path: Path, sent: int) -> None:
    path = tmp_path / "a.jsonl"

    def fills() -> None:
        send(live, "stomp", sent * [b"1"], topic="t")
        assert RealClock().wait(lambda: path.read_bytes().count(b"\n") == 1 + sent, 30)
        fill_disk_of(path)
        send(live, "stomp", [b"2"], topic="t")

    wanted = Wanted(topics=("t",), seconds=5)
    with pytest.raises(HostError) as caught:
        record([at(live, "tokyo", "stomp")], wanted, path, live.lab.clock, ready=during(live, fills))
    assert str(caught.value) == (
        f"the disk is full, or its quota: {path} cannot be written\n"
        f"  the file has at least {sent} messages; mqlab reads it up to its last whole line\n"
        "  record again, into a file on another disk"
    )
    with Reading(path) as reading:
        assert len([*reading]) == sent and "cut short" in reading.loss
