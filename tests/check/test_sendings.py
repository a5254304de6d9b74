"""What could yet hold is not refused: messages that late subscribers may get, and amounts that may come together."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.check.scenario import check
from lab.declare.loading import load

TOPOLOGY = (Path(__file__).parent / "bad" / "topologies" / "two.yaml").read_text().replace("\n", "\n  ").rstrip()
ALWAYS = """
      configuration: |
        <broker xmlns="http://activemq.apache.org/schema/core"><destinationPolicy><policyMap><policyEntries>
          <policyEntry topic="&gt;" alwaysRetroactive="true"/>
        </policyEntries></policyMap></destinationPolicy></broker>"""
POLICY = ALWAYS.replace(
    ' alwaysRetroactive="true"/>',
    """><subscriptionRecoveryPolicy>
          <fixedCountSubscriptionRecoveryPolicy maximumSize="100"/></subscriptionRecoveryPolicy></policyEntry>""",
)
PUBLISH = "publish: {broker: tokyo, over: stomp, topic: prices}"
SUBSCRIBE = "subscribe: {client: sg, broker: tokyo, over: stomp, topic: prices}"
SAME = "subscribe: {client: other, broker: tokyo, over: stomp, topic: prices}"
DELIVERED = "delivered: {to: sg, promise: at-least-once}"
QUEUE = "publish: {broker: tokyo, over: stomp, queue: orders, count: 10}"
BOTH = [f"subscribe: {{client: {name}, broker: tokyo, over: stomp, queue: orders}}" for name in ("a", "b")]


def problems(folder: Path, steps: list[str], expectation: str, topology: str = TOPOLOGY) -> tuple[str, ...]:
    path = folder / "scenario.yaml"
    written = "".join(f"  - {step}\n" for step in steps)
    path.write_text(f"scenario: s\ntopology:\n  {topology}\nsteps:\n{written}expect:\n  - {expectation}\n")
    return tuple(each.what for each in check(load(path, environment={})))


def test_a_topic_keeps_nothing_for_those_who_come_later(tmp_path: Path) -> None:
    (what,) = problems(tmp_path, [PUBLISH, "wait: 1s", SUBSCRIBE], DELIVERED)
    assert what.startswith("every message is sent before a client subscribes")


@pytest.mark.parametrize(
    "steps",
    [
        [SUBSCRIBE, PUBLISH],
        [PUBLISH, SUBSCRIBE, PUBLISH],
        [SAME, PUBLISH, SUBSCRIBE],  # a message may be on its way between brokers
        [PUBLISH.replace("stomp", "mqtt").replace("}", ", retained: yes}"), SUBSCRIBE],
        [PUBLISH.replace("stomp", "mqtt").replace("}", ", qos: 0}"), SUBSCRIBE],
        [PUBLISH.replace("}", ", headers: {ActiveMQ.Retain: true}}"), SUBSCRIBE],
        [PUBLISH.replace("}", ", headers: {AMQ_SCHEDULED_DELAY: 5000}}"), SUBSCRIBE],
        [PUBLISH, SUBSCRIBE.replace("}", ", durable: yes, client-id: mine}")],
        [
            PUBLISH.replace("publish", "traffic").replace("}", ", name: t, rate: 1/s}"),
            "wait: 1s",
            SUBSCRIBE,
            "wait: 1s",
        ],
        [f"together: [{{{PUBLISH}}}, {{{SUBSCRIBE}}}]"],
        [f"repeat: {{times: 2, steps: [{{{PUBLISH}}}, {{{SUBSCRIBE}}}, {{unsubscribe: {{client: sg}}}}]}}"],
        [PUBLISH.replace("topic", "queue"), SUBSCRIBE.replace("topic", "queue")],
    ],
)
def test_what_may_yet_come_to_somebody_is_not_refused(tmp_path: Path, steps: list[str]) -> None:
    assert problems(tmp_path, steps, DELIVERED) == ()


@pytest.mark.parametrize("configuration", [ALWAYS, POLICY], ids=["alwaysRetroactive", "subscriptionRecoveryPolicy"])
def test_a_broker_may_recall_what_was_sent_to_a_topic(tmp_path: Path, configuration: str) -> None:
    topology = TOPOLOGY.replace("    tokyo:\n      region: tokyo", f"    tokyo:\n      region: tokyo{configuration}", 1)
    assert topology != TOPOLOGY
    assert problems(tmp_path, [PUBLISH, SUBSCRIBE], DELIVERED, topology) == ()


@pytest.mark.parametrize(
    ("expectation", "refused"),
    [
        ("delivered: {queue: orders, promise: exactly-once, shares: {a: 10}}", False),
        ("delivered: {queue: orders, promise: exactly-once, shares: {a: 11}}", True),
        ("delivered: {queue: orders, promise: exactly-once, shares: {a: {at-most: 11}}}", False),
        ("delivered: {queue: orders, promise: exactly-once, shares: {a: 6, b: 6}}", False),  # two may be given back
        ("delivered: {queue: orders, promise: exactly-once, shares: {a: 60%, b: 60%}}", False),
        ("delivered: {queue: orders, promise: exactly-once, shares: {a: 60%, b: 40%}}", False),
        ("delivered: {queue: orders, promise: exactly-once, shares: {a: 60%, b: 39%}}", True),
        ("delivered: {queue: orders, promise: exactly-once, shares: {a: 60%}}", False),
        ("stuck: {broker: tokyo, queue: orders, count: 10}", False),
        ("stuck: {broker: tokyo, queue: orders, count: 11}", True),
        ("stuck: {broker: singapore, queue: orders, count: 1}", True),
    ],
)
def test_only_amounts_that_no_run_can_have_are_refused(tmp_path: Path, expectation: str, refused: bool) -> None:
    assert bool(problems(tmp_path, [*BOTH, QUEUE], expectation)) == refused


def test_of_traffic_nobody_knows_how_much_it_sends(tmp_path: Path) -> None:
    traffic = "traffic: {name: t, broker: tokyo, over: stomp, queue: orders, rate: 1/s}"
    expectation = "stuck: {broker: tokyo, queue: orders, count: 100000}"
    assert problems(tmp_path, [traffic, "wait: 1s", QUEUE], expectation) == ()
