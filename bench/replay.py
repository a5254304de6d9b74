"""Publish and receive rate of our replay against a bare loop over the same library, on the same broker, in pairs.

`measure(endpoints, ...)` is for whoever has a broker; the command line takes its ports and files.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import stomp
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr

from bench.bare_amqp import bare_amqp
from lab import clients
from lab.declare.loading import load
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Step
from lab.declare.steps.clients import Subscribe
from lab.declare.steps.messages import Publish
from lab.history import Acknowledged, Header, HistoryFile, Received, SendOutcome, Sent, Trouble, observations
from lab.plan.planning import plan
from lab.plan.values import Plan
from lab.replay import replay
from lab.runtime.client import Client, ClientEvents, Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.messages import ORDINARY, USUAL, Approach, Destination, Session

SIZE = 200  # bytes of each body
WITHIN = 120.0  # seconds for one run
BROKER = Path(__file__).with_name("broker.yaml")
TOPOLOGY = load(BROKER, environment={}).topology
Case = tuple[str, int]  # protocol; QoS over MQTT, persistent (1) or not (0) over STOMP and AMQP
CASES: tuple[Case, ...] = (("mqtt", 0), ("mqtt", 1), ("mqtt", 2), ("stomp", 0), ("stomp", 1), ("amqp", 0), ("amqp", 1))


class Incomplete(RuntimeError):
    """Messages did not arrive, so that there is no rate to tell."""


def measure(
    endpoints: Mapping[str, Endpoint], *, count: int, pairs: int, cases: Sequence[Case] = CASES
) -> dict[str, Any]:
    """Return messages per second of both, and the median of the pairs' ratios, for each case."""
    found = {}
    for protocol, quality in cases:
        name = f"{protocol} {'QoS' if protocol == 'mqtt' else 'persistent'} {quality}"
        try:
            found[name] = _compared(endpoints[protocol], protocol, quality, count, pairs)
        except Incomplete as error:
            raise Incomplete(f"{name}: {error}") from error
    return {"bench": "replay", "count": count, "pairs": pairs, "size": SIZE, "cases": found}


def _compared(endpoint: Endpoint, protocol: str, quality: int, count: int, pairs: int) -> dict[str, Any]:
    bare = BARE[protocol]
    ours(endpoint, protocol, quality, count // 4)  # the broker's compiler warms up on both
    bare(endpoint, quality, count // 4)
    rates: list[tuple[float, float]] = []
    for pair in range(pairs):
        if pair % 2:  # which goes first alternates
            mine = ours(endpoint, protocol, quality, count)
            rates.append((mine, bare(endpoint, quality, count)))
        else:
            theirs = bare(endpoint, quality, count)
            rates.append((ours(endpoint, protocol, quality, count), theirs))
    ratios = [mine / theirs for mine, theirs in rates]
    return {
        "replay_per_s": round(statistics.median(mine for mine, _ in rates)),
        "bare_per_s": round(statistics.median(theirs for _, theirs in rates)),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def bare_mqtt(endpoint: Endpoint, qos: int, count: int) -> float:
    """Publish and receive as fast as paho's own loop does, and give messages per second."""
    done, welcome = threading.Semaphore(0), threading.Semaphore(0)
    got = acknowledged = 0

    def on_message(client: Any, data: Any, message: Any) -> None:
        nonlocal got
        got += 1
        if got == count:
            done.release()

    def on_publish(client: Any, data: Any, mid: int, code: Any, properties: Any) -> None:
        nonlocal acknowledged
        acknowledged += 1
        if acknowledged == count:
            done.release()

    def opened(name: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"bare-{name}", protocol=paho.MQTTv311)
        client.username_pw_set(endpoint.user, endpoint.password.get_secret_value())
        client.tls_set(str(endpoint.ca_file))
        client.on_message, client.on_publish = on_message, on_publish
        client.on_connect = client.on_subscribe = lambda *_: welcome.release()
        client.connect(endpoint.host, endpoint.port)
        client.loop_start()
        assert welcome.acquire(timeout=WITHIN)
        return client

    hearing, saying = opened("hears"), opened("says")
    hearing.subscribe("bench/bare", qos)
    assert welcome.acquire(timeout=WITHIN)
    body = b"." * SIZE
    start = time.perf_counter()
    for _ in range(count):
        saying.publish("bench/bare", body, qos)
    for _ in range(2):
        if not done.acquire(timeout=WITHIN):
            raise Incomplete(f"bare: {got} of {count} received, {acknowledged} acknowledged")
    took = time.perf_counter() - start
    for client in (saying, hearing):
        client.disconnect()
        client.loop_stop()
    return count / took


def opened_stomp(endpoint: Endpoint, listener: stomp.ConnectionListener) -> Any:
    """Return a connection of stomp.py that has logged in."""
    where = [(endpoint.host, endpoint.port)]
    connection = stomp.Connection12(where, try_loopback_connect=False, auto_decode=False)
    connection.set_ssl(where, ca_certs=str(endpoint.ca_file))
    connection.set_listener("counter", listener)
    connection.connect(endpoint.user, endpoint.password.get_secret_value(), wait=True)
    return connection


def bare_stomp(endpoint: Endpoint, persistent: int, count: int) -> float:
    """Publish and receive as fast as stomp.py's own loop does, and give messages per second."""
    done, subscribed = threading.Semaphore(0), threading.Semaphore(0)

    class Counter(stomp.ConnectionListener):  # type: ignore[misc]
        got = receipts = 0

        def on_message(self, frame: Any) -> None:
            self.got += 1
            if self.got == count:
                done.release()

        def on_receipt(self, frame: Any) -> None:
            if frame.headers["receipt-id"] == "subscribed":
                subscribed.release()
                return
            self.receipts += 1
            if self.receipts == count:
                done.release()

    hearing, saying = opened_stomp(endpoint, Counter()), opened_stomp(endpoint, Counter())
    hearing.subscribe("/topic/bench.bare", id="1", ack="auto", receipt="subscribed")
    assert subscribed.acquire(timeout=WITHIN)
    body = b"." * SIZE
    headers = {"persistent": "true"} if persistent else {}
    start = time.perf_counter()
    for n in range(count):
        saying.send("/topic/bench.bare", body, headers={"receipt": str(n), **headers})
    for _ in range(2):
        if not done.acquire(timeout=WITHIN):
            raise Incomplete(f"bare: of {count} not all were received and acknowledged")
    took = time.perf_counter() - start
    saying.disconnect()
    hearing.disconnect()
    return count / took


BARE: Mapping[str, Callable[[Endpoint, int, int], float]] = {
    "mqtt": bare_mqtt,
    "stomp": bare_stomp,
    "amqp": partial(bare_amqp, size=SIZE),
}


def ours(endpoint: Endpoint, protocol: str, quality: int, count: int) -> float:
    """Replay one subscriber and one publisher, history on disk and all; the rate from first send to last receipt."""
    how = {"qos": quality} if protocol == "mqtt" else {"persistent": "yes" if quality else "no"}
    common = {"broker": "here", "over": protocol, "topic": "bench.ours"}
    steps: tuple[Step, ...] = (
        Subscribe.model_validate(common | {"client": "hears"} | ({"qos": str(quality)} if protocol == "mqtt" else {})),
        Publish.model_validate(
            common | {"count": str(count), "size": f"{SIZE}B"} | {k: str(v) for k, v in how.items()}
        ),
    )
    scenario: Scenario = Scenario.model_construct(
        None, scenario="bench", topology=TOPOLOGY, steps=steps, expect=(), seed=1
    )
    header = Header(run="bench", scenario="bench", seed=1, runtime="bench", started="", declared={}, mqlab="0")
    with tempfile.TemporaryDirectory() as folder, HistoryFile(Path(folder) / "history.jsonl", header) as history:
        replay(scenario, bench_plan(), OneBroker(endpoint), history, run="bench")
        seen = list(observations(history.path))
    first = min(each.t for each in seen if isinstance(each, Sent))
    receipts = [each.t for each in seen if isinstance(each, Received)]
    if len(receipts) != count:
        accepted = sum(isinstance(each, Acknowledged) and each.outcome is SendOutcome.OK for each in seen)
        why = "; ".join(f"{each.who}: {each.what}" for each in seen if isinstance(each, Trouble))
        raise Incomplete(
            f"replay: {len(receipts)} of {count} received, {accepted} accepted; {why or 'no trouble seen'}"
        )
    return count / (max(receipts) - first)


def _not_here(*_: Any, **__: Any) -> Any:
    raise NotImplementedError("this broker is not the lab's")


class _Links:
    change = now = _not_here

    def counters(self) -> Sequence[Any]:
        return ()


class _Policies:
    apply = attempt = _not_here

    def dropped(self) -> Sequence[Any]:
        return ()


class _Instances:
    active = delete = has_ended = kill = pause = resume = start = started = state = stop = _not_here


class _Management:
    bridge_is_up = change_connector = purge = snapshot = _not_here

    def demand(self, broker: str, destination: Destination, towards: str | None = None) -> bool:
        return True

    def bridges(self) -> Sequence[Any]:
        return ()

    def destinations(self, named: Any) -> Sequence[Any]:
        return ()


class OneBroker:
    """A Lab of a broker that somebody else runs."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.clock = RealClock()
        self.links, self.policies, self.instances, self.management = _Links(), _Policies(), _Instances(), _Management()

    def connect(
        self,
        *,
        client: str,
        broker: str,
        over: str,
        user: str,
        events: ClientEvents,
        session: Session = ORDINARY,
        approach: Approach = USUAL,
    ) -> Client:
        return clients.connect(over, replace(self._endpoint, client_id=f"bench-{client}"), events, session)

    keep_password = prepare = whereabouts = _not_here

    def watch(self, recorder: Any, demand: Any = (), **more: Any) -> None: ...

    def watch_demand(self, demand: Any) -> None: ...

    def unwatch(self) -> None: ...


def bench_plan() -> Plan:
    """Return a Plan of that one broker."""
    return plan(TOPOLOGY, seed=1)


def main() -> None:
    """Measure against a broker that is running."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mqtt-port", type=int, required=True)
    parser.add_argument("--stomp-port", type=int, required=True)
    parser.add_argument("--amqp-port", type=int, required=True)
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--ca-file", type=Path, required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    endpoints = {
        protocol: Endpoint(
            host=given.host,
            port=port,
            ca_file=given.ca_file,
            user=given.user,
            password=SecretStr(given.password_file.read_text().strip()),
            client_id="bench",
        )
        for protocol, port in (("mqtt", given.mqtt_port), ("stomp", given.stomp_port), ("amqp", given.amqp_port))
    }
    found = measure(endpoints, count=given.count, pairs=given.pairs)
    for name, case in found["cases"].items():
        print(f"{name:16} replay {case['replay_per_s']:6}/s   bare {case['bare_per_s']:6}/s   ratio {case['ratio']}")
    if given.out is not None:
        given.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
