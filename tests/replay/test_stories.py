"""A replay records every step, send, outcome, receipt and change, in order, and listens exactly as long as it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.replay.cases import STORIES, history


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_story_gives_its_history(story: Path) -> None:
    assert history(story) == story.with_suffix(".jsonl").read_text(encoding="utf-8")


def test_there_are_stories() -> None:
    assert len(STORIES) >= 4
