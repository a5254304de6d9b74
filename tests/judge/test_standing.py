"""The history of a lab that stands: judged as of now, between two marks, and never by what nobody saw or kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from lab.declare.expectations import expectations_of
from lab.errors import InputError
from lab.history import (
    Acknowledged,
    BridgeSeen,
    ClientChanged,
    Demand,
    Ended,
    Forgotten,
    Header,
    LogLine,
    Marked,
    Observation,
    Publishing,
    Received,
    Sent,
    StepEnded,
    StepStarted,
    Subscribed,
    Unsubscribed,
    Unwatched,
    Watched,
    lines,
)
from lab.judge import Outcome, Verdict, judge_file
from tests.sealed import write

TOPIC = "topic://prices"
HEADER = Header(
    run="r", scenario="standing", seed=1, runtime="emulation", started="", declared={"steps": [], "expect": []},
    mqlab="0", standing=True,
)  # fmt: skip
EXACTLY = {"delivered": {"to": ["ear"], "promise": "exactly-once", "within": "2s"}}
NOTHING = {"delivered": {"to": ["ear"], "promise": "nothing", "within": "2s"}}
UP = {"bridge": {"connector": "wan", "up": "initiator"}}
UP_SOON = {"bridge": {"connector": "wan", "up": "initiator", "after": "heal", "within": "10s"}}
DEMAND = {"demand": {"broker": "tokyo", "topic": "prices", "present": True}}
LOG = {"log": {"broker": "tokyo", "matches": "broker-started", "absent": True}}


def listens(*moments: float, client: str = "ear") -> list[Observation]:
    return [ClientChanged(t=t, client=client, broker="sg", state="listening") for t in moments]


def subscribed(t: float, client: str = "ear") -> Subscribed:
    return Subscribed(t=t, client=client, broker="sg", over="mqtt", destination=TOPIC, step=1)


def publishing(step: int, t: float, body: str = "generated") -> Publishing:
    return Publishing(
        t=t, step=step, client="p", broker="tokyo", over="stomp", destination=TOPIC, persistent=True, body=body
    )


def message(id: str, t: float, *, came: float | None = 0.1, digest: str | None = None) -> list[Observation]:
    seen: list[Observation] = [Sent(t=t, id=id, digest=digest), Acknowledged(t=t + 0.01, id=id)]
    if came is not None:
        its = {"id": None if digest else id, "digest": digest}
        seen.append(Received(t=t + came, client="ear", destination=TOPIC, **its))  # type: ignore[arg-type]
    return seen


def bridge(t: float, *, up: bool = True) -> BridgeSeen:
    return BridgeSeen(
        t=t, connector="wan", broker="tokyo", remote="sg", remote_address="a:1", created_by_duplex=False, up=up
    )


def step(number: int, verb: str, t: float) -> list[Observation]:
    return [StepStarted(t=t, step=number, verb=verb, asked=verb, by="command"), StepEnded(t=t + 0.1, step=number)]


def watched(end: float) -> list[Observation]:
    return [Watched(t=float(t)) for t in range(5, int(end) + 1, 5)]


def judged(
    tmp_path: Path, expectation: dict[str, Any], seen: Iterable[Observation], *, since: str | None = None,
    until: str | None = None, header: Header = HEADER,
) -> Verdict:  # fmt: skip
    text = "".join(lines(header, sorted(seen, key=lambda each: each.t)))
    path = write(tmp_path / "history.jsonl", text, standing=True)
    (verdict,) = judge_file(path, expectations_of({"expect": [expectation]}), since=since, until=until).verdicts
    return verdict


def test_what_is_not_over_is_judged_as_of_now_and_says_so(tmp_path: Path) -> None:
    seen = [subscribed(1.0), publishing(2, 2.0), *message("2-1", 3.0), *message("2-2", 4.0), *watched(20)]
    verdict = judged(tmp_path, EXACTLY, [*seen, *listens(5, 10, 15, 20)])
    assert verdict.outcome is Outcome.PASSED
    assert verdict.reason.startswith("as of now (20.000 s): 2 of 2 reached ear")
    ended = judged(tmp_path, EXACTLY, [*seen, *listens(5, 10, 15, 20), Ended(t=21.0, complete=True)])
    assert ended.outcome is Outcome.PASSED and "as of now" not in ended.reason


def test_what_may_still_come_is_unknown_and_what_cannot_is_lost(tmp_path: Path) -> None:
    seen = [subscribed(1.0), publishing(2, 2.0), *message("2-1", 3.0, came=None), *watched(20)]
    soon = judged(tmp_path, EXACTLY, [*seen, *listens(4)])
    assert soon.outcome is Outcome.UNKNOWN, "its program may have been killed at 4.1 s"
    assert "1 of 1 had not reached ear when ear was last known to listen at 4.000 s" in soon.reason
    late = judged(tmp_path, EXACTLY, [*seen, *listens(5, 10)])
    assert late.outcome is Outcome.FAILED and "1 of 1 lost on the way to ear, first 2-1" in late.reason


def test_silence_is_known_for_as_long_as_its_program_was(tmp_path: Path) -> None:
    seen = [subscribed(1.0), publishing(2, 2.0), *message("2-1", 3.0, came=None), *watched(20)]
    assert judged(tmp_path, NOTHING, [*seen, *listens(4)]).outcome is Outcome.UNKNOWN
    assert judged(tmp_path, NOTHING, [*seen, *listens(4, 9)]).outcome is Outcome.PASSED


def two_stretches() -> list[Observation]:
    return [
        subscribed(1.0), publishing(2, 2.0), *message("2-1", 3.0, came=None), Marked(t=10.0, text="before"),
        *message("2-2", 11.0), *message("2-3", 12.0), Marked(t=20.0, text="after"),
        *message("2-4", 21.0, came=None), *listens(5, 10, 15, 20, 25), *watched(40),
    ]  # fmt: skip


def test_between_two_marks_only_what_was_sent_then_counts(tmp_path: Path) -> None:
    seen = two_stretches()
    verdict = judged(tmp_path, EXACTLY, seen, since="before", until="after")
    assert (verdict.outcome, verdict.reason.split(",")[0]) == (Outcome.PASSED, "2 of 2 reached ear")
    assert judged(tmp_path, EXACTLY, seen, until="before").reason.startswith("1 of 1 lost on the way to ear")
    since = judged(tmp_path, EXACTLY, seen, since="after")
    assert since.outcome is Outcome.FAILED and since.reason.startswith("as of now (40.000 s): 1 of 1 lost")


def test_what_comes_after_the_last_mark_came_too_late_to_count(tmp_path: Path) -> None:
    seen = [subscribed(1.0), publishing(2, 2.0), *message("2-1", 9.5, came=1.0), Marked(t=10.0, text="end")]
    verdict = judged(tmp_path, EXACTLY, [*seen, *listens(5, 10, 15), *watched(15)], until="end")
    assert verdict.outcome is Outcome.UNKNOWN and "when the history ends at 10.000 s" in verdict.reason


def test_a_late_arrival_of_an_earlier_message_is_nobodys_fault_later(tmp_path: Path) -> None:
    for digest in (None, "ab"):
        seen = [
            subscribed(1.0), publishing(2, 2.0, body="given" if digest else "generated"),
            *message("2-1", 9.0, came=2.0, digest=digest), Marked(t=10.0, text="now"),
            *message("2-2", 12.0, digest=digest and "cd"), *listens(5, 10, 15, 20), *watched(20),
        ]  # fmt: skip
        verdict = judged(tmp_path, EXACTLY, seen, since="now")
        assert verdict.reason.startswith("as of now (20.000 s): 1 of 1 reached ear, each once")
        assert judged(tmp_path, NOTHING, [*seen[:-1], *watched(20)], since="now").reason.count("first 2-2") == 1


def test_equal_bodies_of_before_are_told_apart(tmp_path: Path) -> None:
    seen = [
        subscribed(1.0), publishing(2, 2.0, body="given"), *message("2-1", 3.0, digest="ab"),
        Marked(t=10.0, text="now"), *message("2-2", 11.0, digest="ab", came=None),
        *listens(5, 10, 15, 20), *watched(20),
    ]  # fmt: skip
    assert judged(tmp_path, EXACTLY, seen, since="now").reason.startswith("as of now (20.000 s): 1 of 1 lost")


def test_a_client_that_went_before_a_mark_is_not_asked_about(tmp_path: Path) -> None:
    everybody = {"delivered": {"promise": "exactly-once", "within": "2s"}}
    gone = [subscribed(1.0, "earlier"), Unsubscribed(t=5.0, client="earlier", broker="sg", destination=TOPIC)]
    seen = [*two_stretches(), *gone]
    assert judged(tmp_path, everybody, seen, since="before", until="after").outcome is Outcome.PASSED


def test_steps_and_log_lines_of_before_do_not_count(tmp_path: Path) -> None:
    line = LogLine(t=3.0, broker="tokyo", level="INFO", text="started", name="broker-started")
    seen = [*step(1, "heal", 2.0), line, bridge(4.0), Marked(t=10.0, text="now"), *watched(20)]
    assert judged(tmp_path, UP_SOON, seen).outcome is Outcome.PASSED
    assert judged(tmp_path, UP_SOON, seen, since="now").reason.endswith("no step heal was taken")
    state = judged(tmp_path, UP, seen, since="now")
    assert state.outcome is Outcome.PASSED, "how it stood is known from before"


@pytest.mark.parametrize("expectation", [UP, DEMAND, LOG], ids=lambda expectation: next(iter(expectation)))
def test_nobody_knows_what_nobody_watched(tmp_path: Path, expectation: dict[str, Any]) -> None:
    demand = Demand(t=1.0, broker="tokyo", destination=TOPIC, present=True)
    seen = [bridge(1.0), demand, *watched(20)]
    assert judged(tmp_path, expectation, seen).outcome is Outcome.PASSED
    alone = judged(tmp_path, expectation, [*seen, Marked(t=60.0, text="long after")])
    assert alone.outcome is Outcome.UNKNOWN
    assert alone.reason.endswith("the lab was not watched from 20.000 s on")
    back = [Unwatched(t=61.0, since=20.0), bridge(61.1), demand.with_fields(t=61.1), Watched(t=65.0)]
    again = judged(tmp_path, expectation, [*seen, *back])
    assert again.outcome is Outcome.PASSED
    assert "since 1.000 s" not in again.reason, "in between nobody saw it"


def test_a_bridge_that_went_while_nobody_watched_is_down(tmp_path: Path) -> None:
    seen = [bridge(1.0), *watched(20), Unwatched(t=60.0, since=20.0), Watched(t=65.0)]
    assert judged(tmp_path, UP, seen).outcome is Outcome.FAILED
    heal = [bridge(1.0), *step(1, "heal", 15.0), *watched(20), Unwatched(t=60.0, since=20.0), bridge(60.0)]
    verdict = judged(tmp_path, UP_SOON, [*heal, *watched(70)])
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason.endswith("the lab was not watched from 20.000 s to 60.000 s")


def test_nothing_rests_on_what_was_left_out(tmp_path: Path) -> None:
    rest = [
        subscribed(1.0), publishing(2, 2.0), Acknowledged(t=9.0, id="2-4"),
        Received(t=9.1, client="ear", destination=TOPIC, id="2-3"), *message("2-5", 9.2), *listens(10, 15, 20, 25, 30),
        Forgotten(t=12.0, of="messages", until=8.9, lines=12), Marked(t=13.0, text="later"),
        *message("2-6", 14.0), *watched(30), bridge(3.0),
    ]  # fmt: skip
    verdict = judged(tmp_path, EXACTLY, rest)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "the history does not hold messages up to 8.900 s any more" in verdict.reason
    assert judged(tmp_path, EXACTLY, rest, since="later").reason.startswith("as of now (30.000 s): 1 of 1 reached ear")
    assert judged(tmp_path, UP, rest).outcome is Outcome.PASSED
    everything = [*rest, Forgotten(t=12.5, of="everything", until=6.0, lines=3)]
    assert judged(tmp_path, UP, everything).outcome is Outcome.UNKNOWN
    assert judged(tmp_path, UP, everything, since="later").outcome is Outcome.PASSED


def test_a_message_from_nowhere_may_be_one_that_was_left_out(tmp_path: Path) -> None:
    seen = [
        subscribed(1.0), publishing(2, 2.0), Forgotten(t=3.0, of="messages", until=2.5, lines=9),
        Marked(t=4.0, text="now"), Received(t=6.0, client="ear", destination=TOPIC, digest="ab"),
        *listens(5, 10, 15), *watched(15),
    ]  # fmt: skip
    assert judged(tmp_path, NOTHING, seen, since="now").outcome is Outcome.UNKNOWN
    assert judged(tmp_path, NOTHING, [each for each in seen if each.kind != "forgotten"]).outcome is Outcome.FAILED


def test_what_is_counted_at_a_runs_end_alone_is_unknown(tmp_path: Path) -> None:
    seen = [bridge(1.0), *watched(20), Ended(t=21.0, complete=True)]
    agree = judged(tmp_path, {"bridge": {"connector": "wan", "agree": True}}, seen)
    dropped = judged(tmp_path, {"dropped": {"from": "tokyo", "to": "sg", "packets": 0}}, seen)
    assert agree.outcome is dropped.outcome is Outcome.UNKNOWN


def test_a_mark_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='no mark "nowhere" in this history\n  name a mark of it: "before", "after"'):
        judged(tmp_path, EXACTLY, two_stretches(), since="nowhere")
    with pytest.raises(InputError, match='the mark "before" was made before "after"'):
        judged(tmp_path, EXACTLY, two_stretches(), since="after", until="before")


def test_equal_bodies_of_which_one_had_not_come_before_are_not_told_apart(tmp_path: Path) -> None:
    seen = [
        subscribed(1.0), publishing(2, 2.0, body="given"), *message("2-1", 3.0, digest="ab", came=None),
        Marked(t=10.0, text="now"), *message("2-2", 11.0, digest="ab"), *listens(5, 10, 15, 20), *watched(20),
    ]  # fmt: skip
    verdict = judged(tmp_path, EXACTLY, seen, since="now")
    assert verdict.outcome is Outcome.UNKNOWN
    whole = judged(tmp_path, EXACTLY, seen)
    assert whole.outcome is Outcome.FAILED and "1 of 2 lost" in whole.reason


def of_a_queue(seen: Iterable[Observation]) -> list[Observation]:
    """Return a story about the topic as one about a queue."""
    return [
        structs.replace(each, destination="queue://orders")  # type: ignore[type-var]
        if hasattr(each, "destination") else each
        for each in seen
    ]  # fmt: skip


def test_equal_bodies_of_before_leave_later_ones_that_are_unlike_alone(tmp_path: Path) -> None:
    seen = [
        subscribed(1.0), publishing(2, 2.0, body="given"), *message("2-1", 3.0, digest="ab", came=None),
        publishing(3, 4.0, body="given"), *message("3-1", 5.0, digest="ab"),
        Marked(t=10.0, text="now"), publishing(4, 10.5, body="given"), *message("4-1", 11.0, digest="cd"),
        *listens(5, 10, 15, 20), *watched(20),
    ]  # fmt: skip
    for story in (seen, of_a_queue(seen)):
        verdict = judged(tmp_path, EXACTLY, story, since="now")
        assert verdict.outcome is Outcome.PASSED, verdict.reason
        assert verdict.reason.startswith("as of now (20.000 s): 1 of 1 reached ear, each once")
        assert judged(tmp_path, EXACTLY, story).outcome is Outcome.FAILED


def test_an_equal_body_that_went_to_one_who_has_left_had_come(tmp_path: Path) -> None:
    earlier = [
        subscribed(1.0, "earlier"), publishing(2, 2.0, body="given"), *message("2-1", 3.0, digest="ab", came=None),
        Unsubscribed(t=5.0, client="earlier", broker="sg", destination=TOPIC), Marked(t=10.0, text="now"),
        subscribed(10.2), publishing(3, 10.5, body="given"), *message("3-1", 11.0, digest="ab", came=None),
        *listens(12, 15, 20), *watched(20),
    ]  # fmt: skip
    for known in ({"digest": "ab"}, {"id": "2-1"}):
        had = Received(t=3.1, client="earlier", destination=TOPIC, **{"id": None, **known})
        verdict = judged(tmp_path, EXACTLY, of_a_queue([*earlier, had]), since="now")
        assert verdict.outcome is Outcome.FAILED and "1 of 1 did not reach" in verdict.reason
    verdict = judged(tmp_path, EXACTLY, of_a_queue(earlier), since="now")
    assert verdict.outcome is Outcome.UNKNOWN and "an earlier message that had not come" in verdict.reason


def test_of_several_equal_bodies_nobody_knows_which_went_to_one_who_has_left(tmp_path: Path) -> None:
    """One may have come to them twice, and the other one to the subscriber who is asked about."""
    seen = of_a_queue([
        subscribed(1.0, "earlier"), publishing(2, 2.0, body="given"),
        *message("2-1", 3.0, digest="ab", came=None), *message("2-2", 3.0, digest="ab", came=None),
        Unsubscribed(t=5.0, client="earlier", broker="sg", destination=TOPIC), Marked(t=10.0, text="now"),
        subscribed(10.2), publishing(3, 10.5, body="given"), *message("3-1", 11.0, digest="ab"),
        *(Received(t=t, client="earlier", destination=TOPIC, id=None, digest="ab") for t in (3.1, 3.2)),
        *listens(12, 15, 20), *watched(20),
    ])  # fmt: skip
    assert judged(tmp_path, EXACTLY, seen, since="now").outcome is Outcome.UNKNOWN


def test_nor_which_of_several_queues_the_body_was_of(tmp_path: Path) -> None:
    wild, other = "queue://orders.>", "queue://orders.b"
    earlier = [
        structs.replace(subscribed(1.0, "earlier"), destination=wild), *message("2-1", 3.0, digest="ab", came=None),
        structs.replace(publishing(2, 2.0, body="given"), destination="queue://orders.a"),
        structs.replace(publishing(3, 2.0, body="given"), destination=other),
        *message("3-1", 3.0, digest="ab", came=None),
        Received(t=3.2, client="earlier", destination=wild, id=None, digest="ab"),
        Unsubscribed(t=5.0, client="earlier", broker="sg", destination=wild), Marked(t=10.0, text="now"),
    ]  # fmt: skip
    later: list[Observation] = [
        structs.replace(subscribed(10.2), destination="queue://orders.a"),
        structs.replace(publishing(4, 10.5, body="given"), destination="queue://orders.a"),
        *message("4-1", 11.0, digest="ab", came=None), *listens(12, 15, 20), *watched(20),
        Received(t=11.1, client="ear", destination="queue://orders.a", id=None, digest="ab"),
    ]  # fmt: skip
    assert judged(tmp_path, EXACTLY, [*earlier, *later], since="now").outcome is Outcome.UNKNOWN


def test_links_are_known_of_a_lab_that_counted_none(tmp_path: Path) -> None:
    topology = {
        "regions": {name: {"aws-region": "none"} for name in ("a", "b", "c")},
        "links": [{"between": ["a", "b"], "link": "aws"}, {"between": ["c", "a"], "delay": "5ms"}],
    }
    header = structs.replace(HEADER, declared={**HEADER.declared, "topology": topology})
    path = tmp_path / "history.jsonl"
    path.write_text("".join(lines(header, [])))
    assert judge_file(path).linked == (("a", "b"), ("c", "a"))


def test_a_expectation_rests_on_the_verb_that_it_counts_from_and_on_no_other(tmp_path: Path) -> None:
    """Nobody said beforehand what is to happen in the lab, but an expectation says which verb it is about."""
    failed = [StepStarted(t=1.0, step=1, verb="heal", asked="heal", by="command"), StepEnded(t=1.1, step=1, ok=False)]
    up = [bridge(0.5), *failed, *watched(20)]
    verdict = judged(tmp_path, UP_SOON, up)
    assert verdict.outcome is Outcome.UNKNOWN and "(do it anew, and judge from there on)" in verdict.reason
    assert judged(tmp_path, UP, up).outcome is Outcome.PASSED
    assert judged(tmp_path, UP_SOON, [*up, *step(2, "heal", 2.0)]).outcome is Outcome.PASSED
