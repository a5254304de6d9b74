"""Scenarios about time, on one lab of real brokers: each passes, and two failing variants fail.

The other failing variants, and `small-buffers`, are run by `tests/simulation/` in models,
by `make scenarios` with real brokers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lab.amazonmq.files.broker_files import JOLOKIA_USER
from lab.base.shipped import shipped
from lab.check.scenario import check
from lab.declare.loading import load
from lab.history import Header, MemoryRecorder, Observation, Paced, StepEnded
from lab.judge import Outcome, Report, Streamed, judge
from lab.link.impairment import LinkState
from lab.replay import replay
from tests.failing_variants import failing_variant, not_said
from tests.integration.labs import ARTICLE, Engine, Standing, eventually, output_of, standing

pytestmark = [pytest.mark.docker, pytest.mark.alone, pytest.mark.release]

NAMES = ("cut-topics", "asymmetric-delay", "jitter-and-loss", "narrow-link")


@pytest.fixture(scope="module")
def lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """The lab of the article, which all these scenarios share."""
    with standing(ARTICLE, engine, tmp_path_factory.mktemp("timing")) as opened:
        yield opened


@pytest.fixture
def as_declared(lab: Standing) -> Iterator[Standing]:
    """The lab with its link as it was declared, whatever the test before did to it."""
    yield lab
    (link,) = lab.plan.links
    for way in link.directions:
        lab.lab.links.change(link.name, leaving=way.leaving, impairment=way.impairment, state=LinkState.OPEN)
    assert eventually(lab.bridged, 90)


class Seen:
    """A scenario's file, replayed in a lab and judged."""

    def __init__(self, lab: Standing, path: Path, run: str) -> None:
        scenario = load(path, environment={})
        assert not check(scenario), check(scenario)
        recorder = MemoryRecorder()
        replay(scenario, lab.plan, lab.lab, recorder, run=run.replace("_", "-"))
        header = Header(
            run="r", scenario=scenario.scenario, seed=scenario.seed, runtime="emulation", started="",
            declared=scenario.declared(), mqlab="0",
        )  # fmt: skip
        self.observations: list[Observation] = recorder.observations
        self.report: Report = judge(scenario.expect, Streamed(header, recorder.observations))

    @property
    def broken(self) -> list[str]:
        return [each.reason for each in self.report.verdicts if each.outcome is Outcome.FAILED]


def failing_variant_seen(lab: Standing, name: str, run: str) -> Seen:
    """Replay a scenario's failing variant, which is to be broken for the reason that its file gives."""
    seen = Seen(lab, failing_variant(name), run)
    assert seen.report.outcome is Outcome.FAILED, seen.report.verdicts
    assert not_said(f"{name}-fails", seen.broken) == [], seen.broken
    return seen


def packets_lost(lab: Standing) -> int:
    """Return how many packets the link has lost by its dice, both ways, since the lab opened."""
    return sum(each.dropped.get("loss", 0) for each in lab.lab.links.counters())


class Counted:
    """What brokers and router say themselves, past the readers that the report has its figures from."""

    TOPICS = ("prices.in-a-cut", "prices.in-a-reset", "prices.after")

    def __init__(self, lab: Standing) -> None:
        self.topics = {
            (broker, topic): self._topic(lab, broker, topic)
            for broker in lab.lab.state.brokers
            for topic in self.TOPICS
        }
        (link,) = lab.plan.links
        said = output_of(lab.router, "python3", "/opt/mqlab/linkctl.py", link.name, "get")
        self.dropped = {leaving: its["counters"]["dropped"] for leaving, its in json.loads(said)["directions"].items()}

    @staticmethod
    def _topic(lab: Standing, broker: str, topic: str) -> dict[str, int]:
        its = lab.lab.state.brokers[broker]
        bean = f"org.apache.activemq:type=Broker,brokerName={broker},destinationType=Topic,destinationName={topic}"
        found = httpx.post(
            f"http://127.0.0.1:{its.first.management_port}/jolokia/",
            json={"type": "read", "mbean": bean, "attribute": ["EnqueueCount", "ForwardCount"]},
            auth=(JOLOKIA_USER, its.management_password),
            headers={"Origin": "http://localhost"},
            trust_env=False,
            timeout=30,
        ).json()
        assert found["status"] in (200, 404), found
        return found["value"] if found["status"] == 200 else {"EnqueueCount": 0, "ForwardCount": 0}  # nobody used it


def all_counts_agree(report: Report, before: Counted, after: Counted) -> None:
    """Three who know nothing of each other: the clients' ledgers, the brokers' counters, the router's."""

    def grown(broker: str, topic: str, name: str) -> int:
        return after.topics[broker, topic][name] - before.topics[broker, topic][name]

    lost_by_brokers, passed_on = {}, {}
    for topic in Counted.TOPICS:
        sent, there = grown("tokyo", topic, "EnqueueCount"), grown("singapore", topic, "EnqueueCount")
        assert sent > 0
        # Tokyo counts what was answered, and the reset comes on the heels of what arrived in the cut.
        unanswered = there - grown("tokyo", topic, "ForwardCount")
        assert unanswered >= 0 if topic == "prices.in-a-cut" else unanswered == 0, (topic, unanswered)
        lost_by_brokers[f"topic://{topic}"] = sent - there
        passed_on[f"topic://{topic}"] = grown("tokyo", topic, "ForwardCount"), there
    assert {each.destination: (each.forwarded, each.taken) for each in report.cross_checks} == passed_on
    assert {each.destination: each.lost for each in report.cross_checks} == lost_by_brokers
    (delivery,) = report.deliveries
    assert (
        delivery.not_delivered.total
        == sum(lost_by_brokers.values())
        == lost_by_brokers["topic://prices.in-a-reset"]
        > 0
    )
    assert all(each.agree and each.missing == each.kept_back == each.lost for each in report.cross_checks)
    # What a link drops are packets, which TCP sends again where the connection lives: none of them is a message lost.
    assert {each.leaving for each in report.links} == set(after.dropped)
    for each in report.links:
        assert {**dict.fromkeys(after.dropped[each.leaving], 0), **each.dropped} == after.dropped[each.leaving]
    assert sum(dropped["cut"] for dropped in after.dropped.values()) > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_about_time_holds(name: str, as_declared: Standing, tmp_path: Path) -> None:
    before, counted_before = packets_lost(as_declared), Counted(as_declared)
    seen = Seen(as_declared, shipped("scenarios") / f"{name}.yaml", tmp_path.name)
    lost = packets_lost(as_declared) - before
    assert (lost > 0) == (name == "jitter-and-loss"), "this one loses on purpose, and no other"
    assert sum(each.dropped.get("loss", 0) for each in seen.report.links) == before + lost, "as the link itself counts"
    messages_lost = sum(each.not_delivered.total for each in seen.report.deliveries)
    assert (messages_lost > 0) == (name == "cut-topics"), "TCP sends again what a link loses"
    assert seen.report.outcome is Outcome.PASSED, seen.report.verdicts
    assert all(each.ok for each in seen.observations if isinstance(each, StepEnded))
    # How well a rate is held is the machine's matter too: the bench measures it.
    assert all(each.reached_per_s > each.drawn_per_s / 2 for each in seen.observations if isinstance(each, Paced))
    if name == "cut-topics":
        all_counts_agree(seen.report, counted_before, Counted(as_declared))


def test_the_way_back_is_slow_because_of_its_delay(as_declared: Standing, tmp_path: Path) -> None:
    seen = failing_variant_seen(as_declared, "asymmetric-delay", tmp_path.name)
    assert not any("to sg" in each for each in seen.broken)


def test_messages_are_slow_because_the_link_is_narrow(as_declared: Standing, tmp_path: Path) -> None:
    failing_variant_seen(as_declared, "narrow-link", tmp_path.name)


def test_a_rate_that_nobody_can_reach_is_said(as_declared: Standing, tmp_path: Path) -> None:
    flow = "{name: flood, broker: tokyo, over: mqtt, topic: flood, rate: 1000000/s, duration: 1s}"
    topology = shipped("scenarios") / "topologies" / "tokyo-singapore.yaml"
    path = tmp_path / "flood.yaml"
    path.write_text(f"scenario: a flood\ntopology: {topology}\nsteps:\n  - traffic: {flow}\n")
    seen = Seen(as_declared, path, tmp_path.name)
    (paced,) = (each for each in seen.observations if isinstance(each, Paced))
    assert not paced.held and 0 < paced.reached_per_s < 500_000
    assert any(note.startswith("A rate could not be held: step 1 (traffic flood") for note in seen.report.notes)
