"""The latest events of a running lab, for people who watch it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from lab import labs
from lab.history import LogLine, Received
from lab.living.polls import Events


def test_many_messages_leave_half_of_the_latest_events_to_others(tmp_path: Path) -> None:
    with (
        labs.up("one-way", runtime="simulation", runs=tmp_path, environment={}) as lab,
        closing(Events(lab)) as events,
    ):
        t = lab.lab.clock.now()
        warnings = [LogLine(t=t + n, broker="tokyo", level="WARN", text=f"warning {n}") for n in range(30)]
        messages = [
            Received(t=t + n / 10, client=f"client-{n}", destination="queue://orders", id=f"1-{n}") for n in range(300)
        ]
        lab.history.record(*warnings[:5], *messages)
        events.read()
        first = [row.text for row in events.latest(40)]
        lab.history.record(*warnings[5:])
        events.read()
        rows = events.latest(40)
    assert [text for text in first if "warning" in text] == [f"logged WARN: warning {n}" for n in range(5)]
    assert [row.text for row in rows if row.actor == "tokyo"] == [f"logged WARN: warning {n}" for n in range(10, 30)]
    assert [row.actor for row in rows if row.actor != "tokyo"] == [f"client-{n}" for n in range(280, 300)]
    assert [row.t for row in rows] == sorted(row.t for row in rows)
