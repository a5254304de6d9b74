"""Over each protocol, what real brokers show is recorded as it is, and a replay of it is recorded as the same again."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from lab import labs
from tests.command import Commands
from tests.living.recorded_again import TOPOLOGY, check_same_again, recorded

pytestmark = [pytest.mark.docker, pytest.mark.release]


def test_record_replay_record_is_the_same_again(mqlab: Commands, tmp_path: Path) -> None:
    with labs.up(TOPOLOGY, runs=mqlab.home / "runs", environment=mqlab.environment()) as live:
        protocols = ("mqtt", "stomp", "amqp", "stomp-wss")
        found = {over: check_same_again(live, tmp_path, over, ordered=False) for over in protocols}
        assert {each.qos for each in found["mqtt"]} == {0, 1, 2}
        for over in ("stomp", "amqp"):
            assert {each.type for each in found[over]} == {"text", "bytes"}
            assert {each.persistent for each in found[over]} == {True, False}
            assert {each.priority for each in found[over]} == set(range(10))
            (one,) = (each for each in found[over] if each.body == b"1")
            assert one.headers == {"kind": "order", "n": "50:\n\\x"}

        at = live.endpoint("tokyo", "amqp")
        url, path = f"amqp+ssl://{at.host}:{at.port}", tmp_path / "by-url.jsonl"
        words = ("record", url, "--queue", "orders", "--ca-file", str(at.ca_file), "-o", path)
        with live.connect("tokyo", "stomp") as client:
            client.publish("order 1", queue="orders")
            login = {"MQLAB_USER": at.user, "MQLAB_PASSWORD": at.password.get_secret_value()}
            recording = mqlab.start(*words, **login)
            mqlab.wait_said(recording, "Ctrl-C ends it")
            client.publish("order 2", queue="orders")
            while b"order 2" not in path.read_bytes():  # at its next look
                assert recording.poll() is None
            recording.send_signal(signal.SIGINT)
            ended = mqlab.end_of(recording)
        assert (ended.code, "(ended: interrupted)" in ended.out) == (0, True), ended
        assert [each.body for each in recorded(path)] == [b"order 1", b"order 2"]
        assert live.queued("tokyo", "orders") == 2, "nothing is taken"

        replayed = mqlab("replay", path, "--into", "tokyo", "--pace", "acknowledgements")
        assert replayed.code == 0, replayed
        assert f"2 messages of {path} into tokyo, step " in replayed.out
        assert live.queued("tokyo", "orders") == 4
