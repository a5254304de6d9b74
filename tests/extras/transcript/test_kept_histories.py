"""Every history that a test keeps becomes a scenario that can be read, or is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.declare.yaml_reading import read
from lab.errors import InputError
from lab.extras.transcript.making import transcript
from lab.extras.transcript.writing import scenario_files

HISTORIES = sorted((Path(__file__).parents[2] / "judge").glob("*/history.jsonl"))
REFUSED = ("the history is damaged", "the history does not have the whole topology", "it has version")


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.parent.name)
def test_a_kept_history_becomes_a_file_or_is_refused_by_name(path: Path) -> None:
    try:
        files = scenario_files(transcript(path), "again.yaml", topology_file=lambda _: "topology.yaml", expected=None)
    except InputError as error:
        assert any(reason in str(error) for reason in REFUSED), error
        return
    document = read(files.texts["again.yaml"], "again.yaml")
    assert not document.problems
    assert set(document.content) >= {"scenario", "topology", "steps"}
