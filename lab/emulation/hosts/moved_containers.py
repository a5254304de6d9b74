"""Containers of others that were taken into hosts' places: how they are moved, and later put back, even after a crash.

What a container was before is kept by the engine, as a label of a volume of the lab's, before anything is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import docker.errors
from docker.models.containers import Container
from docker.models.volumes import Volume

import docker
from lab.base.interrupts import uninterrupted
from lab.emulation.engine import labels
from lab.emulation.engine.commands import run_inside
from lab.emulation.engine.containers import File, archive
from lab.errors import HostError
from lab.runtime.application.attachment import (
    SHOWS_RESOLVER,
    Before,
    connecting,
    endpoints,
    resolver_in,
    with_names,
    without_names,
)
from lab.runtime.application.place import HostPlace
from lab.runtime.clock import RealClock

ROLE = "moved"
BEFORE = "mqlab.before"
_DONE, _BUSY = "done", "try again: the engine may be busy"
_NO_RECORD = (ValueError, KeyError, TypeError)


def move(
    client: docker.DockerClient,
    container: Container,
    place: HostPlace,
    lab_labels: Mapping[str, str],
    files: Sequence[File],
) -> None:
    """Take a container off its networks into a host's place, with the lab's names; on HostError all is as before.

    It is off the others before it is on the lab's, so that it never has two ways.
    """
    resolver = resolver_in(_as_root(container, SHOWS_RESOLVER))
    if resolver is None:  # it is put back as it is read: with an empty one instead, no name would be found
        raise HostError(f"{container.name} does not show its /etc/resolv.conf", _BUSY)
    its_id = str(container.id)
    before = Before(
        container=its_id,
        name=str(container.name),
        endpoints=endpoints(container.attrs),
        resolver=resolver,
    )
    its_labels = {**lab_labels, labels.ROLE: ROLE, labels.HOST: place.host, BEFORE: before.json()}
    record = client.volumes.create(f"mqlab-{place.run}-moved-{its_id[:12]}", labels=its_labels)
    try:
        container.put_archive("/", archive(files))
        for each in before.endpoints:
            client.networks.get(each.network).disconnect(container)
        client.networks.get(place.network).connect(container, ipv4_address=place.address)
        if _as_root(container, f"{with_names(place.names, place.run)}; echo {_DONE}") != _DONE:
            raise HostError(f"{container.name} did not confirm the lab's names", _BUSY)
        client.volumes.get(record.name)  # gone with a lab that ended meanwhile: nobody else would put it back
    except BaseException as error:
        with uninterrupted():
            warnings = put_back(client, record)
        if not isinstance(error, docker.errors.APIError):
            raise
        what = f"{container.name} could not be moved: {error.explanation or error}"
        raise HostError(what, "\n".join(warnings)) from error


def records(client: docker.DockerClient, run: str, host: str | None = None) -> Sequence[Volume]:
    """Return the records of a lab's moved containers, or of the one in a host's place."""
    wanted = [f"{labels.RUN}={run}", f"{labels.ROLE}={ROLE}", *([] if host is None else [f"{labels.HOST}={host}"])]
    return client.volumes.list(filters={"label": wanted})


def lab_of(client: docker.DockerClient, container: Container) -> str:
    """Return the run of the lab in which a moved container is; "" if it is in no lab."""
    found = client.volumes.list(filters={"label": [labels.RUN, f"{labels.ROLE}={ROLE}"]})
    its_end = f"-moved-{str(container.id)[:12]}"
    return next((str(each.attrs["Labels"][labels.RUN]) for each in found if str(each.name).endswith(its_end)), "")


def is_record(volume: Volume) -> bool:
    """Return whether a volume is the record of a moved container."""
    return (volume.attrs.get("Labels") or {}).get(labels.ROLE) == ROLE


def put_back(client: docker.DockerClient, record: Volume) -> tuple[str, ...]:
    """Put a container back on the networks of a record, and remove the record; return the actions, in words.

    An action that fails is reported too, and does not keep others from being done. The record stays while the engine
    does not report the container's state, or does not take it off the lab's networks: it shall not have two ways.
    """
    said: list[str] = []
    try:
        its = record.attrs["Labels"]
        before, run = Before.of(its[BEFORE]), str(its[labels.RUN])
        container = client.containers.get(before.container)
        said += _put_back(client, container, before, run)
    except docker.errors.NotFound:
        pass  # the container has gone, and needs nothing
    except docker.errors.APIError as error:
        return (*said, f"the change that {record.name} records is not undone yet: {error.explanation or error}")
    except _NO_RECORD as error:
        said.append(f"the change that {record.name} records could not be undone: {error}")
    with suppress(docker.errors.NotFound):
        record.remove()
    return tuple(said)


def _put_back(client: docker.DockerClient, container: Container, before: Before, run: str) -> Iterator[str]:
    there = {its["NetworkID"]: name for name, its in container.attrs["NetworkSettings"]["Networks"].items()}
    others = dict(there)
    for network in client.networks.list(filters={"label": f"{labels.RUN}={run}"}):
        if others.pop(network.id, None) is not None:
            with suppress(docker.errors.NotFound):  # it has gone meanwhile
                network.disconnect(container, force=True)
    back: list[str] = []
    for each in before.endpoints:
        try:
            if each.network not in there:
                client.networks.get(each.network).connect(container, **connecting(each))
            back.append(each.name)
        except docker.errors.NotFound:
            yield f"{container.name} could not be put back on {each.name}, which has gone"
        except docker.errors.APIError as error:
            yield f"{container.name} could not be put back on {each.name}: {error.explanation or error}"
    if container.status == "running":
        with suppress(docker.errors.APIError):  # it has ended meanwhile, and begins without those names
            program = f"{without_names(run, before.resolver)}; echo {_DONE}"
            if run_inside(container, ["sh", "-c", program], RealClock(), user="0") != (0, _DONE):
                yield f"{container.name} may still have the lab's names, and no name server: restart it"
    its = f"{container.name} is not part of lab {run} and was"
    if back or not before.endpoints:
        yield f"{its} put back on {', '.join(back) or 'no network'}"
    elif others:
        yield f"{its} taken off its networks; it is on {', '.join(others.values())}"
    else:
        yield f"{its} taken off its networks; it is on none now: docker network connect NETWORK {container.name}"


def _as_root(container: Container, program: str) -> str:
    """Run a shell program that prints something, and return its output; HostError if it fails, as without a shell."""
    code, said = run_inside(container, ["sh", "-c", program], RealClock(), user="0")
    if code != 0:
        what = f"the lab's names cannot be written in {container.name}: {said[-300:]}"
        raise HostError(what, "start it in the host's place: mqlab host run")
    return said
