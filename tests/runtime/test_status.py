"""A bridge that is down is explained by what a status shows beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.history import LinkSeen
from lab.plan.planning import plan
from lab.runtime.status import BrokerStatus, LinkStatus, shown_cause

PLAN = plan(load(shipped("scenarios") / "tokyo-singapore.yaml", environment={}).topology, seed=7)
BRIDGE = PLAN.bridges[0]
WAY = LinkSeen(
    t=1.0,
    link="tokyo-singapore",
    leaving="tokyo",
    reaching="singapore",
    configured_delay_ms=35.0,
    measured_p50_ms=None,
    measured_p99_ms=None,
    packets=0,
    dropped={},
)
BACK = WAY.with_fields(leaving="singapore", reaching="tokyo")


def broker(name: str, container: str = "running", version: str | None = "5.18.3") -> BrokerStatus:
    return BrokerStatus(name=name, container=container, health="none", version=version, memory=None)


def link(*states: str, round_trip_ms: float | None = 70.0) -> LinkStatus:
    return LinkStatus(name="tokyo-singapore", round_trip_ms=round_trip_ms, directions=(WAY, BACK), states=states)


@pytest.mark.parametrize(
    ("container", "version", "cause"),
    [
        ("exited", None, "singapore has exited"),
        ("paused", None, "singapore is paused"),
        ("gone", None, "singapore is gone"),
        ("running", None, "singapore does not answer"),
        ("running", "5.18.3", ""),
    ],
)
def test_a_broker_that_does_not_run(container: str, version: str | None, cause: str) -> None:
    brokers = [broker("tokyo"), broker("singapore", container, version)]
    assert shown_cause(PLAN, BRIDGE, brokers, [link("open", "open")]) == cause


@pytest.mark.parametrize(
    ("states", "cause"),
    [
        (("cut", "cut"), "the link tokyo-singapore is cut"),
        (("reject", "reject"), "the link tokyo-singapore rejects every packet"),
        (("open", "cut"), "the link tokyo-singapore is cut from singapore to tokyo"),
        (("cut", "reject"), "the link tokyo-singapore is cut from tokyo to singapore"),
    ],
)
def test_a_link_that_is_closed(states: tuple[str, str], cause: str) -> None:
    assert shown_cause(PLAN, BRIDGE, [broker("tokyo"), broker("singapore")], [link(*states)]) == cause


def test_a_link_over_which_nothing_comes_back_and_another_one() -> None:
    silent = link("open", "open", round_trip_ms=None)
    brokers = [broker("tokyo"), broker("singapore")]
    assert shown_cause(PLAN, BRIDGE, brokers, [silent]) == "nothing comes back over the link tokyo-singapore"
    elsewhere = (WAY.with_fields(reaching="dublin"), BACK.with_fields(leaving="dublin"))
    assert shown_cause(PLAN, BRIDGE, brokers, [replace(link("cut", "cut"), directions=elsewhere)]) == ""


def test_one_instance_of_a_pair_that_runs_is_enough() -> None:
    pair = replace(PLAN.broker("singapore"), instances=(*PLAN.broker("singapore").instances,) * 2)
    first, second = (replace(its, name=f"singapore-{n}") for n, its in enumerate(pair.instances, 1))
    its = replace(PLAN, brokers=(PLAN.broker("tokyo"), replace(pair, instances=(first, second))))
    brokers = [broker("tokyo"), broker("singapore-1", "exited", None), broker("singapore-2")]
    assert shown_cause(its, BRIDGE, brokers, []) == ""
    stopped = [broker("tokyo"), broker("singapore-1", "exited", None), broker("singapore-2", "exited", None)]
    assert shown_cause(its, BRIDGE, stopped, []) == "singapore has exited"
