"""The lab's own clients observed both ways in all shipped scenarios: by their own records, and inside the brokers.

Both kinds of evidence agree, or a row here explains the difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from lab import labs
from lab.declare.application import Application
from lab.history import (
    Acknowledged,
    ConsumerSeen,
    Header,
    MemoryRecorder,
    MessageSeen,
    Observation,
    ObserverChanged,
    Publishing,
    Received,
    Subscribed,
    observations,
)
from lab.judge import judge_whole
from lab.simulation.broker.observer import Observer
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.observers import MOST_EVENTS, Observed, Observers
from tests.failing_variants import FAILING_VARIANTS, SCENARIOS

# Why a scenario's senders have more or other outcomes in their own records than the brokers saw.
SENT = {
    "broker-killed": "Tokyo was killed with messages under way: their sender has no answer, and the broker no event.",
    "broker-killed-fails": "As broker-killed.",
}
# Why a scenario has other verdicts if the brokers' events alone decide.
VERDICTS = {
    "broker-killed": "A killed broker may have taken events with it, so every verdict on messages is unknown.",
    "broker-killed-fails": "As broker-killed.",
    "failover": "As broker-killed: the active instance is killed.",
    "failover-fails": "As broker-killed: the active instance is killed.",
    "durable-reboot-fails": "A broker expects nothing of a client that is away and has no durable subscription.",
    "revision-pending-fails": "As durable-reboot-fails: the client has lost its connection for good.",
}


class Run(NamedTuple):
    """A shipped scenario that was simulated with an observer for every destination."""

    name: str
    file: Path


@pytest.fixture(scope="module", params=[*SCENARIOS, *FAILING_VARIANTS])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    name, runs = request.param, tmp_path_factory.mktemp("runs")
    ran = labs.run(name, runtime="simulation", runs=runs, environment={}, set={"observe": '[">"]'})
    return Run(name, ran.folder.path / "history.jsonl")


def written(history: Iterable[Observation]) -> tuple[Counter[object], dict[object, Counter[str]]]:
    """Return the outcomes of sendings by broker and destination, and each subscriber's messages, as clients wrote."""
    publishings: dict[str, Publishing] = {}
    sent, taken = Counter[object](), defaultdict[object, Counter[str]](Counter)
    for number, seen in enumerate(history):
        match seen:
            case Publishing():
                publishings[str(seen.step)] = seen
            case Acknowledged():
                step = publishings[seen.id.rpartition("-")[0]]
                sent[step.broker, step.destination, seen.outcome == "ok"] += 1
            case Received():
                # A body that the lab did not generate has no id: each is a message of its own.
                taken[seen.client, seen.destination][seen.id or str(number)] += 1
    return sent, taken


def seen_inside(history: Iterable[Observation], run: str) -> tuple[Counter[object], dict[object, Counter[str]]]:
    """Return the same as the brokers saw it."""
    consumers: dict[tuple[str, str], ConsumerSeen] = {}
    sent, taken = Counter[object](), defaultdict[object, Counter[str]](Counter)
    for seen in history:
        match seen:
            case ConsumerSeen(state="subscribed"):
                consumers[seen.broker, seen.consumer] = seen
            case MessageSeen(event="sent", network=False) if seen.over != "vm":
                sent[seen.broker, seen.destination, not seen.why] += 1
            case MessageSeen(event="acknowledged", network=False):
                destination = consumers[seen.broker, seen.consumer].destination
                taken[seen.client_id.removeprefix(f"mqlab-{run}-"), destination][seen.message] += 1
    return sent, taken


@pytest.mark.sampled(12)
def test_clients_and_brokers_have_the_same_evidence(run: Run) -> None:
    header, *history = observations(run.file)
    assert isinstance(header, Header)
    by_clients, by_brokers = written(history), seen_inside(history, header.run)
    assert (by_clients[0] == by_brokers[0]) is (run.name not in SENT), (by_clients[0], by_brokers[0])
    assert how_often(by_clients[1]) == how_often(by_brokers[1])


def how_often(taken: dict[object, Counter[str]]) -> dict[object, Counter[int]]:
    """Return how many messages each subscriber had once, twice, and so on."""
    return {subscriber: Counter(messages.values()) for subscriber, messages in taken.items()}


@pytest.mark.sampled(12)
def test_the_events_of_the_brokers_alone_give_the_same_verdicts(run: Run) -> None:
    clients = {
        seen.client: Application.model_validate(
            {"client-id": f"*{seen.client}", "broker": seen.broker, "delivered-when": "dispatched"}
        )
        for seen in observations(run.file)
        if isinstance(seen, Subscribed)
    }
    own, events = judge_whole(run.file).report.verdicts, judge_whole(run.file, clients=clients).report.verdicts
    both = zip(own, events, strict=True)
    different = [(one.expectation, one.reason, two.reason) for one, two in both if one.outcome is not two.outcome]
    assert bool(different) is (run.name in VERDICTS), different


class Lab:
    """Observers of one instance, and their observations."""

    def __init__(self, *patterns: str) -> None:
        self.kernel, self.answers = Kernel(), True
        instance = Observed(broker="tokyo", mark=0, answers=lambda: self.answers)
        self.observers = Observers({"tokyo": patterns}, {"tokyo-1": instance}, self.kernel)
        self.recorder = MemoryRecorder()

    def begin(self) -> Observer:
        observer = self.observers.begin("tokyo-1")
        assert observer is not None
        return observer

    def wait(self, seconds: float) -> None:
        self.kernel.sleep(round(seconds * SECOND))

    @property
    def recorded(self) -> list[str]:
        return [each.state for each in self.recorder.observations if isinstance(each, ObserverChanged | ConsumerSeen)]


def test_a_broker_without_patterns_has_no_observer() -> None:
    assert Lab().observers.begin("tokyo-1") is None


def test_events_from_before_the_watch_are_recorded_with_their_moments() -> None:
    lab = Lab("orders")
    lab.wait(2)
    lab.begin().forgotten("billing", "mine")
    lab.wait(3)
    lab.observers.follow(lab.recorder)
    lab.observers.unfollow()
    assert lab.recorded == ["began", "forgotten", "ended"]
    assert [seen.t for seen in lab.recorder.observations] == [5.0, 2.0, 5.0]


def test_events_that_nobody_reads_are_dropped_and_counted_as_in_a_real_broker() -> None:
    lab = Lab("orders")
    observer = lab.begin()
    for _ in range(MOST_EVENTS + 3):
        observer.forgotten("billing", "mine")
    lab.observers.follow(lab.recorder)
    changes = [each for each in lab.recorder.observations if isinstance(each, ObserverChanged)]
    assert [(each.state, each.lost_events) for each in changes] == [("began", 0), ("lost", 3)]


def test_a_killed_broker_may_have_lost_events_and_a_stopped_one_has_not() -> None:
    lab = Lab("orders")
    lab.observers.follow(lab.recorder)
    lab.begin().process("halted")
    lab.begin().stopped()
    lab.begin()
    lab.observers.unfollow()
    assert lab.recorded == ["began", "lost", "began", "ended", "began", "ended"]


def test_a_paused_broker_is_silent_until_it_goes_on() -> None:
    lab = Lab("orders")
    lab.observers.follow(lab.recorder)
    observer = lab.begin()
    for seconds in (0.5, 2):
        observer.process("paused")
        lab.wait(seconds)
        observer.process("resumed")
    lab.wait(3)
    assert lab.recorded == ["began", "silent", "answering"]
    assert [seen.t for seen in lab.recorder.observations] == [0.0, 1.5, 2.5]


def test_a_paused_broker_is_read_by_the_next_watch_when_it_goes_on() -> None:
    lab = Lab("orders")
    lab.observers.follow(lab.recorder)
    observer = lab.begin()
    observer.process("paused")
    lab.answers = False
    lab.observers.unfollow()
    observer.forgotten("billing", "mine")
    lab.observers.follow(lab.recorder)
    assert lab.recorded == ["began", "lost", "began", "forgotten"]
