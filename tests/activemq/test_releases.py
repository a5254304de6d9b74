"""The release that the lab runs for an engine version, also for one with a patch number."""

from __future__ import annotations

import pytest

from lab.activemq.releases import NEWEST, check_engine_version, release
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.sanitising import sanitise
from lab.simulation.broker.releases import why_not

OF_5_19 = b'<broker xmlns="http://activemq.apache.org/schema/core" maxUncommittedCount="5"/>'


@pytest.mark.parametrize(
    ("engine_version", "runs"),
    [("5.19", "5.19.1"), ("5.19.1", "5.19.1"), ("5.19.10", "5.19.10"), ("5.18", "5.18.3"), ("5.17.6", "5.17.6")],
)
def test_an_engine_version_runs_with_and_without_a_patch_number(engine_version: str, runs: str) -> None:
    assert check_engine_version(engine_version) is None
    assert release(engine_version) == runs and why_not(runs) is None


@pytest.mark.parametrize("engine_version", ["5.19.2", "5.18.6", "5.16", "5.15.16"])
def test_a_release_that_the_lab_has_not_is_refused_with_those_that_it_has(engine_version: str) -> None:
    refused = check_engine_version(engine_version)
    assert refused is not None
    assert engine_version in refused[0] and f"{NEWEST['5.19']} or 5.19.1" in refused[1]


@pytest.mark.parametrize(
    ("engine_version", "removed"), [("5.18", 1), ("5.18.3", 1), ("5.19", 0), ("5.19.1", 0), ("5.19.10", 0)]
)
def test_a_setting_of_5_19_is_removed_from_a_configuration_for_5_18(engine_version: str, removed: int) -> None:
    removals = sanitise(read(OF_5_19, "broker.xml"), engine_version).removals
    assert len(removals) == removed
    assert all("not permitted on broker before engine version 5.19" in str(each) for each in removals)
