"""Outside the calibrated range of its models, a simulation leaves each expectation that may depend on them unknown."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from lab.declare.expectations import expectations_of
from lab.declare.expectations.base import Expectation
from lab.declare.expectations.forwarding import Bridge
from lab.history import Ended, Observation, Uncalibrated, read
from lab.judge import Report, judge
from lab.judge.judging import Streamed
from tests.judge.cases import HERE

EARLY, LATE = 0.0, 1e6


def report(case: str, *uncalibrated: Uncalibrated, expectations: Sequence[Expectation] = ()) -> Report:
    """Return the report on a case of models, on its own expectations if none are given; some is told before its end."""
    history = read(HERE / case / "history.jsonl")
    last = history.observations[-1]
    seen: list[Observation] = [*history.observations]
    for each in uncalibrated:
        at = len(seen) - isinstance(last, Ended)
        seen.insert(at, each.with_fields(t=last.t, since=min(each.since, last.t)))
    header = structs.replace(history.header, runtime="simulation")
    return judge(expectations or expectations_of(header.declared), Streamed(header, seen))


def left(broker: str, since: float) -> Uncalibrated:
    return Uncalibrated(t=0.0, broker=broker, why="something was too much", since=since)


def outcomes(of: Report) -> dict[str, str]:
    return {each.expectation: str(each.outcome) for each in of.verdicts}


def test_what_rests_on_a_broker_is_unknown_and_the_models_words_are_kept() -> None:
    before, after = report("all-passed"), report("all-passed", left("tokyo", EARLY))
    assert set(outcomes(after).values()) == {"unknown"}
    for old, new in zip(before.verdicts, after.verdicts, strict=True):
        why = "outside the calibrated range from 0.000 s on: something was too much; by the models: "
        assert new.reason == why + old.reason
    assert after.outcome == "unknown"
    assert any("From 0.000 s on, the results of singapore and tokyo are a guess." in note for note in after.notes)


def test_so_is_what_rests_on_one_that_a_bridge_joins_to_it() -> None:
    expectation = "counters: {broker: tokyo, enqueued: 8}"
    assert outcomes(report("counters-passed"))[expectation] == "passed"
    assert outcomes(report("counters-passed", left("singapore", EARLY)))[expectation] == "unknown"


def test_a_broker_that_nothing_joins_to_it_changes_nothing() -> None:
    assert outcomes(report("all-passed", left("elsewhere", EARLY))) == outcomes(report("all-passed"))


def test_a_time_that_real_brokers_may_not_keep_in_a_burst_is_unknown() -> None:
    """They took up to 2.3 times as long as models where more than some 500 messages were sent within a second."""
    expectations = [
        expectations_of({"expect": [{"delivered": {"to": "tk", "promise": "at-most-once", "within": within}}]})[0]
        for within in ("1s", "2s", "5s")
    ]
    found = report("burst-discarded", expectations=expectations)
    slowest = max(each.latency.max for each in found.deliveries if each.latency is not None) / 1000
    assert 1 / 2.3 < slowest / 2 < 1, "between a bound that is kept for certain, and one that is not"
    assert [str(each.outcome) for each in found.verdicts][1:] == ["unknown", "passed"]
    assert "2,000 messages were sent within a second, for which real brokers may take 2.3" in found.verdicts[1].reason
    lost = expectations_of({"expect": [{"delivered": {"to": "tk", "promise": "at-least-once", "within": "2s"}}]})
    assert [str(each.outcome) for each in report("burst-discarded", expectations=lost).verdicts] == ["failed"]
    assert any(note.endswith("Times of those messages are a guess.") for note in found.notes)
    assert not any("a guess" in note for note in report("all-passed").notes)


def test_what_is_broken_is_unknown_too() -> None:
    broken = "delivered: {to: {any: [a, b]}, promise: exactly-once, within: 5s}"
    assert outcomes(report("receipts-failed"))[broken] == "failed"
    brokers = {each.broker for each in report("receipts-failed").deliveries}
    found = report("receipts-failed", *(left(each, EARLY) for each in brokers))
    assert outcomes(found)[broken] == "unknown"


def test_what_was_over_by_then_stands() -> None:
    """Messages that had come, where none may come twice too many; a state whose time was over; a snapshot."""
    still = outcomes(report("all-passed", left("tokyo", LATE)))
    assert [still[each] for each in still if each.startswith("latency")] == ["passed"]
    assert [still[each] for each in still if not each.startswith("latency")] == ["unknown", "unknown"]
    demand = "demand: {topic: prices, broker: tokyo, present: yes, within: 1s, after: subscribe}"
    assert outcomes(report("counters-passed", left("tokyo", LATE)))[demand] == "passed"
    assert outcomes(report("counters-passed", left("tokyo", EARLY)))[demand] == "unknown"
    again = outcomes(report("bridge-comes-and-goes", left("tokyo", LATE)))
    up = "bridge: {connector: connector_tokyo_to_singapore, up: nowhere, within: 90s, after: cut}"
    assert again[up] == outcomes(report("bridge-comes-and-goes"))[up]
    began = outcomes(report("counters-began-again", left("singapore", LATE)))
    assert began["stuck: {broker: singapore, queue: orders, count: 0, at: middle}"] == "passed"
    early = outcomes(report("counters-began-again", left("singapore", EARLY)))
    assert early["stuck: {broker: singapore, queue: orders, count: 0, at: middle}"] == "unknown"


def test_counters_of_both_ends_are_compared_at_the_end_whatever_the_term() -> None:
    up = {"connector": "connector_tokyo_to_singapore", "up": "both-ends", "after": "heal", "within": "60s"}
    expectations = [Bridge.model_validate(up), Bridge.model_validate({**up, "agree": "yes"})]
    before = report("bridge-comes-and-goes", expectations=expectations)
    assert [each.outcome for each in before.verdicts] == ["passed", "passed"]
    after = report(
        "bridge-comes-and-goes", left("tokyo", 149.0), expectations=expectations
    )  # the term was over at 140 s
    assert [each.outcome for each in after.verdicts] == ["passed", "unknown"]


def test_records_and_packets_rest_on_no_broker() -> None:
    for case in ("network-opened", "service-passed"):
        before = outcomes(report(case))
        after = outcomes(report(case, left("tokyo", EARLY), left("singapore", EARLY)))
        counts = [each for each in before if each.startswith("dropped")]  # how often somebody tries depends on them
        assert {after.pop(each) for each in counts} <= {"unknown"}
        assert after == {each: outcome for each, outcome in before.items() if each not in counts}


def test_what_ends_the_run_concerns_everything() -> None:
    assert set(outcomes(report("network-opened", left("", EARLY))).values()) == {"unknown"}


def test_a_run_that_expects_nothing_is_unknown() -> None:
    assert report("no-expectations").outcome == "passed"
    assert report("no-expectations", left("tokyo", EARLY)).outcome == "unknown"


def test_a_moment_before_its_own_beginning_is_no_history() -> None:
    history = read(HERE / "all-passed" / "history.jsonl")
    odd = Uncalibrated(t=0.0, broker="tokyo", why="something", since=5.0)
    found = judge(expectations_of(history.header.declared), Streamed(history.header, [odd, *history.observations]))
    assert all("the history is damaged" in each.reason for each in found.verdicts)
