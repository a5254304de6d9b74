"""The reason of `delivered` says what is true of the messages that it counts."""

from __future__ import annotations

import pytest

from lab.declare.expectations.messages import Delivered
from lab.history import Acknowledged, ClientChanged, LinkChanged, Observation, Unsubscribed
from lab.judge.values import Outcome

from .test_not_better_than_known import QUEUE, TOPIC, received, sent, subscribed, verdict


def delivered(promise: str, within: str = "5s") -> Delivered:
    return Delivered.model_validate({"to": "ear", "promise": promise, "within": within})


def test_what_may_have_been_under_way_is_counted_beside_what_is_lost() -> None:
    left = Unsubscribed(t=8, client="ear", broker="tokyo", destination=TOPIC)
    late = [each.with_fields(t=each.t + 5) if getattr(each, "id", "") == "2-3" else each for each in sent(1, count=3)]
    seen: list[Observation] = sorted([subscribed(0, "ear"), *late, received(1.5, "ear"), left], key=lambda each: each.t)
    its = verdict(delivered("exactly-once"), *seen)
    assert its.outcome is Outcome.FAILED
    assert "1 of 3 lost on the way to ear" in its.reason
    assert its.reason.endswith("; 1 more did not come, and ear did not listen for 5s from its sending on")


@pytest.mark.parametrize("destination", [TOPIC, QUEUE])
def test_what_a_selector_keeps_out_was_sent(destination: str) -> None:
    ear = subscribed(0, "ear", destination, "stomp").with_fields(selector="a = 'b'")
    nothing, all_of_it = (
        verdict(delivered(promise), ear, *sent(1, destination=destination)).reason
        for promise in ("nothing", "exactly-once")
    )
    words = f"nothing that the selector of ear lets through was sent to {destination} while ear listened"
    assert (nothing, all_of_it) == (f"{words}, so nothing could have come", words)


def test_a_selector_lets_nothing_through_of_the_destination_that_the_expectation_names() -> None:
    ear = subscribed(0, "ear", "topic://>", "stomp").with_fields(selector="a = 'b'")
    nothing = Delivered.model_validate({"to": "ear", "topic": "x", "promise": "nothing", "within": "5s"})
    words = "nothing that the selector of ear lets through was sent to topic://x while ear listened"
    assert verdict(nothing, ear, *sent(1)).reason == f"{words}, so nothing could have come"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("failed", "1 refused or not sent did not arrive and are not counted"),
        ("unknown", "1 without an acknowledgement did not arrive and are not counted"),
    ],
)
def test_a_message_that_failed_does_not_merely_lack_an_acknowledgement(outcome: str, told: str) -> None:
    seen = [
        each.with_fields(outcome=outcome) if isinstance(each, Acknowledged) and each.id == "2-2" else each
        for each in sent(1, count=2)
    ]
    its = verdict(delivered("exactly-once"), subscribed(0, "ear"), *seen, received(1.5, "ear"))
    assert f"({told})" in its.reason, its.reason


def test_what_is_kept_for_one_who_is_away_was_sent() -> None:
    ear = subscribed(0, "ear", over="stomp").with_fields(durable=True)
    gone = ClientChanged(t=0.5, client="ear", broker="tokyo", state="disconnected")
    its = verdict(delivered("nothing"), ear, gone, *sent(1))
    assert its.outcome is Outcome.UNKNOWN
    assert its.reason.startswith("1 message may be kept for ear, which went at 0.500 s and did not come back")


@pytest.mark.parametrize(("within", "outcome"), [("20s", Outcome.UNKNOWN), ("2s", Outcome.FAILED)])
def test_what_was_given_back_had_reached_its_receiver(within: str, outcome: Outcome) -> None:
    ear = subscribed(0, "ear", QUEUE, "stomp")
    cut = LinkChanged(t=6, link="wan", leaving="tokyo", reaching="singapore", state="cut", impairment="")
    came = received(2, "ear", destination=QUEUE).with_fields(pending=True)
    gone = ClientChanged(t=5, client="ear", broker="tokyo", state="disconnected")
    its = verdict(delivered("exactly-once", within), ear, *sent(1, destination=QUEUE), came, gone, cut)
    assert (its.outcome, "not reached" in its.reason) == (outcome, False), its.reason
    assert its.reason.endswith("; ear gave it back at 5.000 s without acknowledging it")
