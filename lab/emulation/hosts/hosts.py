"""The hosts of one lab: the containers in their places with their settings, and attempts to connect from there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker.errors
from docker.models.containers import Container
from docker.types import Mount

import docker
from lab.base.offline import is_offline, refuse_offline
from lab.base.suggestions import unknown
from lab.emulation.engine import labels
from lab.emulation.engine.commands import in_the_foreground
from lab.emulation.engine.containers import File, archive
from lab.emulation.engine.engine import explaining
from lab.emulation.network.networks import region_network
from lab.emulation.state import LabState
from lab.errors import HostError, InputError
from lab.report.run_folder import TRUST_STORE
from lab.runtime.application.place import TRUSTED, HostPlace, environment
from lab.runtime.application.run_options import Words, command, read
from lab.runtime.state_file import StateFile

ROLE, STAND_IN, TRUST = "host", "stand-in", "trust"  # of what is labelled
_STAND_IN_SECONDS = "120"  # after which a stand-in ends by itself, if nobody has removed it


@explaining
class EmulatedHosts:
    """The hosts of one lab; `note` returns its present state file."""

    def __init__(self, client: docker.DockerClient, state: LabState, note: Callable[[], StateFile]) -> None:
        self._client, self._state, self._note = client, state, note
        self._run, self._planned = note().run, {each.name: each for each in note().plan.hosts}

    def place(self, host: str) -> HostPlace:
        """Return the settings of a container in a host's place; the volume of trusted certificates is created."""
        region, plan, deleted = self._region(host), self._note().plan, self._note().deleted
        addresses, its_labels = {its.name: its.address for its in self._state.instances}, self._labels()
        return HostPlace(
            run=self._run,
            host=host,
            region=region,
            network=region_network(self._run, region),
            address=self._state.hosts[host],
            names={its.host_name: addresses[its.name] for broker in plan.brokers for its in broker.instances},
            volume=self._trust(its_labels),
            labels={**its_labels, labels.ROLE: ROLE, labels.REGION: region, labels.HOST: host},
            environment=environment(plan, self._run, [its.name for its in plan.brokers if its.name not in deleted]),
        )

    def occupant(self, host: str) -> str:
        """Return the name of the container that has a host's address now; "" if none has."""
        there = self._occupant(host)
        return "" if there is None else str(there.name)

    def run(self, host: str, arguments: Sequence[str]) -> int:
        """Run a container in a host's place, by the docker command, and return that command's exit code."""
        wanted = without_pulling(self._client, read(arguments, str(Path.cwd())), os.environ)
        self._check_free(host)
        place = self.place(host)
        program = shutil.which("docker")
        if program is None:
            raise HostError("the docker command is not installed", "install it, or use: mqlab host options")
        return in_the_foreground([program, *command(place, wanted)[1:]])

    @contextmanager
    def stand_in(self, host: str) -> Iterator[Container]:
        """Return a container to try a host's connections from: in its place, or on its present container's network."""
        there, region = self._occupant(host), self._region(host)
        network: dict[str, Any] = {"network_mode": f"container:{there.id}"} if there else self._own(region, host)
        made = self._client.containers.create(
            self._router_image(),
            entrypoint=["sleep"],
            command=[_STAND_IN_SECONDS],
            labels={**self._labels(), labels.ROLE: STAND_IN, labels.HOST: host},
            user="65534:65534",
            init=True,
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=32,
            mem_limit="64m",
            **network,
        )
        try:
            made.start()
            yield made
        finally:
            made.remove(force=True, v=True)

    def _own(self, region: str, host: str) -> dict[str, Any]:
        network = region_network(self._run, region)
        its = self._client.api.create_endpoint_config(ipv4_address=self._state.hosts[host])
        return {"network": network, "networking_config": {network: its}, "dns": ["127.0.0.1"]}

    def _check_free(self, host: str) -> None:
        """Raise InputError if a container has a host's address, or was made for the host and has ended."""
        self._region(host)
        wanted = [f"{labels.RUN}={self._run}", f"{labels.HOST}={host}", f"{labels.ROLE}={ROLE}"]
        found = self._client.containers.list(all=True, filters={"label": wanted}, ignore_removed=True)
        for each in (*found, *filter(None, [self._occupant(host)])):
            what = f"{host} already has a container: {each.name}, which is {each.status}"
            raise InputError.of(what, f"remove it: docker rm --force {each.name}")

    def _occupant(self, host: str) -> Container | None:
        """Return the container that has a host's address now, or None."""
        network = self._client.networks.get(region_network(self._run, self._region(host)))
        for container, endpoint in (network.attrs.get("Containers") or {}).items():
            if str(endpoint.get("IPv4Address", "")).partition("/")[0] == self._state.hosts[host]:
                try:
                    return self._client.containers.get(container)
                except docker.errors.NotFound:
                    return None
        return None

    def _region(self, host: str) -> str:
        """Return the region of a host; raise InputError if the lab has no host of that name."""
        if not self._planned:
            right = f"declare one in its topology: hosts: {{{host}: {{region: NAME}}}}"
            raise InputError.of(f"lab {self._run} has no hosts", right)
        if host not in self._planned:
            raise InputError([unknown("host", host, self._planned, "hosts of this lab", None)])
        return self._planned[host].region

    def _labels(self) -> Mapping[str, str]:
        """Return the labels that everything of the lab carries, as its router has them."""
        found = self._client.containers.get(self._state.router).labels
        kept = (labels.RUN, labels.OWNER, labels.CREATED, labels.DETACHED, labels.STATE, labels.FOLDER)
        return {name: found[name] for name in kept if name in found}

    def _router_image(self) -> str:
        return str(self._client.containers.get(self._state.router).attrs["Image"])

    def _trust(self, its_labels: Mapping[str, str]) -> str:
        """Create the volume of certificates that applications trust, unless it exists, and return its name."""
        name, trusted = f"mqlab-{self._run}-trust", {**its_labels, labels.ROLE: TRUST}
        self._client.volumes.create(name, labels=trusted)
        # The engine may be another machine, so nothing of this one is mounted: a container that never runs takes them.
        filling = self._client.containers.create(
            self._router_image(), labels=trusted, mounts=[Mount(target=TRUSTED, source=name)], network_mode="none"
        )
        try:
            filling.put_archive(TRUSTED, archive(self._trusted(), TRUSTED))
        finally:
            filling.remove(force=True, v=False)
        return name

    def _trusted(self) -> Sequence[File]:
        ca_file = Path(self._state.ca_file)
        paths = [each for each in (ca_file, ca_file.with_name(TRUST_STORE)) if each.exists()]
        return [File(path=f"{TRUSTED}/{each.name}", content=each.read_bytes()) for each in paths]


def without_pulling(client: docker.DockerClient, words: Words, environment: Mapping[str, str]) -> Words:
    """Return the words of docker run, which pull nothing if offline; HostError if the image is missing then."""
    if not is_offline(environment):
        return words
    image = words.command[0]
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        refuse_offline(environment, f"image {image}", "load it from a file: docker load --input FILE")
    return Words((*words.options, "--pull=never"), words.command)
