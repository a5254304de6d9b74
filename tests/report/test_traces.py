"""Traces of messages of the lab's own clients, and those on the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab.errors import InputError
from lab.history import Ended, Observation, line
from lab.history.writing import header_line
from lab.judge import judge_whole
from lab.report.html import Files, to_html
from lab.report.traces import find, traces
from tests.cli.test_watch import STANDING
from tests.judge.test_applications import BEGAN, event, sent, subscribed, taken
from tests.sealed import write

JUDGED = Path(__file__).parents[1] / "judge"
CUT = JUDGED / "lost-in-a-cut" / "history.jsonl"


def test_a_message_of_the_labs_own_clients_has_its_trace_by_its_id() -> None:
    lost, came = find(CUT, "3-9"), find(CUT, "3-1")
    assert lost.outcome == "the broker accepted it, and no client received it"
    assert any("never received 3-9, though it listened" in row.text for row in lost.rows)
    assert came.outcome == "received by tk"
    assert find(CUT, "last:MQ Test Singapore-to-Tokyo").message == "3-10"


def test_an_unknown_message_is_refused_by_name() -> None:
    with pytest.raises(InputError, match='no message "3-99" was sent in this history'):
        find(CUT, "3-99")
    with pytest.raises(InputError, match=r"no broker of this run was observed\n  write 3-10 or last:"):
        find(CUT, "order-7")
    with pytest.raises(InputError, match=r"no broker of this run was observed\n  write 3-10 or last:"):
        find(CUT, "last")
    with pytest.raises(InputError, match=r"did you mean last:MQ Test Singapore-to-Tokyo\?"):
        find(CUT, "last:MQ Test Singapre-to-Tokyo")
    with pytest.raises(InputError, match="the destination after last: is missing\n  write last:orders"):
        find(CUT, "last:")


def test_a_name_in_place_of_a_message_gets_the_message_to_write(tmp_path: Path) -> None:
    lines: list[Observation] = [BEGAN, sent(2), sent(3, 2), Ended(t=30, complete=True)]
    path = write(tmp_path / "history.jsonl", header_line(STANDING) + "".join(map(line, lines)))
    for name, right in (("orders", "write last:orders"), ("shop", "write ID:2"), ("tokyo", "write ID:2")):
        with pytest.raises(InputError, match=f"{name} is a .*, and no message\n  {right}"):
            find(path, name)
    with pytest.raises(InputError, match="no message with nowhere in its id"):
        find(path, "nowhere")
    with pytest.raises(InputError, match=r"singapore is a broker, and no message\n  write 3-10"):
        find(CUT, "singapore")


def test_the_page_has_the_way_of_the_first_message_of_each_fate() -> None:
    judged = judge_whole(CUT)
    found = traces(judged)
    assert [each.message for each in found] == ["3-7"]
    page = to_html(judged, Files(traces=found))
    assert "The way of <code>3-7</code>: the broker accepted it, and no client received it" in page
    assert "never received 3-7, though it listened" in page


def test_a_page_of_a_history_without_such_messages_has_no_trace() -> None:
    judged = judge_whole(JUDGED / "all-passed" / "history.jsonl")
    assert traces(judged) == ()
    assert "The way of" not in to_html(judged, Files())


def test_the_page_names_messages_of_applications_by_their_activemq_ids(tmp_path: Path) -> None:
    lines: list[Observation] = [BEGAN, subscribed(1), sent(2), *taken(2.1), sent(3, 2), *taken(3.1, 2), *taken(3.5, 2)]
    lines += [sent(5, 3), event(5.1, "dispatched", 3, client_id="billing-1"), Ended(t=30, complete=True)]
    path = write(tmp_path / "history.jsonl", header_line(STANDING) + "".join(map(line, lines)))
    judged = judge_whole(path)
    found = traces(judged)
    assert [each.message for each in found] == ["ID:2", "ID:3"]
    assert found[1].outcome == "dispatched to billing-1 at singapore, and not acknowledged"
    page = to_html(judged, Files(traces=found))
    assert "The way of <code>ID:2</code>: acknowledged by" in page
    assert "1000001-" not in page


def test_without_its_file_a_history_has_no_trace() -> None:
    assert traces(replace(judge_whole(CUT), file=None)) == ()
