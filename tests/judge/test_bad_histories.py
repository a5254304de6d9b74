"""A history that no run writes is refused in words, whatever it holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.errors import InputError
from lab.history import Acknowledged, Header, Observation, Publishing, Received, Sent, line
from lab.judge import Streamed, judge, judge_file

HEADER = Header(run="r", scenario="s", seed=1, runtime="emulation", started="", declared={}, mqlab="0")


def publishing(count: int | None) -> Publishing:
    return Publishing(
        t=0, step=1, client="p", broker="b", over="mqtt", destination="topic://x", count=count, persistent=True,
        body="generated",
    )  # fmt: skip


@pytest.mark.parametrize(
    "seen",
    [
        [Sent(t=0, id="1-1")],
        [publishing(1), Sent(t=0, id="1-2")],
        [publishing(1), Sent(t=0, id="1-0")],
        [publishing(1), Sent(t=0, id="1-²")],
        [publishing(1), Sent(t=0, id="1-" + "1" * 5000)],
        [publishing(1), Acknowledged(t=0, id="nonsense")],
        [publishing(10**12)],
        [publishing(None), Sent(t=0, id="1-2")],
        [publishing(None), Acknowledged(t=0, id="1-1")],
    ],
)
def test_what_no_run_writes_is_an_input_error(seen: list[Observation]) -> None:
    with pytest.raises(InputError, match="the history is not as a run writes it"):
        judge((), Streamed(HEADER, seen))


@pytest.mark.parametrize(
    "edit",
    [
        lambda declared: declared.pop("expect"),
        lambda declared: declared["expect"][0]["delivered"].update(promise="exactly-onse"),
        lambda declared: declared["topology"].update(brokers=[]),
        lambda declared: declared["topology"]["brokers"]["tokyo"].pop("region"),
    ],
)
def test_a_header_that_was_edited_is_refused_in_words(edit: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    header, *rest = (Path(__file__).parent / "all-passed" / "history.jsonl").read_text().splitlines()
    written = json.loads(header)
    edit(written["declared"])
    path = tmp_path / "history.jsonl"
    path.write_text("\n".join([json.dumps(written), *rest]) + "\n")
    with pytest.raises(InputError, match=r"history\.jsonl:1:1: the header's scenario cannot be read: "):
        judge_file(path)


def test_damage_is_told_with_its_line(tmp_path: Path) -> None:
    lines = (Path(__file__).parent / "all-passed" / "history.jsonl").read_text().splitlines()
    after = next(number for number, each in enumerate(lines, 1) if '"kind":"sent"' in each)
    lines.insert(after, json.dumps({**json.loads(lines[after - 1]), "id": "77-1"}))
    path = tmp_path / "history.jsonl"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="'77-1' that no step announced") as caught:
        judge_file(path)
    assert [str(each.place) for each in caught.value.problems] == [f"{path}:{after + 1}:1"]


def test_a_history_of_a_few_lines_takes_no_more_memory_than_a_machine_has(tmp_path: Path) -> None:
    header = (Path(__file__).parent / "all-passed" / "history.jsonl").read_text().splitlines()[0]
    first = publishing(10_000_000)
    path = tmp_path / "history.jsonl"
    path.write_text(header + "\n" + "".join(line(first.with_fields(step=number)) for number in range(1, 30)))
    with pytest.raises(InputError, match="more than 100000000 messages and arrivals from here on") as caught:
        judge_file(path)
    assert [str(each.place) for each in caught.value.problems] == [f"{path}:12:1"]


def test_what_is_missing_is_counted_among_what_was_accepted(tmp_path: Path) -> None:
    """Three arrivals for sends are missing, and all ten arrived."""
    text = (Path(__file__).parent / "all-passed" / "history.jsonl").read_text()
    lines = [json.loads(each) for each in text.splitlines()]
    for seen in [each for each in lines if each.get("kind") == "acked"][:3]:
        seen["outcome"] = "unknown"
    path = tmp_path / "history.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    told = [each for each in judge_file(path).cross_checks if each.arrived is not None]
    assert told and all(each.missing == 0 for each in told)
    assert any(each.arrived > each.accepted for each in told)


def test_an_arrival_that_no_run_could_have_sent_is_counted_and_not_explained() -> None:
    seen = [publishing(1), Received(t=0, client="ear", destination="topic://x", id="1-" + "1" * 5000)]
    (delivery,) = judge((), Streamed(HEADER, seen)).deliveries
    assert delivery.unexpected == 1


@pytest.mark.parametrize(
    "routes",
    [
        {"fixed": True},
        {"fixed": True, "rows": 3},
        {"fixed": True, "rows": [{}]},
        {"fixed": True, "rows": ["never"]},
        {"fixed": True, "rows": [{**dict.fromkeys(("from", "to", "destination", "arrives"), "x"), "over": "x"}]},
        {"rows": []},
    ],
)
def test_routes_of_a_header_that_were_edited_are_refused_in_words(routes: dict[str, Any], tmp_path: Path) -> None:
    header, *rest = (Path(__file__).parent / "all-passed" / "history.jsonl").read_text().splitlines()
    path = tmp_path / "history.jsonl"
    path.write_text("\n".join([json.dumps({**json.loads(header), "routes": routes}), *rest]) + "\n")
    with pytest.raises(InputError, match=r"history\.jsonl:1:1: the header's scenario cannot be read: "):
        judge_file(path)
