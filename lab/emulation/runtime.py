"""The emulation as a runtime: labs of containers on a Docker engine, opened, attached to, ended and swept."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

import docker.errors

import docker
from lab.activemq.releases import NEWEST
from lab.check.client_libraries import check_clients
from lab.clients import missing
from lab.declare.scenario import Scenario
from lab.emulation import doctor
from lab.emulation.closing import close_lab
from lab.emulation.engine import engine, labelled_labs, removal, ssh, userland_proxy
from lab.emulation.engine.context import resolved
from lab.emulation.engine.own_container import own_gateway
from lab.emulation.images import bundle
from lab.emulation.images import images as building
from lab.emulation.images.archive import version_of
from lab.emulation.images.images import Images
from lab.emulation.images.names import digest
from lab.emulation.lab import EmulatedLab
from lab.emulation.memory_queue import available_memory, waiting_time
from lab.emulation.network import forwards
from lab.emulation.network.ports import check_fixed
from lab.emulation.network.published_at import PublishedAt, published_at
from lab.emulation.network.subnets import pool
from lab.emulation.opening import Host
from lab.emulation.state import NAME, ended_runs, is_readable, read
from lab.errors import HostError, InputError, Problem
from lab.plan.values import Plan
from lab.runtime import state_file as state_files
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from lab.runtime.progress import Told
from lab.runtime.runtime import Finding, Image, Lost, Removal, Sweep, Swept
from lab.runtime.state_file import StateFile
from lab.runtime.turns import remove_stray_locks

__all__ = ["Emulation", "version_of"]


@engine.explaining
class Emulation:
    """Labs of containers on the engine that an environment names; the engine is connected to when it is needed."""

    name = NAME

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.costs: Mapping[str, str] = {}  # real brokers take their own time
        self.ignored = ()
        self._environment = environment
        self._clock = RealClock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if "_client" in vars(self):
            self._client.close()

    @cached_property
    def _client(self) -> docker.DockerClient:
        return engine.connect(self._environment)

    def refusals(self, scenario: Scenario, plan: Plan) -> tuple[Problem, ...]:
        """Return the parts of a scenario that need a client library that is not installed."""
        return tuple(check_clients(scenario, missing()))

    def prepare(self, plan: Plan, told: Told, *, archive: Path | None = None, version: str | None = None) -> Host:
        """Build the missing images of every ActiveMQ version that a plan needs, and return the host."""
        addresses = pool(self._environment)
        patience = waiting_time(self._environment)
        at = published_at(resolved(self._environment), lambda: own_gateway(lambda: self._client))
        if at.on_loopback:
            check_fixed([its for broker in plan.brokers for its in broker.instances])
        client = self._client
        if at.ssh:
            ssh.check_forwarding(ssh.parse(at.ssh), self._environment)
        self._warn(plan, at, told)
        with told.stage("images"):
            releases = self._releases(plan, told) if version is None else {}
            engines = {} if plan.places is None else self._engines(plan.places.engine_versions, told)
            versions = dict.fromkeys(releases.get(each.name, each.activemq_version) for each in plan.brokers)
            versions |= dict.fromkeys(engines.values())
            made = {each: self._images(told, each, archive) for each in versions}
        return Host(
            client=client,
            images=made,
            releases=releases,
            engines=engines,
            pool=addresses,
            at=at,
            environment=self._environment,
            patience=patience,
        )

    def _releases(self, plan: Plan, told: Told) -> dict[str, str]:
        """Return the newest releases available here, by broker, for engine versions that have newer ones."""
        found = self._engines([each.engine_version for each in plan.brokers if each.engine_version in NEWEST], told)
        return {its.name: release for its in plan.brokers if (release := found.get(its.engine_version)) is not None}

    def _engines(self, engine_versions: Sequence[str], told: Told) -> dict[str, str]:
        """Return the releases available here, by engine version."""
        found = {
            each: building.settled(self._client, each, environment=self._environment, say=told.tell, warn=told.warn)
            for each in dict.fromkeys(engine_versions)
        }
        return {each: release for each, release in found.items() if release is not None}

    def _warn(self, plan: Plan, at: PublishedAt, told: Told) -> None:
        """Warn about conditions on the engine's machine: memory, clock skew, userland proxy."""
        client = self._client
        proxy = userland_proxy.is_on(self._environment)
        warnings = [doctor.unmeasured_forwarding(proxy, lambda: engine.facts(client).version)]
        if not at.here:
            warnings += [at.warning, doctor.clocks_apart(engine.clock_ahead(client))]
            warnings.append(doctor.too_little_memory(plan, engine.facts(client).memory))
        elif sys.platform == "linux":
            warnings.append(doctor.too_little_memory(plan, available_memory()))
        for warning in filter(None, warnings):
            told.warn(warning)

    def open_labs(self, note_folder: Path) -> tuple[StateFile, ...]:
        """Return the state files of this runtime's labs; raise HostError if the engine cannot be reached."""
        _ = self._client
        return tuple(filter(is_readable, state_files.load_all(note_folder)))

    @contextmanager
    def attach(self, note: StateFile, note_folder: Path) -> Iterator[EmulatedLab]:
        """Return an open lab, whichever process opened it."""
        with forwards.kept(note, read(note), note_folder, self._environment):
            lab = EmulatedLab(self._client, note, note_folder=note_folder)
            try:
                lab.find_off()
                yield lab
            finally:
                lab.release()

    def has_ended(self, note: StateFile) -> bool:
        """Return whether the container of a lab's router is gone or has exited."""
        try:
            return self._client.containers.get(read(note).router).status in ("exited", "dead")
        except docker.errors.NotFound:
            return True

    def end(self, note: StateFile, note_folder: Path) -> Removal:
        """End a lab."""
        removed = close_lab(self._client, note.run, Path(note.folder), note_folder, self._clock)
        if note.detached:
            forwards.await_end(note.run, note_folder, self._clock)
        return removed

    def lost_labs(self, note_folder: Path) -> tuple[Lost, ...]:
        """Return the detached labs whose state file should be in this folder, by their labels, but cannot be read."""
        found = labelled_labs.find(self._client)
        known = {note.run for note in self.open_labs(note_folder)}  # after the engine: a new lab has its note by then
        return tuple(each.lost() for each in found if each.run not in known and each.is_lost(note_folder))

    def end_lost(self, lost: Lost, note_folder: Path) -> Removal:
        """End a lab by its labels."""
        return close_lab(self._client, lost.run, lost.folder, note_folder, self._clock)

    def sweep(self, note_folder: Path, wanted: Sweep) -> Swept:
        """Remove labs, and the state files of ended labs.

        If a lab cannot be removed, the others are removed all the same.
        """
        here, client = Owner.current(), self._client
        # Before the engine is asked, so that no lab opened since is taken for ended.
        known = state_files.load_all(note_folder)
        found = labelled_labs.find(client)
        if wanted.run is not None:
            chosen = [each for each in found if each.run == wanted.run]
        elif wanted.older_than is not None:
            chosen = [each for each in found if each.is_older_than(wanted.older_than, datetime.now(UTC))]
        else:
            chosen = [each for each in found if wanted.every or each.is_left_behind(here)]
        if wanted.run is not None and not chosen:
            there = ", ".join(each.run for each in found)
            raise InputError.of(
                f"this engine has nothing of run {wanted.run}", f"name one of: {there}" if there else ""
            )
        warnings: list[str] = []
        if not wanted.dry_run:
            stuck: list[HostError] = []
            for each in chosen:
                try:
                    warnings += removal.remove(client, each.run, self._clock).warnings
                except HostError as error:
                    stuck.append(error)
                else:
                    state_files.forget(each.run, note_folder)
                    if each.detached:
                        forwards.await_end(each.run, note_folder, self._clock)
            if stuck:
                raise HostError("\n".join(each.what for each in stuck), "\n".join(each.remedy for each in stuck))
            runs = {each.run for each in found}
            for run in ended_runs(known, runs, engine.identity(client), here):
                state_files.forget(run, note_folder)
            state_files.forget_parts(note_folder)
            remove_stray_locks(note_folder, runs)
        return Swept(
            removed=tuple(each.leftover() for each in chosen), alive=len(found) - len(chosen), warnings=tuple(warnings)
        )

    def images(self, told: Told, *, versions: Sequence[str], archive: Path | None) -> tuple[Image, ...]:
        """Build the missing ones of the images, and return all images."""
        client = self._client
        with told.stage("images"):
            self._images_of(told, versions, archive)
        return building.listing(client)

    def image_key(self, told: Told, *, versions: Sequence[str], archive: Path | None) -> str:
        """Return a name of the images: the digest of their names, which depend on all their ingredients."""
        names = (name for its in self._wanted_of(told, versions, archive) for name in astuple(its))
        return f"mqlab-images-{digest({}, *dict.fromkeys(names))}"

    def save_images(self, told: Told, file: Path, *, versions: Sequence[str], archive: Path | None) -> str:
        """Build the missing ones of the images, write them to a file, and return its SHA-256."""
        with told.stage("images"):
            names = self._images_of(told, versions, archive)
        with told.stage(f"save them to {file}"):
            return bundle.save(self._client, names, file)

    def load_images(
        self, told: Told, file: Path, *, versions: Sequence[str], archive: Path | None, digest: str | None
    ) -> None:
        """Load the images from a file; InputError, with none loaded, if it was changed or has others."""
        with told.stage(f"load images from {file}"):
            bundle.load(self._client, self._wanted_of(told, versions, archive), file, digest)

    def examine(self) -> tuple[Finding, ...]:
        """Examine this machine and its engine."""
        return doctor.examine(self._environment)

    def _wanted_of(self, told: Told, versions: Sequence[str], archive: Path | None) -> tuple[Images, ...]:
        return tuple(
            building.wanted(
                self._client, version=each, archive=archive, environment=self._environment, say=told.tell
            ).names
            for each in versions or (None,)
        )

    def _images_of(self, told: Told, versions: Sequence[str], archive: Path | None) -> tuple[Images, ...]:
        return tuple(self._images(told, each, archive) for each in versions or (None,))

    def _images(self, told: Told, version: str | None, archive: Path | None) -> Images:
        return building.ensure(
            self._client, version=version, archive=archive, environment=self._environment, say=told.tell
        )
