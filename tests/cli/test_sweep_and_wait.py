"""Options of sweep, up and run that are wrong are refused by name, before an engine is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sweep", "--older-than", "old"), "--older-than: "),
        (("sweep", "--older-than", "2h", "--all"), "--older-than cannot be combined with RUN or --all"),
        (
            ("sweep", "20260101-101010-aaaaaa", "--older-than", "2h"),
            "--older-than cannot be combined with RUN or --all",
        ),
        (("up", "tokyo-singapore", "--wait", "long"), "--wait: "),
        (("run", "tokyo-singapore", "--wait", "10"), "--wait: "),
    ],
)
def test_what_is_no_duration_or_says_it_twice_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    ended = Commands(folder=tmp_path).inside(*words)
    assert ended.code == 2, ended
    assert said in ended.err
