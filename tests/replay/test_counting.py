"""Snapshots of the brokers' counters: taken for steps and expectations; a silent broker is recorded as silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import Counted, Demand, MemoryRecorder, Received, SnapshotTaken, StepEnded
from lab.replay import replay
from lab.runtime.messages import Incoming
from tests.replay.cases import opened
from tests.replay.test_trouble import Hearing, Played
from tests.spoilt_lab import RUN, SpoiltLab

HEAD = f"scenario: counted\ntopology: {Path(__file__).parents[2]}/scenarios/topologies/tokyo-singapore.yaml\nsteps:\n"
SNAPSHOT = "  - snapshot: mine\n"
TOLD = "  - publish: {broker: tokyo, over: stomp, queue: orders, count: 3}\n"
HEARD = "  - subscribe: {client: tk, broker: tokyo, over: stomp, queue: orders}\n"


def played(folder: Path, text: str) -> tuple[SpoiltLab, MemoryRecorder]:
    path = folder / "scenario.yaml"
    path.write_text(HEAD + text)
    scenario, planned, lab = opened(path)
    recorder = MemoryRecorder()
    replay(scenario, planned, lab, recorder, run=RUN)
    return lab, recorder


def snapshots(recorder: MemoryRecorder) -> list[str]:
    taken = [seen.snapshot for seen in recorder.observations if isinstance(seen, SnapshotTaken)]
    return list(dict.fromkeys(taken))


@pytest.mark.parametrize(
    ("expectation", "names"),
    [
        ("delivered: {to: tk, promise: exactly-once}", ["mine"]),
        ("forwarded: {broker: tokyo, queue: orders, count: 0}", ["start", "mine", "end"]),
        ("forwarded: {broker: tokyo, queue: orders, count: 0, between: [mine, end]}", ["mine", "end"]),
        ("stuck: {broker: tokyo, queue: orders, count: 0}", ["mine", "end"]),
        ("stuck: {broker: tokyo, queue: orders, count: 0, at: mine}", ["mine"]),
        ("discarded: {broker: tokyo, topic: prices, count: 0}", ["start", "mine", "end"]),
    ],
)
def test_start_and_end_are_taken_where_a_expectation_looks_at_them(
    tmp_path: Path, expectation: str, names: list[str]
) -> None:
    _, recorder = played(tmp_path, f"{HEARD}{SNAPSHOT}{TOLD}expect:\n  - {expectation}\n")
    assert snapshots(recorder) == names


def test_a_broker_that_does_not_answer_is_named(tmp_path: Path) -> None:
    _, recorder = played(tmp_path, TOLD + "  - pause: {broker: singapore}\n" + SNAPSHOT)
    ends = [seen for seen in recorder.observations if isinstance(seen, StepEnded)]
    assert (ends[-1].ok, ends[-1].note) == (False, "no answer from singapore")
    answered = {seen.broker: seen.answered for seen in recorder.observations if isinstance(seen, SnapshotTaken)}
    assert answered == {"tokyo": True, "singapore": False}
    assert {seen.broker for seen in recorder.observations if isinstance(seen, Counted)} == {"tokyo"}


def test_demand_is_watched_where_it_is_expected(tmp_path: Path) -> None:
    far = "  - subscribe: {client: sg, broker: singapore, over: stomp, topic: prices}\n"
    expectation = "  - demand: {broker: tokyo, topic: prices, present: yes}\n"
    _, recorder = played(tmp_path, f"{far}  - wait: 2s\nexpect:\n{expectation}")
    seen = [each for each in recorder.observations if isinstance(each, Demand)]
    assert [(each.broker, each.present) for each in seen] == [("tokyo", False), ("tokyo", True)]


def test_demand_that_a_step_did_not_find_is_watched_from_then_on(tmp_path: Path) -> None:
    until = "  - wait: {until: demand, broker: tokyo, topic: prices, within: 2s}\n"
    far = "  - subscribe: {client: sg, broker: singapore, over: stomp, topic: prices}\n"
    _, recorder = played(tmp_path, f"{until}{far}  - wait: 2s\n  - unsubscribe: {{client: sg}}\n  - wait: 8s\n")
    seen = [each for each in recorder.observations if isinstance(each, Demand)]
    assert [(each.broker, each.present) for each in seen] == [("tokyo", False), ("tokyo", True), ("tokyo", False)]


def test_demand_that_came_after_a_subscription_in_a_cut_is_no_cause_of_a_loss(tmp_path: Path) -> None:
    """What is sent into a second cut is on its way still, and its topic had a subscriber by then."""
    sent = "  - publish: {broker: tokyo, over: stomp, topic: p, count: 2}\n"
    its = Played(
        tmp_path,
        "  - cut: {link: tokyo-singapore}\n"
        "  - subscribe: {client: sg, broker: singapore, over: stomp, topic: p}\n"
        "  - heal: {link: tokyo-singapore}\n  - wait: 10s\n"
        f"{sent}  - wait: 2s\n  - cut: {{link: tokyo-singapore}}\n{sent}"
        "expect:\n  - delivered: {to: sg, promise: exactly-once, within: 5s}\n",
    )
    its.play()
    assert [each.present for each in its.seen(Demand)] == [False, True]


def test_a_queue_owes_to_those_who_come_later(tmp_path: Path) -> None:
    """The lab listens on for a queue's late subscriber, who is expected to receive earlier messages."""

    class Deaf(Hearing):
        def received(self, message: Incoming) -> None: ...

    expectation = "  - delivered: {to: tk, promise: exactly-once, within: 7s}\n"
    its = Played(tmp_path, f"{TOLD}{HEARD}expect:\n{expectation}", Deaf.of("tk"))
    its.play()
    assert not its.seen(Received)
    assert its.recorder.observations[-1].t >= 7
