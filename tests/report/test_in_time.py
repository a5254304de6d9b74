"""What was written down late is shown at its moment."""

from __future__ import annotations

import json
from pathlib import Path

from lab.history import Trouble
from lab.report.choice import in_time
from tests.command import Commands

CUT = Path(__file__).parents[1] / "judge" / "lost-in-a-cut" / "history.jsonl"


def seen(*moments: float) -> list[Trouble]:
    return [Trouble(t=t, who=f"{number}", what="") for number, t in enumerate(moments)]


def test_moments_are_in_order_and_what_is_of_one_moment_stays_as_it_was_written() -> None:
    found = [(each.t, each.who) for each in in_time(seen(3.0, 1.0, 2.0, 1.0)) if isinstance(each, Trouble)]
    assert found == [(1.0, "1"), (1.0, "3"), (2.0, "2"), (3.0, "0")]


def test_only_so_many_are_held() -> None:
    assert [each.t for each in in_time(seen(2.0, 3.0, 1.0), held=1)] == [2.0, 1.0, 3.0]


def test_a_history_is_shown_in_the_order_of_time(tmp_path: Path) -> None:
    header, *rest = CUT.read_text().splitlines(keepends=True)
    late = next(each for each in rest if json.loads(each)["kind"] == "link")
    rest.remove(late)
    path = tmp_path / "history.jsonl"
    path.write_text("".join((header, *rest[:-1], late, rest[-1])))
    mqlab = Commands(folder=tmp_path)
    shown = mqlab.inside("history", path).out.splitlines()[2:]
    begun = [float(each.split()[0]) for each in shown if each.split()[0][0].isdigit()]
    assert begun == sorted(begun)
    assert json.loads(mqlab.inside("history", path, "--json").out.splitlines()[-2]) == json.loads(late)
