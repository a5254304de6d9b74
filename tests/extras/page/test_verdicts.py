"""When a history is judged for the page, and that the verdicts are those of `mqlab judge`."""

from __future__ import annotations

from pathlib import Path

from lab import labs
from lab.extras.page.tables import Table
from lab.extras.page.verdicts import LEAST_SECONDS, OTHER_SECONDS, Verdicts
from lab.judge import Judged, judge_file
from lab.living.polls import Events


def run(folder: Path) -> Path:
    ran = labs.run("one-way", runtime="simulation", runs=folder, environment={}, reports=False)
    return ran.folder.history


def shown(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def test_a_history_that_has_ended_has_final_verdicts(tmp_path: Path) -> None:
    history = run(tmp_path)
    verdicts = judge_file(history).verdicts
    assert verdicts
    final = Verdicts(history).judge(9.0, 1, 1, ended=True)
    assert shown(final) == [(each.expectation, str(each.outcome), each.reason) for each in verdicts]
    so_far = Verdicts(history).judge(9.0, 1, 1)
    assert [row.cells[1] for row in so_far.rows] == [f"{each.outcome} so far" for each in verdicts]
    assert so_far.note == "judged at 9.0 s"


def test_a_judgement_follows_the_end_of_a_step_and_other_news_later(tmp_path: Path) -> None:
    verdicts = Verdicts(run(tmp_path))
    assert not verdicts.due(0.0, steps=0, lines=0)
    assert verdicts.due(0.0, steps=1, lines=3)
    verdicts.judge(1.0, 1, 3)
    at = verdicts.judged_at
    assert not verdicts.due(at, steps=2, lines=4)
    assert not verdicts.due(at + LEAST_SECONDS - 0.1, steps=2, lines=4)
    assert verdicts.due(at + 1000, steps=2, lines=4)
    assert not verdicts.due(at + OTHER_SECONDS - 0.1, steps=1, lines=9)
    assert verdicts.due(at + 1000, steps=1, lines=9)
    assert not verdicts.due(at + 1000, steps=1, lines=3)


def test_a_history_that_cannot_be_judged_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("not a history\n")
    (row,) = Verdicts(tmp_path / "history.jsonl").judge(1.0, 1, 1).rows
    assert (row.cells[1], row.tone) == ("not known", "unknown") and "history.jsonl" in row.cells[2]


def test_a_fault_in_judging_is_shown_and_rests_as_a_judgement_does(tmp_path: Path) -> None:
    def faulty(*_: object, **__: object) -> Judged:
        raise KeyError("secret")

    verdicts = Verdicts(tmp_path / "history.jsonl", judge=faulty)
    (row,) = verdicts.judge(1.0, 1, 5).rows
    assert (row.cells[1], row.tone) == ("not known", "unknown")
    assert row.cells[2].startswith("a fault of mqlab: KeyError") and "secret" not in row.cells[2]
    assert not verdicts.due(verdicts.judged_at + LEAST_SECONDS - 0.1, steps=2, lines=6)
    assert verdicts.due(verdicts.judged_at + 1000, steps=2, lines=6)


def test_the_history_of_a_run_may_begin_after_its_page(tmp_path: Path) -> None:
    with labs.up("one-way", runtime="simulation", runs=tmp_path, environment={}) as lab:
        path = lab.history.file.path
        path.rename(tmp_path / "later")
        events = Events(lab)
        assert (list(events.read()), events.lines) == ([], 0)
        (tmp_path / "later").rename(path)
        assert events.read() and events.lines and not events.ended
        events.close()
