"""A lab that is noted as standing, and never was: for tests of what goes by the note alone."""

from __future__ import annotations

from datetime import UTC, datetime

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.emulation.state import NAME, BrokerState, InstanceState, LabState
from lab.plan.control import opening_control
from lab.plan.planning import plan
from lab.runtime import state_file as state_files
from lab.runtime.clock import Origin
from lab.runtime.state_file import StateFile
from tests.command import Commands


def noted(mqlab: Commands, run: str, **changed: bool) -> StateFile:
    """Note a lab in the state folder that never was."""
    scenario = load(shipped("scenarios") / "one-way.yaml", environment={})
    its = plan(scenario.topology, seed=7)
    brokers = {
        each.name: BrokerState(
            instances=(
                InstanceState(
                    broker=each.name,
                    name=each.name,
                    number=1,
                    container=f"none-{run}",
                    address="10.213.0.2",
                    ports={},
                    management_port=1,
                ),
            ),
            management_password="-",
        )
        for each in its.brokers
    }
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    note = StateFile(
        run=run,
        scenario=scenario.scenario,
        plan=its,
        control=opening_control(its, opened),
        folder=str(mqlab.folder / run),
        owner="elsewhere//1/1",
        opened=opened,
        origin=Origin(boot="another", monotonic=0.0),
        runtime=NAME,
        own=LabState(ca_file="", router=f"none-{run}", networks={}, brokers=brokers).to_dict(),
        **{"detached": True, **changed},
    )
    state_files.save(note, mqlab.state)
    return note
