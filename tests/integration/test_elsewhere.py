"""What brokers put into other destinations by themselves, and what there is at one moment, on real brokers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.integration.test_run import report

pytestmark = pytest.mark.docker
ELSEWHERE = Path(__file__).parent / "scenarios" / "elsewhere.yaml"


def test_virtual_topics_parts_of_names_and_dead_letters(mqlab: Commands) -> None:
    ended = mqlab("run", ELSEWHERE)
    assert ended.code == 0, ended
    assert not [note for note in report(mqlab.latest)["notes"] if "disagree" in note]
