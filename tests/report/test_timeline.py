"""`mqlab history` for people: runs of messages folded, faults and steps marked, one message's story in full."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import InputError
from lab.history import KINDS, Acknowledged, Observation, Received, SendOutcome, Sent, Trouble, read
from lab.history.display import Row, Weight
from lab.report.choice import Choice, Chooser
from lab.report.story import Story
from lab.report.timeline import folded, remainder, text
from tests.history.test_schema import made
from tests.report.timeline_cases import CASES, HERE, JUDGED, shown


@pytest.mark.parametrize("case", CASES)
def test_a_history_gives_its_timeline(case: str) -> None:
    assert shown(case) == (HERE / f"{case}.txt").read_text("utf-8")


def test_every_text_belongs_to_a_case() -> None:
    assert {path.stem for path in HERE.glob("*.txt")} == set(CASES)


def told(*seen: Observation) -> list[str]:
    return [row.text for row in folded(seen)]


def received(t: float, number: int, client: str = "tk") -> Received:
    return Received(t=t, client=client, destination="queue://q", id=f"3-{number}")


def test_messages_in_order_are_one_row() -> None:
    rows = list(folded([received(n / 10, n) for n in range(1, 201)]))
    assert rows == [Row(t=0.1, until=20.0, actor="tk", text="received 3-1 to 3-200 from queue://q")]


@pytest.mark.parametrize(
    ("numbers", "which"),
    [
        ([7], "3-7"),
        ([1, 2, 4, 5], "4 of 3-1 to 3-5"),
        ([1, 3, 2, 4], "3-1 to 3-4, 1 out of order"),
        ([5, 1, 2], "3 of 3-1 to 3-5, 1 out of order"),
        ([1, 2, 2, 3], "3-1 to 3-3, 4 times in all"),
    ],
)
def test_a_run_says_what_is_missing_and_what_is_out_of_order(numbers: list[int], which: str) -> None:
    assert told(*(received(0.1, number) for number in numbers)) == [f"received {which} from queue://q"]


def test_runs_of_different_clients_and_outcomes_are_kept_apart() -> None:
    doubt = [Acknowledged(t=2, id=f"3-{n}", outcome=SendOutcome.UNKNOWN, note="lost") for n in (3, 4)]
    seen = [Sent(t=0, id="3-1"), received(1, 1), Sent(t=1, id="3-2"), received(2, 1, "other"), received(2, 2), *doubt]
    rows = list(folded(seen))
    assert [row.text for row in rows] == [
        "sent 3-1 to 3-2",
        "received 3-1 to 3-2 from queue://q",
        "received 3-1 from queue://q",
        "unknown, as no acknowledgement came: 3-3 to 3-4 (lost)",
    ]
    assert [row.weight for row in rows][-1] is Weight.FAULT


def test_whatever_is_no_message_ends_the_runs() -> None:
    assert told(Sent(t=0, id="3-1"), Trouble(t=1, who="tk", what="connection lost"), Sent(t=2, id="3-2")) == [
        "sent 3-1",
        "connection lost",
        "sent 3-2",
    ]


def test_a_history_with_ever_new_clients_does_not_fill_the_memory() -> None:
    def endless() -> Iterator[Observation]:
        for n in range(5000):
            yield Received(t=n, client=f"c{n}", destination="queue://q", id="1-1")

    assert len(list(folded(endless()))) == 5000


def test_ids_that_no_run_writes_are_shown_as_they_are() -> None:
    ids = ["x", "3-", "3-²", "3-" + "9" * 5000, "-", ""]
    assert told(*(Sent(t=0, id=each) for each in ids)) == [f"sent {each}" for each in ids]


@given(seen=st.one_of([made(kind) for kind in KINDS.values()]))
def test_everything_that_can_be_seen_can_be_said(seen: Observation) -> None:
    written = text(seen.row(), only_ascii=False, colour=False)
    assert written.removesuffix("\n").isprintable()


def test_a_hostile_name_cannot_move_the_cursor() -> None:
    row = Row(t=0, actor="\033[2J", text="a\nb\r\ud800\u202e")
    written = text(row, only_ascii=False, colour=False)
    assert written.removesuffix("\n").isprintable()
    assert text(row, only_ascii=True, colour=False).isascii()


def test_colour_only_adds_to_what_is_said() -> None:
    row = Row(t=0, actor="tk", text="connection lost", weight=Weight.FAULT)
    plain = text(row, only_ascii=False, colour=False)
    assert "! tk" in plain
    assert plain.rstrip("\n") in text(row, only_ascii=False, colour=True)


def test_the_end_of_a_history_is_told() -> None:
    assert remainder(None, ended=True) == ""
    assert remainder(None, ended=False).endswith("the run was killed, or still goes on")
    assert remainder(None, ended=False, open=False).endswith("the run was killed")
    assert remainder(None, ended=False, open=True).startswith("the run still goes on")
    assert "killed, or still goes on" not in remainder(None, ended=False, standing=True)
    assert "line 7 is incomplete" in remainder(7, ended=False)


@pytest.mark.parametrize("message", ["3-99", "9-1", "x", "", "3-"])
def test_a_message_that_was_never_sent_is_an_input_error(message: str) -> None:
    story = Story(message)
    for seen in read(JUDGED / "lost-in-a-cut" / "history.jsonl").observations:
        story.add(seen)
    with pytest.raises(InputError, match="was sent in this history"):
        story.rows()


@pytest.mark.parametrize(
    ("choice", "what"),
    [(Choice(broker="rome"), 'no broker named "rome"'), (Choice(client="nobody"), 'no client named "nobody"')],
)
def test_names_that_a_history_does_not_know_are_refused(choice: Choice, what: str) -> None:
    history = read(JUDGED / "lost-in-a-cut" / "history.jsonl")
    chooser = Chooser(choice, history.header)
    assert not any(map(chooser.takes, history.observations))
    with pytest.raises(InputError, match=what):
        chooser.check()
