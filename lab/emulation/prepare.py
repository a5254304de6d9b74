"""What comes before a lab opens: read, check, plan, find engine and images, make the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
from lab.amazonmq.configurations.wording import lines
from lab.check.clients import check_clients
from lab.clients import missing
from lab.declare.loading import masked_sources
from lab.emulation.engine import engine
from lab.emulation.images import images
from lab.emulation.images.images import Images
from lab.emulation.network.subnets import pool
from lab.emulation.opening import Opening
from lab.errors import InputError
from lab.folder import RunFolder, create, home
from lab.plan.values import Plan
from lab.runtime.note import new_run_id, note_folder
from lab.runtime.progress import Told
from lab.scenarios import Asked, asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that opening a lab takes; nothing of it stands yet."""

    asked: Asked
    folder: RunFolder
    opening: Opening


def prepare(
    scenario: str,
    environment: Mapping[str, str],
    told: Told,
    *,
    seed: int | None,
    version: str | None,
    archive: Path | None,
    runs: Path | None,
    detached: bool = False,
    replaying: bool = False,
) -> Prepared:
    """Prepare a run; whatever can be wrong with what was asked is told before anything is built or written."""
    found = asked(scenario, environment, seed=seed, version=version)
    if replaying and (problems := check_clients(found.scenario, missing())):
        raise InputError(problems)
    for line in lines(found.removals, found.advice):
        told.warn(found.scenario.origin.mask.text(line))
    addresses = pool(environment.get("MQLAB_POOL"))
    client = engine.connect(environment)
    made = _images(found.plan, client, archive, environment, told)
    run = new_run_id()
    folder = create(runs or home(environment), run)
    folder.keep(masked_sources(found.scenario), found.plan, found.scenario.origin.mask)
    opening = Opening(
        client=client,
        images=made,
        pool=addresses,
        note_folder=note_folder(environment),
        run=run,
        scenario=found.scenario.scenario,
        folder=folder.path,
        passwords=found.scenario.topology.passwords(),
        detached=detached,
        replaying=replaying,
        reboot_time=found.scenario.topology.reboot_time.total_seconds(),
        service_time=found.scenario.topology.service_time,
    )
    return Prepared(asked=found, folder=folder, opening=opening)


def _images(
    plan: Plan, client: docker.DockerClient, archive: Path | None, environment: Mapping[str, str], told: Told
) -> Mapping[str, Images]:
    """Have the images of every ActiveMQ version that a plan needs."""
    versions = dict.fromkeys(broker.activemq_version for broker in plan.brokers)
    with told.stage("images"):
        return {
            version: images.ensure(client, version=version, archive=archive, environment=environment, say=told.tell)
            for version in versions
        }
