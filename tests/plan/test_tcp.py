"""The congestion control of brokers: cubic unless a topology names another one; history and report say which."""

from __future__ import annotations

import pytest

from lab.check import scenarios
from lab.errors import InputError
from lab.history import Ended, Header
from lab.judge import Streamed, judge
from lab.report.document import document

HEADER = Header(run="r", scenario="s", seed=1, runtime="emulation", started="", declared={}, mqlab="0")


@pytest.mark.parametrize(("asked", "planned"), [({}, "cubic"), ({"tcp": "bbr"}, "bbr"), ({"tcp": "host"}, "host")])
def test_a_topology_chooses_it(asked: dict[str, str], planned: str) -> None:
    found = scenarios.plan_named("tokyo-singapore", {}, set=asked)
    assert found.plan.tcp == planned
    assert found.scenario.declared()["topology"].get("tcp") == asked.get("tcp")


@pytest.mark.parametrize("name", ["", "Cubic", "a b", "x" * 16, "-p"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="no name of a congestion control"):
        scenarios.plan_named("tokyo-singapore", {}, set={"tcp": f'"{name}"'})


@pytest.mark.parametrize(("runtime", "told"), [("emulation", "bbr"), ("simulation", "cubic")])
def test_history_and_report_say_it(runtime: str, told: str) -> None:
    header = Header(run="r", scenario="s", seed=1, runtime=runtime, started="", declared={}, mqlab="0").with_tcp("bbr")
    assert header.tcp == told
    assert document(judge((), Streamed(header, [Ended(t=1, complete=True)])))["tcp"] == told
    assert "tcp" not in document(judge((), Streamed(HEADER, [Ended(t=1, complete=True)])))
