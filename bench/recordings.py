"""Recordings: how late a replay sends, what recording a message costs, and whether its memory stays as it is.

`measure(endpoints, …)` is for a broker that runs. Who feeds it, and what is weighed, are processes of their own:
`python -m bench.recordings feed|weigh COUNT`.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import PIPE
from typing import Any

from pydantic import SecretStr

from bench.replay import SIZE, TOPOLOGY, OneBroker, bench_plan
from lab import clients
from lab.base.settings import PASSWORD, USER
from lab.declare.recording_file import RecordingFile as Named
from lab.declare.recordings import Footer, Header, Recorded, RecordingFile, Redaction, summarise
from lab.declare.scenario import Scenario
from lab.declare.steps.replay import Replay
from lab.history import Header as HistoryHeader
from lab.history import HistoryFile, Paced, SendOutcome, StepEnded, observations
from lab.living.broker_url import source
from lab.living.recording import Source, Wanted, record
from lab.replay import replay
from lab.runtime.client import Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.messages import Destination, Incoming, Look, Outgoing, Shown

RATE = 1000  # messages a second
OVER = ("mqtt", "stomp", "amqp")
_TO = Destination(kind="topic", name="bench.recordings")


def measure(endpoints: Mapping[str, Endpoint], *, seconds: int, count: int) -> dict[str, Any]:
    """Return the lateness of a replay of so many seconds, the cost of recording `count` messages, and its memory."""
    found = {over: _cost(endpoints[over], over, count) for over in OVER}
    return {
        "bench": "recordings",
        "size": SIZE,
        "replay": _lateness(endpoints["mqtt"], seconds),
        "recording": found,
        "memory": _memory(count),
    }


def _lateness(endpoint: Endpoint, seconds: int) -> dict[str, Any]:
    """Replay a recording at its own pace, history on disk and all."""
    with tempfile.TemporaryDirectory() as folder:
        path, history_path = Path(folder) / "bench.jsonl", Path(folder) / "history.jsonl"
        with RecordingFile(path, Header(started="", mqlab="0", brokers={"here": "bench"}, asked=())) as file:
            for n in range(seconds * RATE):
                its = Recorded(n / RATE, "here", "mqtt", str(_TO), b"x" * SIZE, {}, qos=1)
                file.add(its)
            file.end(Footer(messages=0, seconds=float(seconds), ended="count"))
        step = Replay.model_validate(
            {"recording": Named(path=str(path), file=path, summary=summarise(path)), "into": "here"}
        )
        scenario: Scenario = Scenario.model_construct(
            None, scenario="bench", topology=TOPOLOGY, steps=(step,), expect=(), seed=1
        )
        header = HistoryHeader(run="r", scenario="s", seed=1, runtime="bench", started="", declared={}, mqlab="0")
        with HistoryFile(history_path, header) as history:
            replay(scenario, bench_plan(), OneBroker(endpoint), history, run="bench")
        seen = tuple(each for each in observations(history_path) if isinstance(each, Paced | StepEnded))
    (paced,) = (each for each in seen if isinstance(each, Paced))
    (ended,) = (each for each in seen if isinstance(each, StepEnded))
    if not ended.ok:
        raise RuntimeError(ended.note)
    late = {name: _ms(getattr(paced, f"late_{name}_s")) for name in ("p50", "p99", "max")}
    return {"seconds": seconds, "per_s": RATE, "late_ms": late, "drift": paced.drift}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _cost(endpoint: Endpoint, over: str, count: int) -> float:
    """Return the CPU time of recording a message, in microseconds, the client's own work among it.

    Another process sends.
    """
    login = {USER.name: endpoint.user, PASSWORD.name: endpoint.password.get_secret_value()}
    url = f"{over}+ssl://{endpoint.host}:{endpoint.port}"
    told = {"over": over, "host": endpoint.host, "port": endpoint.port, "ca_file": str(endpoint.ca_file)} | login
    with tempfile.TemporaryDirectory() as folder:
        begun: list[float] = []
        feeders: list[subprocess.Popen[bytes]] = []

        def ready() -> None:
            feeders.append(subprocess.Popen([sys.executable, "-m", "bench.recordings", "feed", str(count)], stdin=PIPE))
            stdin = feeders[0].stdin
            assert stdin is not None
            stdin.write(json.dumps(told).encode())
            stdin.close()
            begun.append(time.process_time())

        footer = record(
            [source(url, login, RealClock(), ca_file=endpoint.ca_file)],
            Wanted(topics=(_TO.name,), most=count, seconds=120),
            Path(folder) / "bench.jsonl",
            RealClock(),
            redaction=Redaction(),
            ready=ready,
        )
        took = time.process_time() - begun[0]
        feeders[0].wait()
    if footer.messages != count:
        raise RuntimeError(f"{footer.messages} of {count} messages came over {over}")
    return round(took / count * 1_000_000, 1)


class _Sent:
    """The events of a client that only sends."""

    def __init__(self, clock: RealClock, count: int) -> None:
        self._clock, self.left = clock, count

    def acknowledged(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        self.left -= 1
        self._clock.notify()

    def received(self, message: Incoming) -> None: ...

    def lost(self, why: str) -> None: ...

    def broke(self, error: Exception) -> None: ...


def _feed(told: Mapping[str, Any], count: int) -> None:
    """Send messages to a broker as fast as it takes them."""
    clock = RealClock()
    events = _Sent(clock, count)
    endpoint = Endpoint(
        host=told["host"],
        port=told["port"],
        ca_file=Path(told["ca_file"]),
        user=told[USER.name],
        password=SecretStr(told[PASSWORD.name]),
        client_id="bench-feed",
    )
    client = clients.connect(told["over"], endpoint, events)
    for n in range(1, count + 1):
        client.publish(Outgoing(f"1-{n}", _TO, b"x" * SIZE, {"kind": "order"}, 1, True, False))
    clock.wait(lambda: not events.left, 60)
    client.close()


def _memory(count: int) -> dict[str, Any]:
    """Return the most memory of recording and reading so many messages, and ten times as many, in MiB."""
    found = {}
    for each in (count, 10 * count):
        words = [sys.executable, "-m", "bench.recordings", "weigh", str(each)]
        found[str(each)] = float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    few, many = found.values()
    return {"mib": found, "growth_mib": round(many - few, 1)}


class _Nowhere:
    """A connection over which nothing comes by itself."""

    lost_because = ""

    def subscribe(self, **terms: Any) -> None: ...

    def browse(self, queue: str, within: float = 10.0) -> Look:
        return Look((), True)

    def close(self) -> None: ...


def _weigh(count: int) -> float:
    """Record messages that come from nowhere, look through the recording; return this process's most memory, in MiB."""
    takers: list[Callable[[Incoming], None]] = []

    def connect(take: Callable[[Incoming], None]) -> _Nowhere:
        takers.append(take)
        return _Nowhere()

    def come() -> None:
        for n in range(count):
            shown = Shown(_TO, {"kind": "order"}, persistent=True, priority=4, type="bytes", id=f"ID:{n}")
            takers[0](Incoming(_TO, b"x" * SIZE, {}, False, False, shown=shown))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.jsonl.gz"
        its = Source(name="here", where="bench", over="stomp", connect=connect)
        record([its], Wanted(topics=(_TO.name,), most=count), path, RealClock(), redaction=Redaction(), ready=come)
        assert summarise(path).messages == count
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    what, number = sys.argv[1], int(sys.argv[2])
    if what == "feed":
        _feed(json.load(sys.stdin), number)
    else:
        print(f"{_weigh(number):.1f}")
