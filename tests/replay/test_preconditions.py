"""A step records how much it did; expectations that depend on one that did less are unknown, below `at-least`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.history import Achieved, Header, StepEnded
from lab.judge import Outcome, Streamed, judge
from lab.judge.values import Report
from lab.runtime.messages import Outgoing
from tests.replay.test_trouble import Played
from tests.spoilt_lab import KeptClient, SpoiltLab

LISTENS = "  - subscribe: {client: tk, broker: tokyo, over: stomp, queue: q}\n"
SENDS = "  - publish: {broker: tokyo, over: stomp, queue: q, count: 5, every: 100ms%s}\n"
ARRIVED = "expect:\n  - delivered: {to: tk, promise: exactly-once}\n"


def spoilt(number: int, step: int) -> Callable[[SpoiltLab], None]:
    """Return what makes a sender lose its connection at one of its messages."""

    def loses(client: KeptClient, message: Outgoing) -> bool:
        return message.id == f"{step}-{number}"

    return lambda lab: setattr(lab, "loses", loses)


def judged(played: Played) -> Report:
    header = Header(
        run="r", scenario="s", seed=1, runtime="emulation", started="", declared=played.scenario.declared(), mqlab="0"
    )
    return judge(played.scenario.expect, Streamed(header, played.recorder.observations))


def test_most_of_a_publish_that_was_never_sent_leaves_its_expectations_unknown(tmp_path: Path) -> None:
    played = Played(tmp_path, LISTENS + SENDS % "" + ARRIVED, spoilt(3, 2))
    played.play()
    (achieved,) = played.seen(Achieved)
    assert (achieved.asked, achieved.done, achieved.least, achieved.early) == (5, 2, None, False)
    report = judged(played)
    (verdict,) = report.verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason.startswith(
        "step 2 (publish 5 to queue://q at tokyo over stomp, persistent, one every 100ms): "
        "2 of 5 accepted, 1 without an acknowledgement, 2 never sent "
        "(if so few were expected, write at-least: 2 there); apart from that 2 of 2 reached tk"
    )
    assert any("2 of 5 accepted" in note for note in report.notes)
    assert [(each.asked, each.sent, each.done, each.short) for each in report.steps] == [(5, 3, 2, True)]


@pytest.mark.parametrize(("least", "outcome"), [(2, Outcome.PASSED), (3, Outcome.UNKNOWN), (0, Outcome.PASSED)])
def test_the_scenario_says_how_many_are_enough(tmp_path: Path, least: int, outcome: Outcome) -> None:
    played = Played(tmp_path, LISTENS + SENDS % f", at-least: {least}" + ARRIVED, spoilt(3, 2))
    played.play()
    report = judged(played)
    assert report.outcome is outcome
    assert played.seen(StepEnded)[1].ok is (outcome is Outcome.PASSED)
    assert any("2 of 5 accepted" in note for note in report.notes), "what was asked stands beside what was sent"


def test_a_publish_that_is_refused_leaves_its_expectations_unknown(tmp_path: Path) -> None:
    """The first publish gets its messages through, so that the expectation does not hold of nothing."""
    refused = SENDS % ", user: stranger"
    played = Played(tmp_path, LISTENS + SENDS % "" + refused + ARRIVED)
    played.play()
    assert [(each.step, each.done, each.asked) for each in played.seen(Achieved)] == [(2, 5, 5), (3, 0, 5)]
    (verdict,) = judged(played).verdicts
    assert verdict.outcome is Outcome.UNKNOWN and "0 of 5 accepted, 5 never sent" in verdict.reason


@pytest.mark.parametrize(
    ("needs", "outcome"), [("", Outcome.UNKNOWN), (", at-least: 3", Outcome.PASSED), (", at-least: 9", Outcome.UNKNOWN)]
)
def test_traffic_that_lost_its_connection_ended_before_it_was_told(
    tmp_path: Path, needs: str, outcome: Outcome
) -> None:
    sends = f"  - traffic: {{name: t, broker: tokyo, over: stomp, queue: q, rate: 10/s{needs}}}\n  - wait: 2s\n"
    played = Played(tmp_path, LISTENS + sends + ARRIVED, spoilt(5, 2))
    played.play()
    (achieved,) = played.seen(Achieved)
    assert achieved.early and achieved.asked is None and achieved.done == 4
    assert judged(played).outcome is outcome


def test_traffic_with_a_duration_is_asked_for_what_its_rate_gives(tmp_path: Path) -> None:
    sends = "  - traffic: {name: t, broker: tokyo, over: stomp, queue: q, rate: 10/s, duration: 2s}\n"
    played = Played(tmp_path, LISTENS + sends + ARRIVED, spoilt(5, 2))
    played.play()
    (verdict,) = judged(played).verdicts
    assert "4 of 20 accepted, 1 without an acknowledgement, 15 never sent, it ended too early" in verdict.reason


@pytest.mark.parametrize(("needs", "outcome"), [("", Outcome.UNKNOWN), (", at-least: 5", Outcome.PASSED)])
def test_a_consume_that_got_fewer_leaves_its_expectations_unknown(tmp_path: Path, needs: str, outcome: Outcome) -> None:
    listens = LISTENS.replace("queue: q", "queue: q, ack: client-individual")
    takes = f"  - consume: {{client: tk, count: 20, within: 1s{needs}}}\n"
    played = Played(tmp_path, listens + SENDS % "" + takes + ARRIVED)
    played.play()
    taken = next(each for each in played.seen(Achieved) if each.did == "taken")
    assert (taken.asked, taken.done, taken.client) == (20, 5, "tk")
    (verdict,) = judged(played).verdicts
    assert verdict.outcome is outcome
    assert ("5 of 20 taken" in verdict.reason) is (outcome is Outcome.UNKNOWN)


def test_what_goes_elsewhere_is_no_precondition(tmp_path: Path) -> None:
    other = "  - publish: {broker: tokyo, over: stomp, queue: other, count: 5}\n"
    played = Played(tmp_path, LISTENS + SENDS % "" + other + ARRIVED, spoilt(2, 3))
    played.play()
    assert judged(played).outcome is Outcome.PASSED


def test_all_that_was_asked_is_in_the_report_of_a_run_that_held(tmp_path: Path) -> None:
    played = Played(tmp_path, LISTENS + SENDS % "" + ARRIVED)
    played.play()
    report = judged(played)
    assert report.outcome is Outcome.PASSED and not any("less than it was asked" in note for note in report.notes)
    assert [(each.step, each.asked, each.sent, each.done) for each in report.steps] == [(2, 5, 5, 5)]


BROWSES = "  - browse: {client: eye, broker: tokyo, over: stomp, queue: q}\n"
SAW = "expect:\n  - browsed: {client: eye, count: {at-least: 1}}\n"


@pytest.mark.parametrize(("order", "outcome"), [(1, Outcome.UNKNOWN), (-1, Outcome.PASSED)])
def test_a_browser_sees_what_was_sent_before(tmp_path: Path, order: int, outcome: Outcome) -> None:
    """The second publish loses its connection: before the look, or after it."""
    whole = SENDS.replace("%s", "")
    steps = "".join([whole, BROWSES][::order])
    played = Played(tmp_path, whole + steps + SAW, spoilt(3, 2 if order == 1 else 3))
    played.play()
    assert judged(played).outcome is outcome, judged(played).verdicts


def test_a_look_that_failed_leaves_no_earlier_one_for_the_last(tmp_path: Path) -> None:
    failed = BROWSES.replace("queue: q", "queue: q, user: stranger")
    played = Played(tmp_path, SENDS % "" + BROWSES + failed + SAW)
    played.play()
    (verdict,) = judged(played).verdicts
    assert verdict.outcome is Outcome.UNKNOWN and "eye could not browse at" in verdict.reason


@pytest.mark.parametrize(("needs", "outcome"), [("", Outcome.UNKNOWN), (", at-least: 2", Outcome.PASSED)])
def test_requests_that_never_left_leave_their_answers_unknown(tmp_path: Path, needs: str, outcome: Outcome) -> None:
    listens = LISTENS.replace("queue: q", "queue: q, replies: yes")
    asks = (
        f"  - request: {{broker: tokyo, over: stomp, queue: q, count: 5, reply-to: temporary, every: 100ms{needs}}}\n"
    )
    played = Played(tmp_path, listens + asks + "expect:\n  - answered: {queue: q}\n", spoilt(3, 2))
    played.play()
    (verdict,) = judged(played).verdicts
    assert verdict.outcome is outcome, verdict
    assert ("2 of 5 accepted" in verdict.reason) is (outcome is Outcome.UNKNOWN)


@pytest.mark.parametrize(("step", "outcome"), [("first", Outcome.PASSED), ("second", Outcome.UNKNOWN)])
def test_how_long_a_step_took_rests_on_that_step_alone(tmp_path: Path, step: str, outcome: Outcome) -> None:
    publish = SENDS.replace("%s", "")
    sends = "".join(publish.replace("- publish", f"- as: {name}\n    publish") for name in ("first", "second"))
    expectation = f"expect:\n  - finished: {{step: {step}, within: 10s}}\n"
    played = Played(tmp_path, LISTENS + sends + expectation, spoilt(3, 3))
    played.play()
    (verdict,) = judged(played).verdicts
    assert verdict.outcome is outcome, verdict


@pytest.mark.parametrize(("loses", "outcome"), [(3, Outcome.PASSED), (0, Outcome.UNKNOWN)])
def test_a_publish_that_is_to_fail_may_not_go_well(tmp_path: Path, loses: int, outcome: Outcome) -> None:
    """Which of its messages are sent is not said: where that matters at-least says it."""
    sends = SENDS.replace("%s", "").replace("- publish", "- fails: yes\n    publish")
    played = Played(tmp_path, LISTENS + sends + ARRIVED, spoilt(loses, 2))
    played.play()
    report = judged(played)
    (verdict,) = report.verdicts
    assert verdict.outcome is outcome, verdict
    assert ("it was to fail: if this was expected, remove fails: yes" in verdict.reason) is (outcome is Outcome.UNKNOWN)
    assert any("; it was to fail." in note for note in report.notes) is (outcome is Outcome.PASSED)
