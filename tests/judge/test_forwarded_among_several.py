"""What a broker forwarded among three or more: no verdict is better than the truth, and no sentence is false.

Messages go over bridges in any order, may go to several brokers, and may be held back by the last bridge of their way,
whose broker counts them as forwarded all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lab.declare.expectations.forwarding import Forwarded
from lab.history import Acknowledged, Ended, Observation, Publishing, Sent
from lab.judge import Streamed, judge
from lab.judge.values import Outcome, Verdict

from .test_not_better_than_known import snapshot
from .test_truth import EXAMPLES, HEADER

NAMES = ("tokyo", "singapore", "sydney", "osaka")
AMOUNTS = ("0", "1", "2", "3", {"at-least": "1"}, {"at-least": "2"}, {"at-most": "1"}, {"at-most": "2"})
# A message's way: the brokers that it comes to, and whether the last bridge holds it back.
Way = tuple[tuple[str, ...], bool]


def observations(brokers: Sequence[str], ways: Sequence[Way]) -> list[Observation]:
    counts = {each: Counter[str]() for each in brokers}
    sent = Counter[str]()
    for way, held_back in ways:
        sent[way[0]] += 1
        for place, each in enumerate(way):
            if not (held_back and place == len(way) - 1 and place):
                counts[each]["enqueued"] += 1
            if place < len(way) - 1:
                counts[each]["forwarded"] += 1
    none = {"enqueued": 0, "forwarded": 0}
    seen: list[Observation] = [one for each in brokers for one in snapshot(0, "start", each, **none)]
    for step, each in enumerate(brokers, 1):
        seen.append(
            Publishing(
                t=1,
                step=step,
                client=f"p{step}",
                broker=each,
                over="stomp",
                destination="topic://x",
                persistent=True,
                count=sent[each],
                body="generated",
            )
        )
        for number in range(1, sent[each] + 1):
            its = f"{step}-{number}"
            seen += [Sent(t=2, id=its), Acknowledged(t=2.1, id=its)]
    seen += [one for each in brokers for one in snapshot(50, "end", each, **{**none, **counts[each]})]
    return [*seen, Ended(t=60, complete=True)]


def verdicts(expectations: Sequence[Forwarded], brokers: Sequence[str], ways: Sequence[Way]) -> Sequence[Verdict]:
    its = {"topology": {"regions": {}, "brokers": {each: {"region": each} for each in brokers}}}
    return judge(expectations, Streamed(replace(HEADER, declared=its), observations(brokers, ways))).verdicts


def forwarded(broker: str, ways: Sequence[Way]) -> int:
    """Return how many messages really came to another broker from this one."""
    return sum(
        here == broker and not (held_back and place == len(way) - 2)
        for way, held_back in ways
        for place, here in enumerate(way[:-1])
    )


@st.composite
def _run(draw: st.DrawFn) -> tuple[Sequence[str], list[Way]]:
    brokers = NAMES[: draw(st.integers(3, 4))]
    way = st.lists(st.sampled_from(brokers), min_size=1, max_size=4, unique=True).map(tuple)
    return brokers, draw(st.lists(st.tuples(way, st.booleans()), min_size=1, max_size=12))


@settings(max_examples=EXAMPLES)
@given(run=_run())
def test_no_verdict_is_better_than_what_was_forwarded(run: tuple[Sequence[str], list[Way]]) -> None:
    brokers, ways = run
    expectations = [
        Forwarded.model_validate({"broker": each, "topic": "x", "count": amount})
        for each in brokers
        for amount in AMOUNTS
    ]
    for expectation, its in zip(expectations, verdicts(expectations, brokers, ways), strict=True):
        true = expectation.count.holds(forwarded(expectation.broker, ways))
        right = {Outcome.PASSED: True, Outcome.FAILED: False}.get(its.outcome, true)
        assert true is right, f"{its.outcome}: {its.expectation}: {its.reason}"


@pytest.mark.parametrize("broker", ["tokyo", "singapore"])
def test_what_went_through_a_hub_is_known_of_the_hub_too(broker: str) -> None:
    through: Way = (("tokyo", "singapore", "sydney"), False)
    expectation = Forwarded.model_validate({"broker": broker, "topic": "x", "count": "400"})
    (its,) = verdicts([expectation], NAMES[:3], [through] * 400)
    assert its.outcome is Outcome.PASSED
    assert its.reason.startswith(f"{broker} forwarded 400 messages of topic://x")


@pytest.mark.parametrize("brokers", [NAMES[:3], NAMES])
def test_a_hub_of_all_ways_is_known_while_no_bridge_holds_anything_back(brokers: Sequence[str]) -> None:
    hub, *others = brokers
    ways: list[Way] = [((near, hub, far), False) for near in others for far in others if near != far]
    expectation = Forwarded.model_validate({"broker": hub, "topic": "x", "count": str(len(ways))})
    (its,) = verdicts([expectation], brokers, ways)
    assert its.outcome is Outcome.PASSED, its.reason


def test_what_is_held_back_among_three_is_told_as_the_least_that_came() -> None:
    ways: list[Way] = [(("singapore", "tokyo"), False), *[(("singapore", "tokyo", "sydney"), True)] * 2]
    expectation = Forwarded.model_validate({"broker": "tokyo", "topic": "x", "count": "2"})
    (its,) = verdicts([expectation], NAMES[:3], ways)
    assert its.outcome is Outcome.UNKNOWN
    assert its.reason.startswith(
        "tokyo's ForwardCount of topic://x rose by 2, and of what the other brokers took 0 came from it for certain: "
        "a ForwardCount is also of what a bridge holds back"
    )
