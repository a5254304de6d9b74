"""The shipped article, ready to be opened as often as a bench likes: scenario, Plan, images, engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import docker
from lab.base.shipped import shipped
from lab.declare.loading import load, resolve
from lab.declare.scenario import Scenario
from lab.emulation.engine import engine
from lab.emulation.images import images
from lab.emulation.images.images import Images
from lab.emulation.lab import EmulatedLab
from lab.emulation.network.subnets import pool
from lab.emulation.opening import Host
from lab.plan.planning import plan
from lab.plan.values import Plan
from lab.runtime.progress import Progress
from lab.runtime.runtime import Opening
from lab.runtime.runtime import Passwords as Passwords
from lab.runtime.state_file import new_run_id

SCENARIO = "tokyo-singapore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """All that opening takes, made before any clock starts."""

    scenario: Scenario
    plan: Plan
    passwords: Passwords
    client: docker.DockerClient
    images: Images

    @classmethod
    def ready(cls, name: str = SCENARIO) -> Article:
        """Load the scenario, reach the engine and have the images."""
        scenario = load(resolve(name, shipped("scenarios")), environment=os.environ)
        client = engine.connect(os.environ)
        planned = plan(scenario.topology, seed=scenario.seed)
        version = planned.brokers[0].activemq_version
        made = images.ensure(client, version=version, archive=None, environment=os.environ, say=print)
        return cls(
            scenario=scenario,
            plan=planned,
            passwords=scenario.topology.passwords(),
            client=client,
            images=made,
        )

    def until_bridged(self) -> Article:
        """Leave out what opening does after the last bridge is up: it waits for the web consoles."""
        kept = tuple(action for action in self.plan.actions if action.does != "await-console")
        return replace(self, plan=replace(self.plan, actions=kept))

    @contextmanager
    def opened(self, folder: Path, progress: Progress) -> Iterator[EmulatedLab]:
        """Open a lab as `mqlab run` does, its run folder and its state under `folder`."""
        run = new_run_id()
        (folder / run).mkdir()
        host = Host(
            client=self.client,
            images={self.plan.brokers[0].activemq_version: self.images},
            pool=pool(os.environ),
        )
        opening = Opening(
            plan=self.plan,
            note_folder=folder / "state",
            run=run,
            scenario=self.scenario.scenario,
            folder=folder / run,
            passwords=self.passwords,
        )
        with host.open(opening, progress) as lab:
            yield lab
