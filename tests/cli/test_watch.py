"""`mqlab watch`: the fates of applications' messages, while a history grows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from lab.cli.watch import Watch
from lab.errors import InputError
from lab.history import BrokerChanged, Ended, Observation, ObserverChanged, line
from lab.history.writing import header_line
from lab.report.application_fates import Fate
from tests.command import Commands
from tests.judge.test_applications import BEGAN, OBSERVED, event, left, sent, subscribed, taken
from tests.judge.test_truth import HEADER
from tests.sealed import write

STANDING = replace(OBSERVED, standing=True, declared={**OBSERVED.declared, "expect": []})
TOPIC = {"destination": "topic://orders"}
ORDER = {"correlation": "order-17"}
TO_BRIDGE = event(2.1, "dispatched", consumer="b1").with_fields(broker="tokyo", network=True, client_id="C")
AT_SINGAPORE = sent(43).with_fields(broker="singapore", network=True, client_id="C")
BAD = Path(__file__).parents[1] / "check" / "bad" / "topologies"
CASES = Path(__file__).parent / "watching"


class Growing:
    """A history that grows, and what is said of it."""

    def __init__(self, path: Path, within: float = 5.0) -> None:
        self.path = path
        self.path.write_text(header_line(STANDING))
        self.watch = Watch(path, None, None, None, within)
        self.add(0, BEGAN)

    def add(self, until: float, *observations: Observation | Iterable[Observation]) -> list[str]:
        """Add observations, and let time pass; return the states and texts that are new then."""
        lines = [each for its in observations for each in ([its] if isinstance(its, Observation) else its)]
        with self.path.open("a") as file:
            file.writelines(map(line, [*lines, BrokerChanged(t=until, broker="elsewhere", state="started")]))
        return [f"{its.state} {its.name}: {its.text}" if isinstance(its, Fate) else its for its in self.look()]

    def look(self) -> list[Fate | str]:
        """Look again, as soon as that is due."""
        self.watch._next = 0.0
        return list(self.watch.look())


@pytest.fixture
def growing(tmp_path: Path) -> Iterable[Growing]:
    made = Growing(tmp_path / "history.jsonl")
    with closing(made.watch):
        yield made


def test_a_message_waits_where_it_is_until_it_arrives(growing: Growing) -> None:
    assert growing.add(6, subscribed(1), sent(2, **ORDER), TO_BRIDGE) == []
    assert growing.add(9) == [
        "waiting order-17 (ID:1): sent at 2.000 s by shop to queue://orders; it waits at tokyo on queue://orders"
    ]
    assert growing.add(20) == []
    assert growing.add(43.05, AT_SINGAPORE) == [
        "waiting order-17 (ID:1): sent at 2.000 s by shop to queue://orders; it waits at singapore on queue://orders"
    ]
    assert growing.add(44, taken(43.1)) == ["late order-17 (ID:1): it arrived at billing after 41.1 s"]
    assert growing.add(60) == []


def test_an_event_that_is_newer_than_the_evidence_changes_no_line_yet(growing: Growing) -> None:
    (found,) = growing.add(30, subscribed(1), sent(2))
    assert found.startswith("waiting ID:1")
    growing.watch._events.add(taken(30.1))  # read after the evidence was
    assert growing.add(31) == []


def test_a_message_with_copies_has_not_come_while_one_copy_is_missing(growing: Growing) -> None:
    bills, copies = {"destination": "queue://bills"}, {"destination": "queue://copies"}
    readers = [subscribed(1).with_fields(**bills), subscribed(1, "c2", "robot-7").with_fields(**copies)]
    came = [each.with_fields(**bills) for each in taken(2.1)]
    (found,) = growing.add(30, readers, sent(2).with_fields(destination="queue://bills,copies"), came)
    assert found.startswith("waiting ID:1: ") and found.endswith("; it waits at tokyo on queue://copies")
    (found,) = growing.add(40, [each.with_fields(**copies) for each in taken(2.2, consumer="c2")])
    assert found.startswith("arrived ID:1: ")


def test_a_message_in_time_is_not_mentioned(growing: Growing) -> None:
    assert growing.add(30, subscribed(1), sent(2), taken(2.1)) == []
    assert growing.watch.last is not None
    assert (growing.watch.last.sent, growing.watch.last.in_time) == (1, 1)


def test_a_message_is_late_only_once_its_observers_had_time_to_say_that_it_came(growing: Growing) -> None:
    assert growing.add(7.4, subscribed(1), sent(2)) == []
    assert growing.add(7.6, taken(6.9)) == []


def test_a_message_is_not_called_late_within_the_error_of_the_brokers_clocks(growing: Growing) -> None:
    clock = BEGAN.with_fields(state="clock", clock_error=0.5)
    assert growing.add(20, clock, subscribed(1), sent(2), taken(7.4), sent(8, 2), taken(13.6, 2)) == [
        "late ID:2: it arrived at billing after 5.6 s"
    ]


def test_a_message_to_a_queue_without_a_consumer_waits(growing: Growing) -> None:
    text = "waiting ID:1: sent at 2.000 s by shop to queue://orders; it waits at tokyo on queue://orders"
    assert growing.add(30, sent(2)) == [text]


def test_a_message_that_was_sent_after_the_last_consumer_left_waits(growing: Growing) -> None:
    (found,) = growing.add(30, subscribed(1), sent(2), taken(2.1), left(3), sent(4, 2))
    assert found.startswith("waiting ID:2: sent at 4.000 s")


def test_a_message_that_a_client_has_not_acknowledged_is_at_the_client(growing: Growing) -> None:
    given = event(2.1, "dispatched", client_id="billing-1")
    (found,) = growing.add(30, subscribed(1), sent(2), given)
    assert found.endswith("dispatched to billing-1 at singapore, and not acknowledged")


@pytest.mark.parametrize(
    ("name", "text"),
    [("expired", "it expired at singapore"), ("dead-lettered", "it became a dead letter at singapore")],
)
def test_a_message_that_a_broker_ended_is_lost_at_once(growing: Growing, name: str, text: str) -> None:
    (found,) = growing.add(3, subscribed(1), sent(2), event(2.5, name))
    assert found == f"lost ID:1: sent at 2.000 s by shop to queue://orders; {text}"


def test_a_message_whose_other_copy_ended_is_not_lost(growing: Growing) -> None:
    given = event(2.1, "dispatched", client_id="billing-1")
    dead = event(3, "dead-lettered", consumer="", why="duplicate from store")
    assert growing.add(6, subscribed(1), sent(2), given, dead) == []
    (found,) = growing.add(30)
    assert found.startswith("waiting ID:1: ")
    assert found.endswith("; dispatched to billing-1 at singapore, and not acknowledged")


def test_a_message_that_was_not_stored_does_not_wait_at_a_broker_that_was_stopped(growing: Growing) -> None:
    stopped = BrokerChanged(t=3, broker="tokyo", state="stopped")
    (found,) = growing.add(30, subscribed(1), sent(2).with_fields(persistent=False), stopped)
    assert found.startswith("overdue ID:1: ")
    assert found.endswith("; it was at tokyo, was not stored, and tokyo stopped at 3.000 s")


def test_a_message_that_came_twice_is_doubled(growing: Growing) -> None:
    assert growing.add(3, subscribed(1), sent(2), taken(2.1)) == []
    assert growing.add(4, taken(3.1)) == ["doubled ID:1: it arrived at billing more than once, first after 0.1 s"]


def test_a_dispatch_that_the_broker_acknowledges_by_itself_is_called_a_dispatch(growing: Growing) -> None:
    growing.add(30, subscribed(1), sent(2))
    assert growing.add(31, taken(29.1, automatic=True)) == ["late ID:1: it was dispatched to billing after 27.1 s"]


def test_a_message_of_a_topic_has_a_fate_for_each_client(growing: Growing) -> None:
    clients = [subscribed(1), subscribed(1, "c2", "robot-7").with_fields(broker="tokyo")]
    at_tokyo = [each.with_fields(**TOPIC, broker="tokyo", client_id="robot-7") for each in taken(2.1, consumer="c2")]
    lines = [*(each.with_fields(**TOPIC) for each in (*clients, sent(2))), *at_tokyo]
    assert growing.add(30, lines) == [
        "overdue ID:1: sent at 2.000 s by shop to topic://orders; tokyo accepted it, and it has not come to singapore"
    ]
    arrived = [each.with_fields(**TOPIC, client_id="billing-1") for each in taken(30.1)]
    assert growing.add(32, arrived) == ["late ID:1: it arrived at billing after 28.1 s"]


def test_a_message_of_a_durable_subscription_waits_for_a_client_that_is_away(growing: Growing) -> None:
    there = AT_SINGAPORE.with_fields(t=5, **TOPIC)
    lines = [subscribed(1, durable="d").with_fields(**TOPIC), left(3), sent(4).with_fields(**TOPIC), there]
    (found,) = growing.add(30, lines)
    assert found.endswith("it waits at singapore for billing, which is away")


def test_lines_are_taken_back_where_events_are_missing(growing: Growing) -> None:
    growing.add(30, subscribed(1), sent(2))
    silent = ObserverChanged(t=31, broker="singapore", state="silent", since=30.0)
    why = "the observer of singapore has not answered since 30.000 s"
    assert growing.add(32, silent) == [why, f"unknown ID:1: sent at 2.000 s by shop to queue://orders; {why}"]
    answering = ObserverChanged(t=33, broker="singapore", state="answering")
    (found,) = growing.add(34, taken(31.5), answering)
    assert found == "late ID:1: it arrived at billing after 29.5 s"


def test_a_topics_message_is_not_overdue_for_a_client_that_may_be_gone_since_events_were_lost(growing: Growing) -> None:
    lost = ObserverChanged(t=9, broker="singapore", state="lost", since=8.0, why="its buffer was full")
    lines = [subscribed(1).with_fields(**TOPIC), lost, sent(12).with_fields(**TOPIC)]
    assert growing.add(30, lines) == ["the observer of singapore lost events after 8.000 s: its buffer was full"]
    back = subscribed(31, "c2", connection="another").with_fields(**TOPIC)
    (found,) = growing.add(60, back, sent(32, 2).with_fields(**TOPIC))
    assert found.startswith("overdue ID:2: sent at 32.000 s by shop to topic://orders")


def test_no_message_is_called_late_while_an_observer_does_not_answer(growing: Growing) -> None:
    silent = ObserverChanged(t=4, broker="singapore", state="silent", since=3.0)
    (why,) = growing.add(30, subscribed(1), sent(2), silent)
    assert why.startswith("the observer of singapore has not answered")


def test_events_of_messages_that_arrived_are_not_kept(growing: Growing) -> None:
    growing.add(30, subscribed(1), sent(2), taken(2.1), sent(3, 2))
    assert set(growing.watch._events.of) == {"ID:2"}


def test_a_run_without_observers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(header_line(replace(HEADER, declared={**HEADER.declared, "expect": []})) + line(sent(2)))
    with closing(Watch(path, None, None, None, 5.0)) as watch, pytest.raises(InputError, match="no broker of this run"):
        list(watch.look())


def kept(tmp_path: Path) -> Path:
    """Write a history of a lab that has ended."""
    lines: list[Observation] = [BEGAN, subscribed(1), sent(2, **ORDER), *taken(2.1), sent(3, 2), event(4, "expired", 2)]
    lines += [sent(5, 3), *taken(20.0, 3), sent(6, 4), Ended(t=30, complete=True)]
    return write(tmp_path / "history.jsonl", header_line(STANDING) + "".join(map(line, lines)))


def test_a_history_that_has_ended_is_shown_with_its_summary(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    ended = mqlab.inside("watch", kept(tmp_path), "--within", "2s")
    assert ended.code == 0, ended.err
    assert ended.out == (CASES / "ended.txt").read_text()


def test_with_a_scenario_the_verdicts_end_the_summary(tmp_path: Path) -> None:
    topology = (BAD / "two.yaml").read_text() + "observe: [orders]\n"
    (tmp_path / "two.yaml").write_text(topology)
    scenario = tmp_path / "orders.yaml"
    scenario.write_text(
        "scenario: orders\ntopology: two.yaml\nclients:\n  billing: {client-id: billing-*, broker: singapore}\n"
        "steps:\n  - wait: 1s\n"
        "expect:\n  - delivered: {to: billing, queue: orders, promise: at-least-once, within: 16s}\n"
    )
    ended = Commands(folder=tmp_path).inside("watch", kept(tmp_path), "--scenario", scenario)
    assert ended.code == 0, ended.err
    lost, waiting, summary, verdict = ended.out.splitlines()
    assert "ID:2" in lost and "ID:4" in waiting
    assert summary.startswith("4 messages of applications: 2 in time, 1 waiting")
    assert verdict.startswith("failed: delivered: {queue: orders, to: billing, promise: at-least-once, within: 16s}: ")


def test_each_line_is_json(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside("watch", kept(tmp_path), "--json")
    assert ended.code == 0, ended.err
    *lines, last = map(json.loads, ended.out.splitlines())
    assert [(each["state"], each["message"]) for each in lines] == [
        ("lost", "ID:2"),
        ("late", "ID:3"),
        ("waiting", "ID:4"),
    ]
    assert last["summary"] == {
        "sent": 4, "in time": 1, "waiting": 1, "overdue": 0, "late": 1, "lost": 1, "doubled": 0,
        "not due yet or unknown": 0,
    }  # fmt: skip
