"""What is believed of labels, which anybody may write who may use the engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab.emulation.engine.labelled_labs import Found, is_run_folder

RUN = "20260101-101010-aaaaaa"


def found(folder: Path) -> Found:
    parts = {"containers": 3, "networks": 3, "volumes": 0}
    return Found(run=RUN, created="", owner=None, detached=True, whole=True, folder=str(folder), **parts)


@pytest.mark.parametrize(
    ("created", "older"),
    [
        ("2026-01-01T10:00:00+00:00", True),
        ("2026-01-01T10:00:01+00:00", False),
        ("2026-01-01T11:59:59+02:00", True),
        ("2026-01-01T09:00:00", False),  # of no zone: none of our labels
        ("", False),
        ("yesterday", False),
    ],
)
def test_the_age_of_a_lab_is_what_its_label_says_and_unknown_is_not_old(created: str, older: bool) -> None:
    now = datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)
    parts = {"containers": 3, "networks": 3, "volumes": 0}
    its = Found(run=RUN, created=created, owner=None, detached=False, whole=True, **parts)
    assert its.is_older_than(timedelta(hours=2), now) is older


def test_a_run_folder_of_ours_is_taken(tmp_path: Path) -> None:
    (tmp_path / RUN).mkdir()
    assert found(tmp_path / RUN).lost().folder == tmp_path / RUN


def test_nothing_is_written_where_no_run_of_ours_has_its_folder(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / RUN).symlink_to(tmp_path / "other")
    for folder in (tmp_path / RUN, tmp_path / "other", tmp_path / "gone" / RUN, Path(RUN), Path()):
        assert found(folder).lost().folder is None
    assert not is_run_folder(Path("/proc/1") / RUN, RUN)
