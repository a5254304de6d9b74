"""The published schema of a history's line fits every line there is, and refuses what the reader refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from lab.errors import InputError
from lab.history import KINDS, Observation, line, observations
from lab.history.schema import history_schema

HERE = Path(__file__).parents[1]
HISTORIES = sorted(HERE.rglob("*.jsonl"))
SCHEMA = history_schema()
VALID = Draft202012Validator(SCHEMA)
HEADER = {
    "history": 1, "run": "r", "scenario": "s", "seed": 1, "runtime": "emulation", "started": "", "declared": {},
    "mqlab": "0",
}  # fmt: skip


def written(path: Path) -> list[Any]:
    """Every whole line of a file that is JSON: a test's history may be damaged on purpose."""
    text = path.read_text("utf-8")
    return [json.loads(each) for each in text[: text.rfind("\n") + 1].splitlines() if each]


@pytest.mark.sampled(16)
@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.relative_to(HERE).as_posix())
def test_every_line_of_every_history_is_valid(path: Path) -> None:
    """Of those that differ in their moment and their message alone, one is looked at."""
    several = {
        json.dumps({name: type(value).__name__ if name in ("t", "id") else value for name, value in each.items()}): each
        for each in written(path)
    }
    for each in several.values():
        assert [error.message for error in VALID.iter_errors(each)] == [], each


def test_the_schema_is_one_and_has_every_kind() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]) == {"header", *KINDS}
    assert len(HISTORIES) > 20


def made(kind: type[Observation]) -> st.SearchStrategy[Observation]:
    counts = st.dictionaries(st.text(), st.integers(), max_size=3)
    return st.builds(kind, **{name: counts for name in ("dropped", "counters") if name in kind.__struct_fields__})


@settings(deadline=None)
@given(seen=st.one_of([made(kind) for kind in KINDS.values()]))
def test_whatever_can_be_seen_is_valid(seen: Observation) -> None:
    try:
        written = json.loads(line(seen))
    except ValueError:
        return  # endless and undefined numbers are never seen
    assert [error.message for error in VALID.iter_errors(written)] == []


@pytest.mark.parametrize(
    "damaged",
    [
        {"t": 1.0, "kind": "sent"},
        {"t": "1", "kind": "sent", "id": "1-1"},
        {"t": True, "kind": "sent", "id": "1-1"},
        {"t": 1.0, "kind": "sent", "id": "1-1", "by": "me"},
        {"t": 1.0, "kind": "sent", "id": 7},
        {"t": 1.0, "kind": "acked", "id": "1-1", "outcome": "fine"},
        {"t": 1.0, "kind": "wished"},
        {"t": 1.0, "kind": ["sent"]},
        {"t": 1.0, "kind": "ended", "complete": "yes"},
        {"t": 1.0, "id": "1-1"},
        [],
        {**HEADER, "history": 2},
        {**HEADER, "seed": "7"},
        {**HEADER, "declared": []},
        {key: value for key, value in HEADER.items() if key != "run"},
    ],
)
def test_schema_and_reader_refuse_the_same(tmp_path: Path, damaged: Any) -> None:
    assert not VALID.is_valid(damaged)
    history = tmp_path / "history.jsonl"
    lines = [damaged] if isinstance(damaged, dict) and "history" in damaged else [HEADER, damaged]
    history.write_text("".join(json.dumps(each) + "\n" for each in lines))
    with pytest.raises(InputError):
        list(observations(history))
