"""After the last expected message a lab listens for a duplicate, as long as an expectation says, or two seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.declare.expectations.messages import QUIET
from lab.errors import InputError
from lab.history import Ended, Received
from lab.judge import Outcome
from lab.runtime.messages import Incoming, Outgoing
from tests.replay.test_preconditions import judged
from tests.replay.test_trouble import Played
from tests.spoilt_lab import KeptClient, SpoiltLab

STEPS = """  - subscribe: {client: tk, broker: tokyo, over: stomp, topic: a}
  - publish: {broker: tokyo, over: stomp, topic: a, count: 3}
expect:
  - %s
"""


def once_more(after: float) -> Callable[[SpoiltLab], None]:
    """Return what brings the last message once more, so many seconds after its sending."""

    def repeat(client: KeptClient, message: Outgoing) -> None:
        if message.id == "2-3":
            (listener,) = (each for each in client.lab.clients if each.name == "tk")
            again = Incoming(message.destination, message.body, message.headers, False, False)
            client.lab.after(after, lambda: listener.events.received(again))

    return lambda lab: setattr(lab, "on_publish", repeat)


@pytest.mark.parametrize("promise", ["exactly-once", "at-most-once"])
def test_a_duplicate_that_comes_a_second_later_is_heard(tmp_path: Path, promise: str) -> None:
    expectation = f"delivered: {{to: tk, promise: {promise}}}"
    played = Played(tmp_path, STEPS % expectation, once_more(QUIET.total_seconds() / 2))
    played.play()
    assert judged(played).outcome is Outcome.FAILED


def test_within_does_not_end_the_listening_for_duplicates(tmp_path: Path) -> None:
    played = Played(tmp_path, STEPS % "delivered: {to: tk, promise: exactly-once, within: 100ms}", once_more(1.0))
    played.play()
    assert judged(played).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("expectation", "heard"),
    [
        ("delivered: {to: tk, promise: exactly-once, quiet: 5s}", 4),
        ("delivered: {to: tk, promise: exactly-once, quiet: 1s}", 3),
        ("delivered: {to: tk, promise: exactly-once}", 3),
        ("duplicates: {to: tk, quiet: 5s}", 4),
        ("duplicates: {to: tk, at-most: 1, quiet: 5s}", 4),
        ("delivered: {to: tk, promise: at-least-once}", 3),
    ],
)
def test_a_expectation_says_how_long_it_is_quiet(tmp_path: Path, expectation: str, heard: int) -> None:
    played = Played(tmp_path, STEPS % expectation, once_more(4.0))
    played.play()
    assert len(played.seen(Received)) == heard
    (verdict,) = judged(played).verdicts
    assert (verdict.outcome is Outcome.FAILED) is (heard == 4 and "at-most: 1" not in expectation)
    told = "listened on for" in verdict.reason
    assert told is (verdict.outcome is Outcome.PASSED and "quiet" in expectation)


def test_where_no_expectation_is_of_duplicates_nobody_waits_for_them(tmp_path: Path) -> None:
    ends = []
    for promise in ("at-least-once", "exactly-once"):
        played = Played(tmp_path, STEPS % f"delivered: {{to: tk, promise: {promise}}}")
        played.play()
        ends.append(played.seen(Ended)[-1].t)
    assert ends[1] - ends[0] == pytest.approx(QUIET.total_seconds() - 0.2, abs=0.06)


@pytest.mark.parametrize(
    ("promise", "why"), [("at-least-once", "a duplicate breaks"), ("nothing", "already the time in which nothing may")]
)
def test_quiet_is_for_what_a_duplicate_breaks(tmp_path: Path, promise: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Played(tmp_path, STEPS % f"delivered: {{to: tk, promise: {promise}, quiet: 1s}}")


@pytest.mark.parametrize(("quiet", "outcome"), [("2s", Outcome.PASSED), ("1m", Outcome.UNKNOWN)])
@pytest.mark.parametrize(
    "expectation", ["delivered: {to: tk, promise: exactly-once, quiet: %s}", "duplicates: {quiet: %s}"]
)
def test_a_history_that_ends_sooner_does_not_tell(
    tmp_path: Path, expectation: str, quiet: str, outcome: Outcome
) -> None:
    """The history is of a run that listened for 2 s, and is judged by another expectation."""
    played = Played(tmp_path, STEPS % (expectation % "2s"))
    played.play()
    asked = Played(tmp_path, STEPS % (expectation % quiet))
    asked.recorder = played.recorder
    (verdict,) = judged(asked).verdicts
    assert verdict.outcome is outcome
    assert ("and quiet is 1m: one may come once more" in verdict.reason) is (outcome is Outcome.UNKNOWN)


def test_who_left_hears_no_duplicate(tmp_path: Path) -> None:
    leaves = "  - wait: {until: received, client: tk, count: 3}\n  - unsubscribe: {client: tk}\nexpect:"
    steps = STEPS.replace("expect:", leaves)
    played = Played(tmp_path, steps % "delivered: {to: tk, promise: exactly-once, quiet: 30s}")
    played.play()
    (verdict,) = judged(played).verdicts
    assert verdict.outcome is Outcome.PASSED and "when it left" in verdict.reason
