"""A failed test shows what one needs to know of it, where only its log can be read."""

from __future__ import annotations

import json
from pathlib import Path

from tests import diagnosis
from tests.command import Commands


def a_run(folder: Path) -> Path:
    run = folder / "home" / "runs" / "20260101-000000-abc"
    (run / "logs").mkdir(parents=True)
    (run.parent / "latest").symlink_to(run.name)
    (run / "history.jsonl").write_text("{}\n")
    (run / "logs" / "tokyo.log").write_text("".join(f"line {number}\n" for number in range(100)))
    report = {
        "scenario": "a story",
        "outcome": "failed",
        "verdicts": [{"expectation": "delivered", "outcome": "failed", "reason": "3 of 4 lost"}],
        "links": [{"from": "a", "to": "b", "measured_delay_ms": {"p50": 35.0}, "dropped": 7}],
    }
    (run / "report.json").write_text(json.dumps(report))
    return run


def test_the_runs_of_a_failed_test_are_shown_with_their_brokers_last_words(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path / "mqlab")
    a_run(mqlab.folder)
    (mqlab.folder / "run-story.stderr").write_text("✔ replay\n")
    shown = dict(diagnosis.sections([mqlab, 3, "text"]))
    assert "on" in shown.pop("the machine") and len(shown) == 3
    assert shown["run-story.stderr"] == "✔ replay"
    assert shown["run 20260101-000000-abc"].splitlines() == [
        "a story: failed",
        "failed: delivered: 3 of 4 lost",
        "link a to b: {'p50': 35.0}, 7 dropped",
    ]
    assert shown["run 20260101-000000-abc, end of tokyo.log"].splitlines()[-1] == "line 99"


def test_a_run_without_a_report_and_a_test_without_a_lab_are_no_trouble(tmp_path: Path) -> None:
    (a_run(tmp_path) / "report.json").write_text("{")
    assert dict(diagnosis.sections([(Commands(folder=tmp_path), None)]))["run 20260101-000000-abc"] == "no report"
    assert [title for title, _ in diagnosis.sections([])] == ["the machine"]


def test_commands_keep_what_was_said(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    ended = mqlab("--version")
    assert ended.code == 0
    assert ended.out in dict(diagnosis.of_folder(tmp_path))["--version.stdout"] + "\n"
