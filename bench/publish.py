"""`mqlab publish`, the history of the lab and all, against a bare loop over the same library with all acknowledgements.

Both send to one broker, which has no subscriber, and wait for every acknowledgement; pairs alternate.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import stomp
from paho.mqtt.enums import CallbackAPIVersion

from bench.bare_amqp import say
from bench.replay import BROKER, WITHIN, Incomplete
from lab import labs
from lab.cli.run_many import ITSELF
from lab.living.lab import Live
from lab.runtime.client import Endpoint

BODY = b"message 1234"  # as long as the bodies of the command
NAME = "bench.publish"
OVER = ("stomp", "amqp", "mqtt")  # persistent to a queue; over MQTT to a topic at QoS 1


def measure(*, count: int, pairs: int) -> dict[str, Any]:
    """Return messages per second of both, and the median of the pairs' ratios, for each protocol."""
    with tempfile.TemporaryDirectory() as folder, labs.up(BROKER, runs=Path(folder)) as live:
        cases = {over: _compared(live, over, count, pairs) for over in OVER}
    return {"bench": "publish", "count": count, "pairs": pairs, "size": len(BODY), "cases": cases}


def _compared(live: Live, over: str, count: int, pairs: int) -> dict[str, Any]:
    ours: Callable[[int], float] = partial(_ours, live, over)
    bare: Callable[[int], float] = partial(BARE[over], live.endpoint("here", over))
    for warm in (ours, bare):  # the broker's compiler
        warm(count // 4)
    rates: list[tuple[float, float]] = []
    for pair in range(pairs):
        order = (ours, bare) if pair % 2 else (bare, ours)
        live.lab.management.purge(("here",))  # some 30,000 messages fill the broker's memory, and it accepts no more
        found = {loop: loop(count) for loop in order}
        rates.append((found[ours], found[bare]))
    ratios = [mine / theirs for mine, theirs in rates]
    return {
        "publish_per_s": round(statistics.median(mine for mine, _ in rates)),
        "bare_per_s": round(statistics.median(theirs for _, theirs in rates)),
        "ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def _ours(live: Live, over: str, count: int) -> float:
    """Publish by the command, in a process of its own; the rate is without its start."""
    to = "--topic" if over == "mqtt" else "--queue"
    words = ("publish", "here", to, NAME, "--over", over, "--count", str(count), "--run", live.run, "--json")
    done = subprocess.run([*ITSELF, *words], stdout=subprocess.PIPE, env=os.environ, check=True)
    return count / float(json.loads(done.stdout)["seconds"])


def bare_stomp(endpoint: Endpoint, count: int) -> float:
    """Publish as fast as stomp.py does, and give messages per second."""
    done = threading.Event()

    class Counter(stomp.ConnectionListener):  # type: ignore[misc]
        receipts = 0

        def on_receipt(self, frame: Any) -> None:
            self.receipts += 1
            if self.receipts == count:
                done.set()

    where = [(endpoint.host, endpoint.port)]
    connection = stomp.Connection12(where, try_loopback_connect=False, auto_decode=False)
    connection.set_ssl(where, ca_certs=str(endpoint.ca_file))
    connection.set_listener("counter", Counter())
    connection.connect(endpoint.user, endpoint.password.get_secret_value(), wait=True)
    start = time.perf_counter()
    for number in range(count):
        connection.send(f"/queue/{NAME}", BODY, headers={"receipt": str(number), "persistent": "true"})
    _await(done, count)
    took = time.perf_counter() - start
    connection.disconnect()
    return count / took


def bare_mqtt(endpoint: Endpoint, count: int) -> float:
    """Publish as fast as paho does, and give messages per second."""
    done, welcome = threading.Event(), threading.Event()
    acknowledged = 0

    def on_publish(client: Any, data: Any, mid: int, code: Any, properties: Any) -> None:
        nonlocal acknowledged
        acknowledged += 1
        if acknowledged == count:
            done.set()

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare-publish", protocol=paho.MQTTv311)
    client.username_pw_set(endpoint.user, endpoint.password.get_secret_value())
    client.tls_set(str(endpoint.ca_file))
    client.on_publish, client.on_connect = on_publish, lambda *_: welcome.set()
    client.connect(endpoint.host, endpoint.port)
    client.loop_start()
    assert welcome.wait(WITHIN)
    start = time.perf_counter()
    for _ in range(count):
        client.publish(NAME.replace(".", "/"), BODY, 1)
    _await(done, count)
    took = time.perf_counter() - start
    client.disconnect()
    client.loop_stop()
    return count / took


def bare_amqp(endpoint: Endpoint, count: int) -> float:
    """Publish as fast as proton does, and give messages per second."""
    return count / say(endpoint, f"queue://{NAME}", persistent=True, count=count, size=len(BODY))


def _await(done: threading.Event, count: int) -> None:
    if not done.wait(WITHIN):
        raise Incomplete(f"bare: not all of {count} were acknowledged")


BARE: Mapping[str, Callable[[Endpoint, int], float]] = {"stomp": bare_stomp, "mqtt": bare_mqtt, "amqp": bare_amqp}


if __name__ == "__main__":
    print(json.dumps(measure(count=int(sys.argv[1]), pairs=int(sys.argv[2])), indent=2))
