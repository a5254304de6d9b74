"""A profile is a file for a trace viewer: whole events in rows, nested or apart, by one or two clocks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from lab.base.masking import Mask
from lab.history import StepEnded, StepStarted
from lab.runtime import profile as profiles
from lab.runtime.profile import OPEN, REPLAY, START, UNPROFILED, Profile


def ticking() -> Profile:
    """Return a profile whose clock is a second further at each look."""
    seconds: Iterator[int] = count()
    return Profile(lambda: float(next(seconds)))


def read(profile: Profile) -> dict[str, Any]:
    text = profile.text()
    assert text.startswith(profiles.BEGINNING)
    document: dict[str, Any] = json.loads(text)
    return document


def events(profile: Profile, process: int = 1) -> list[dict[str, Any]]:
    return [each for each in read(profile)["traceEvents"] if each["ph"] == "X" and each["pid"] == process]


def rows(profile: Profile) -> dict[int, str]:
    named = [each for each in read(profile)["traceEvents"] if each["name"] == "thread_name"]
    return {each["tid"]: each["args"]["name"] for each in named}


def test_a_wait_has_its_part_its_condition_and_its_time_in_microseconds() -> None:
    profile = ticking()
    with profile.wait(OPEN, "await-broker tokyo", "it has started"):
        pass
    (event,) = events(profile)
    assert event == {
        "ph": "X",
        "cat": "open",
        "name": "await-broker tokyo",
        "pid": 1,
        "tid": 1,
        "ts": 1_000_000,
        "dur": 1_000_000,
        "args": {"waits until": "it has started"},
    }
    assert rows(profile) == {1: "open"}


def test_a_wait_that_ends_with_an_error_names_its_class() -> None:
    profile = ticking()
    with pytest.raises(ValueError, match="no"), profile.wait(OPEN, "await-broker tokyo"):
        raise ValueError("no")
    assert events(profile)[0]["args"] == {"error": "ValueError"}


def test_waits_that_overlap_without_nesting_are_in_rows_of_their_own() -> None:
    profile = ticking()
    first, second = profile.begin(START, "first"), profile.begin(START, "second")
    first.end()
    inner = profile.begin(START, "inside the second")
    inner.end()
    second.end()
    third = profile.begin(START, "third")
    third.end()
    assert {each["name"]: each["tid"] for each in events(profile)} == {
        "first": 1,
        "second": 2,
        "inside the second": 1,
        "third": 1,
    }
    assert rows(profile) == {1: "start", 2: "start, beside"}


def test_a_wait_without_an_end_lasts_until_the_file_is_written_and_says_so() -> None:
    profile = ticking()
    profile.begin(OPEN, "await-broker tokyo")
    assert events(profile)[0]["args"] == {"ended": False}
    assert events(profile)[0]["dur"] == 1_000_000


def test_steps_are_taken_from_their_observations() -> None:
    profile = ticking()
    profile.record(StepStarted(t=0.0, step=3, verb="cut", asked="cut link a-b", place="3.1"))
    profile.record(StepEnded(t=0.1, step=3, ok=False, note="refused"))
    profile.record(StepEnded(t=0.1, step=4))  # its beginning is not known
    (event,) = events(profile)
    assert (event["cat"], event["name"]) == (REPLAY, "step 3.1: cut link a-b")
    assert event["args"] == {"ok": False, "note": "refused"}


def test_a_virtual_clock_is_a_process_beside_this_machines() -> None:
    profile = ticking()
    with profile.wait(OPEN, "load"):
        pass
    virtual = iter([5.0, 7.5])
    profile.follow(lambda: next(virtual))
    with profile.wait(OPEN, "await-broker tokyo"):
        pass
    assert [each["name"] for each in events(profile)] == ["load", "await-broker tokyo"]
    (event,) = events(profile, 2)
    assert (event["name"], event["ts"], event["dur"]) == ("await-broker tokyo", 5_000_000, 2_500_000)


def test_passwords_are_masked() -> None:
    profile = ticking()
    profile.hide(Mask.of(["a-long-password-of-a-user"]))
    with profile.wait(OPEN, "log in by a-long-password-of-a-user"):
        pass
    assert "a-long-password-of-a-user" not in profile.text()


def test_a_run_of_many_waits_keeps_the_first_and_counts_the_others() -> None:
    profile = Profile(most=3)
    for _ in range(5):
        profile.begin(OPEN, "one")
    assert (len(events(profile)), read(profile)["otherData"]["waits not kept"]) == (3, 2)


def test_without_a_profile_nothing_is_kept() -> None:
    UNPROFILED.follow(lambda: 0.0)
    with UNPROFILED.wait(OPEN, "load"):
        pass
    assert events(UNPROFILED) == []
