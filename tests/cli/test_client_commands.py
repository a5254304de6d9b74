"""publish, listen and wait, on a simulated lab: what they do to it, what they say, and what ends them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab import labs
from lab.cli import app
from lab.cli.listen import heard, to_dict
from lab.cli.publish import send
from lab.errors import BrokerError, InputError, LabTimeout
from lab.history import Acknowledged, Sent, observations
from lab.living.lab import Live
from lab.runtime.messages import Destination, Incoming

BODIES = (b"one", b"two", b"\xff\x00")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as lab:
        yield lab


@pytest.mark.parametrize("over", ["mqtt", "stomp", "amqp", "mqtt-wss"])
def test_what_is_published_in_one_region_is_heard_in_the_other(live: Live, over: str) -> None:
    listening = heard(live, "singapore", topic="prices", over=over, count=3, within=30)
    assert next(listening) is None
    live.wait(lambda: live.demand("tokyo", topic="prices"), within=60)
    told = send(live, "tokyo", iter(BODIES), to={"topic": "prices"}, over=over)
    assert (told["sent"], told["destination"]) == (3, "topic://prices")
    assert [each.body for each in listening if each is not None] == list(BODIES)


def test_a_rate_is_kept(live: Live) -> None:
    told = send(live, "tokyo", iter([b"x"] * 11), to={"topic": "q"}, every=0.5)
    assert 5.0 <= told["seconds"] < 5.5


def test_fewer_messages_than_wanted_are_a_time_out_with_their_number(live: Live) -> None:
    send(live, "tokyo", iter(BODIES), to={"queue": "q"}, over="stomp")
    with pytest.raises(LabTimeout, match=r"3 of 4 messages came within 2 s"):
        list(heard(live, "tokyo", queue="q", over="stomp", count=4, within=2))


def test_without_a_number_the_time_ends_it(live: Live) -> None:
    assert list(heard(live, "tokyo", topic="t", within=2)) == [None]


@pytest.mark.parametrize("over", ["stomp", "stomp-wss", "amqp"])
def test_no_more_is_taken_from_a_queue_than_is_heard_and_printed(live: Live, over: str) -> None:
    send(live, "tokyo", iter([b"1", b"2", b"3"]), to={"queue": "q"}, over="stomp")
    listening = heard(live, "tokyo", queue="q", over=over, count=1, within=30)
    assert next(listening) is None
    first = next(listening)
    assert first is not None and first.body == b"1"
    assert live.queued("tokyo", "q") == 3, "it is not printed yet"
    assert list(listening) == []
    assert live.queued("tokyo", "q") == 2


def test_a_selector_chooses(live: Live) -> None:
    listening = heard(live, "tokyo", queue="q", over="stomp", selector="kind = 'b'", count=1, within=9)
    next(listening)
    for kind in "ab":
        send(live, "tokyo", iter([kind.encode()]), to={"queue": "q", "headers": {"kind": kind}}, over="stomp")
    assert [each.body for each in listening if each] == [b"b"]


def test_messages_in_a_queue_are_counted_and_a_silent_broker_has_no_number(live: Live) -> None:
    assert live.queued("tokyo", "nobody.made.it") == 0
    send(live, "tokyo", iter(BODIES), to={"queue": "q"}, over="stomp")
    assert live.queued("tokyo", "q") == 3
    live.lab.instances.kill("tokyo")
    assert live.queued("tokyo", "q") is None
    assert not live.serves("tokyo")
    live.lab.instances.start("tokyo")
    live.wait(lambda: live.serves("tokyo"), within=120)
    assert live.queued("tokyo", "q") == 3


def test_a_broker_that_goes_ends_it_with_what_was_accepted(live: Live) -> None:
    def bodies() -> Iterator[bytes]:
        yield from (b"1", b"2")
        live.wait(lambda: live.queued("tokyo", "q") == 2, within=60)
        live.lab.instances.kill("tokyo")
        yield b"3"

    with pytest.raises((BrokerError, LabTimeout), match=r"^message 3: .*; 2 were accepted, message 3 was not ack"):
        send(live, "tokyo", bodies(), to={"queue": "q"}, over="stomp")


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit])
def test_an_interruption_ends_it_with_what_was_accepted(
    live: Live, capsys: pytest.CaptureFixture[str], signal: type[BaseException]
) -> None:
    def bodies() -> Iterator[bytes]:
        yield from (b"1", b"2")
        live.wait(lambda: live.queued("tokyo", "q") == 2, within=60)
        yield from (b"3", b"4")
        raise signal

    with pytest.raises(signal):
        send(live, "tokyo", bodies(), to={"queue": "q"}, over="stomp")
    told = " ".join(capsys.readouterr().err.split())
    assert told.endswith("4 were accepted"), told  # each before the next one, which may be long in coming


def test_an_interruption_between_messages_leaves_no_doubt(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    def bodies() -> Iterator[bytes]:
        yield from (b"1", b"2")
        live.wait(lambda: live.queued("tokyo", "q") == 2, within=60)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(live, "tokyo", bodies(), to={"queue": "q"}, over="stomp")
    assert capsys.readouterr().err.split()[-3:] == ["2", "were", "accepted"]


@pytest.mark.parametrize("together", [1, 10])
def test_many_messages_are_in_order_and_each_is_in_the_history_before_its_acknowledgement(
    live: Live, together: int
) -> None:
    bodies = [f"{number}".encode() for number in range(1000)]
    assert send(live, "tokyo", iter(bodies), to={"queue": "q"}, over="stomp", together=together)["sent"] == 1000
    listening = heard(live, "tokyo", queue="q", over="stomp", count=1000, within=60)
    assert [each.body for each in listening if each is not None] == bodies
    seen = list(observations(Path(live.lab.note.folder) / "history.jsonl"))
    sent = [each.id for each in seen if isinstance(each, Sent)]
    acknowledged = [each.id for each in seen if isinstance(each, Acknowledged)]
    assert (len(sent), sent) == (1000, acknowledged)
    places = {each.id: place for place, each in enumerate(seen) if isinstance(each, Sent)}
    assert all(places[each.id] < place for place, each in enumerate(seen) if isinstance(each, Acknowledged))


def test_a_body_that_is_no_text_is_base64() -> None:
    at = Destination(kind="topic", name="t")
    made = [Incoming(at, body, {"k": "v"}, True, False) for body in (b"a", b"\xff")]
    assert [to_dict(each) for each in made] == [
        {"destination": "topic://t", "body": "a", "headers": {"k": "v"}, "retained": True},
        {"destination": "topic://t", "body_base64": "/w==", "headers": {"k": "v"}, "retained": True},
    ]


@pytest.mark.parametrize(
    ("command", "arguments", "what"),
    [
        ("publish", ["tokyo", "x"], "name a topic or a queue\n  write --topic prices.eur or --queue orders"),
        (
            "publish",
            ["tokyo", "x", "--queue", ""],
            "the queue's name is empty\n  write --topic prices.eur or --queue orders",
        ),
        ("listen", ["tokyo", "--topic", ""], "the topic's name is empty\n  write --topic prices.eur or --queue orders"),
        ("publish", ["tokyo", "x", "--topic", "a", "--queue", "b"], "name a topic or a queue, not both"),
        ("listen", ["tokyo", "--queue", "/queue/orders"], "--queue orders"),
        ("publish", ["tokyo", "x", "--topic", "/topic/a"], "a topic is named here as ActiveMQ shows it"),
        ("publish", ["tokyo", "x", "--topic", "a", "--rate", "fast"], "--rate: "),
        ("publish", ["tokyo", "x", "--topic", "a", "--header", "k=v"], "--header: MQTT"),
        (
            "publish",
            ["tokyo", "x", "--queue", "a", "--over", "stomp", "--header", "kv"],
            "--header kv is not NAME=VALUE",
        ),
        ("publish", ["tokyo", "x", "--queue", "a", "--header", "Cookie: 1f2e"], "--header Cookie… is not NAME=VALUE"),
        ("publish", ["tokyo", "x", "--topic", "a", "--lines"], "--lines takes messages"),
        ("publish", ["tokyo", "x", "--queue", "a", "--qos", "1"], "--qos is for MQTT only, and not for stomp"),
        ("publish", ["tokyo", "x", "--topic", "a", "--over", "amqp", "--retained"], "--retained is for MQTT only"),
        ("publish", ["tokyo", "x", "--queue", "a", "--over", "mqtt"], "--queue: mqtt has no queues"),
        ("listen", ["tokyo", "--topic", "a", "--within", "soon"], "--within: "),
        ("listen", ["tokyo", "--topic", "a", "--selector", "k = 1"], "--selector: MQTT"),
        ("listen", ["tokyo", "--topic", "a", "--over", "mqtt-wss", "--selector", "k = 1"], "--selector: MQTT"),
        ("wait", ["bridge", "--within", "soon"], "--within: "),
        ("wait", ["demand", "tokyo", "--topic", "a", "--within", "soon"], "--within: "),
        ("wait", ["broker", "tokyo", "--within", "soon"], "--within: "),
        ("wait", ["messages", "tokyo", "--queue", "q", "--within", "soon"], "--within: "),
        ("wait", ["messages", "tokyo", "--queue", "q", "--at-least", "3", "--at-most", "2"], "exclude each other"),
    ],
)
def test_what_is_wrong_is_said_before_a_lab_is_looked_for(command: str, arguments: list[str], what: str) -> None:
    done = CliRunner().invoke(app, [command, *arguments])
    assert done.exit_code == InputError.exit_code
    assert what in done.stderr


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["tokyo", "-o", "a.jsonl"], "no topic and no queue is named"),
        (["tokyo", "-o", "a.txt", "--topic", "t"], "a.txt is not the name of a recording"),
        (["tokyo", "-o", "a.jsonl.zst", "--topic", "t"], "a.jsonl.zst is not the name of a recording"),
        (["tokyo", "-o", "no/folder.jsonl", "--topic", "t"], "no/folder.jsonl cannot be written"),
        (["tokyo", "-o", "there.jsonl", "--topic", "t"], "there.jsonl is there"),
        (["tokyo", "-o", "a.jsonl", "--topic", "topic://t"], "a topic is named here as ActiveMQ shows it"),
        (["tokyo", "-o", "a.jsonl", "--queue", "q.>"], "matches several queues"),
        (["tokyo", "-o", "a.jsonl", "--queue", "q", "--over", "mqtt"], "mqtt has no queues"),
        (["tokyo", "-o", "a.jsonl", "--topic", "a.>", "--topic", "a.b"], "match the same messages"),
        (["tokyo", "-o", "a.jsonl", "--topic", "t", "--consume"], "--consume takes messages from queues"),
        (["tokyo", "-o", "a.jsonl", "--topic", "t", "--for", "0s"], "--for 0s is no time at all"),
        (["tokyo", "-o", "a.jsonl", "--queue", "q", "--every", "1"], "--every: "),
        (["tokyo", "-o", "a.jsonl", "--topic", "t", "--ca-file", "ca.pem"], "--ca-file is for a URL"),
        (
            ["mqtts://host", "-o", "a.jsonl", "--topic", "t", "--user", "u"],
            "set MQLAB_USER for the user at a URL",
        ),
        (["mqtts://host", "-o", "a.jsonl", "--topic", "t", "--run", "a1b2"], "--run is for a lab's broker"),
        (["mqtts://u:s3cret@host", "-o", "a.jsonl", "--topic", "t"], "a login in a URL"),
        (["mqtts://host", "-o", "a.jsonl", "--topic", "t"], "MQLAB_USER and MQLAB_PASSWORD not set in the environment"),
        (["mqtts://host", "-o", "a.jsonl", "--queue", "q"], "mqtt has no queues"),
    ],
)
def test_a_recording_that_cannot_be_is_refused_before_anything_is_done(
    tmp_path: Path, arguments: list[str], what: str
) -> None:
    (tmp_path / "there.jsonl").write_text("mine")
    output = arguments.index("-o") + 1
    words = ["record", *arguments[:output], str(tmp_path / arguments[output]), *arguments[output + 1 :]]
    login = {"MQLAB_USER": "u", "MQLAB_PASSWORD": "over-the-ocean-1858"} if "q" in arguments else {}
    done = CliRunner().invoke(app, words, env={"MQLAB_USER": None, "MQLAB_PASSWORD": None} | login)
    assert done.exit_code == InputError.exit_code
    assert what in done.stderr
    assert "s3cret" not in done.output
    assert [each.read_text() for each in tmp_path.iterdir()] == ["mine"]
