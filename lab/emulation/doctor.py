"""Examination of this machine for a lab's needs: findings, each with a remedy."""

from __future__ import annotations

import os
import random
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import docker
from lab.activemq import advisories
from lab.activemq.releases import RELEASES, mixture
from lab.base.units import format_size
from lab.emulation import check_names, trial
from lab.emulation.engine import engine, labelled_labs, ssh, userland_proxy
from lab.emulation.engine.context import resolved
from lab.emulation.engine.own_container import in_container, own_gateway
from lab.emulation.images import images
from lab.emulation.images.base import PROXIES
from lab.emulation.images.build import exists
from lab.emulation.images.downloads import cache_folder
from lab.emulation.memory_queue import available_memory
from lab.emulation.network import subnets
from lab.emulation.network.networks import taken
from lab.emulation.network.published_at import HERE, is_local, published_at
from lab.errors import HostError, LabError
from lab.plan.values import Plan
from lab.report.run_folder import home
from lab.runtime import congestion
from lab.runtime.owner import Owner
from lab.runtime.runtime import Finding

DISK_BYTES = 3 * 2**30  # bytes of disk: three images, their archive, a build's layers
MEMORY_BYTES = 2**30  # bytes
CLOCKS_APART = 0.1  # seconds, from which on a lab's moments would mislead
TUN = Path("/dev/net/tun")
SHOWN_IMAGES = 3  # names in the line of the images
MEASURED_WITHOUT_PROXY = (20, 29)  # the engine's major versions that labs were opened on without the userland proxy
RUNS_ROOM, RUNS_LEAST = 512 * 2**20, 32 * 2**20  # bytes: a broker's log is kept up to 60 MiB, a history up to 64 MiB


def examine(environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return all findings; an engine that is missing, or stops answering, ends the list early."""
    away = elsewhere(environment)
    findings = [_python(), *_machine(away=away), disk(environment), runs_disk(home(environment))]
    findings += [proxies(environment), *known_holes()]
    findings += over_ssh(environment)
    try:
        client = engine.connect(environment)
    except LabError as error:
        return (*findings, _failed(error), *trial.untried("no engine answers"))
    with closing(client):
        try:
            with engine.explained():
                findings += _engine(client, environment, away=away)
                findings += [
                    clock(engine.clock_ahead(client)),
                    leftovers(
                        [each.run for each in labelled_labs.find(client) if each.is_left_behind(Owner.current())]
                    ),
                    _pool(client, environment),
                    _images(client),
                ]
                return (*findings, *_tried(client, environment))
        except LabError as error:
            return (*findings, _failed(error), *trial.untried("the engine failed earlier"))


def _failed(error: LabError) -> Finding:
    """Return the finding on an engine that does not answer, or answers wrongly."""
    return Finding(what=check_names.ENGINE, ok=False, found=error.what, remedy=check_names.without(error.remedy))


def _tried(client: docker.DockerClient, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return the findings of a trial of a lab's networks, if the router's image exists."""
    try:
        its = images.wanted(
            client, version=None, archive=None, environment=environment, say=lambda _: None
        ).names.router
    except HostError as error:
        return trial.untried(error.what)
    if not exists(client, its):
        return trial.untried("the router's image is missing; mqlab images builds it")
    block = subnets.pool(environment)
    try:
        at = published_at(resolved(environment), lambda: own_gateway(lambda: client))
    except LabError as error:
        refused = Finding(what=check_names.PORTS, ok=False, found=error.what, remedy=check_names.without(error.remedy))
        found = trial.try_out(client, its, block, HERE, environment)
        own = Finding(what=check_names.AWS_PORTS, ok=None, found=f"not tried: {error.what}")
        return (*(each for each in found if each.what not in (check_names.PORTS, check_names.AWS_PORTS)), refused, own)
    return trial.try_out(client, its, block, at, environment)


def proxies(environment: Mapping[str, str]) -> Finding:
    """Return the finding on proxies, by the names of the variables that set them: their URLs may hold passwords."""
    named = [name for name in PROXIES if environment.get(name)]
    return Finding(
        what="proxies",
        ok=True,
        found=f"{', '.join(named) or 'none'}: downloads use them, connections to the engine and labs do not",
    )


def over_ssh(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the finding on ssh to the Docker engine's machine, and on forwarding, if DOCKER_HOST is an ssh:// URL."""
    try:
        engine_at = resolved(environment)["DOCKER_HOST"]
        if engine_at.startswith("ssh://"):
            ssh.check_forwarding(ssh.parse(engine_at), environment)
            yield Finding(
                what=check_names.SSH, ok=True, found=f"{engine_at} accepts the login, and forwards connections"
            )
    except LabError as error:
        yield Finding(what=check_names.SSH, ok=False, found=error.what, remedy=check_names.without(error.remedy))


def clock(ahead: float) -> Finding:
    """Return the finding on the engine's clock, some seconds ahead of this machine's."""
    return Finding(
        what="clock",
        ok=None if clocks_apart(ahead) else True,
        found=clocks_apart(ahead) or "the engine's clock agrees with this machine's",
        remedy="synchronise both clocks by NTP",
    )


def leftovers(runs: Sequence[str]) -> Finding:
    """Return the finding on labs that ended runs left behind."""
    return Finding(
        what="leftovers",
        ok=None if runs else True,
        found=f"of {', '.join(runs)}" if runs else "no remains of ended runs",
        remedy="mqlab sweep",
    )


def known_holes() -> tuple[Finding, ...]:
    """Return a finding for each release of ActiveMQ that the lab runs: its known vulnerabilities in one line."""
    return tuple(
        Finding(
            what=f"ActiveMQ {release}",
            ok=None if advisories.known_holes(release) else True,
            found=advisories.summary(release),
            remedy="add --vulnerabilities for the list",
        )
        for release in RELEASES.values()
    )


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(
        what="Python", ok=sys.version_info >= (3, 11), found=version, remedy="Python 3.11 or newer is needed"
    )


def elsewhere(environment: Mapping[str, str]) -> bool:
    """Return whether containers have other devices and memory than this process; the check `router` examines them."""
    try:
        return not is_local(resolved(environment)["DOCKER_HOST"]) or in_container()
    except LabError:
        return False


def _machine(*, away: bool) -> Iterator[Finding]:
    if sys.platform == "linux" and not away:
        yield Finding(
            what="TUN device",
            ok=TUN.exists(),
            found=str(TUN) if TUN.exists() else f"no {TUN}",
            remedy="modprobe tun   (the link emulator needs it where the engine runs)",
        )
        available = available_memory()
        yield Finding(
            what="memory",
            ok=True if available >= MEMORY_BYTES else None,
            found=f"{available / 2**30:.1f} GiB available",
            remedy="two brokers and a router need about 600 MiB",
        )
        yield tcp(congestion.congestion_control())


def disk(environment: Mapping[str, str]) -> Finding:
    """Return the finding on the disk that images are built with, which has the folder of downloads."""
    try:
        free = shutil.disk_usage(_nearest(cache_folder(environment))).free
    except LabError as error:
        return Finding(what="disk", ok=None, found=error.what, remedy=error.remedy)
    return Finding(
        what="disk",
        ok=True if free >= DISK_BYTES else None,
        found=f"{free / 2**30:.1f} GiB free",
        remedy="building the images needs about 3 GiB",
    )


def tcp(name: str) -> Finding:
    """Return the finding on the congestion control of this machine's TCP, which is empty if it is unknown."""
    return Finding(
        what="TCP congestion control",
        ok=True if name else None,
        found=f"{name or 'unknown'}; emulated brokers use {congestion.MODELLED}, as the simulation does, "
        "unless the topology's field tcp names another",
        remedy=f"if a topology has `tcp: host`, run: {congestion.USE_IT}",
    )


def too_little_memory(plan: Plan, available: int) -> str:
    """Return words of warning if a plan's brokers may take more memory than this machine has; "" if they may not."""
    if plan.memory <= available:
        return ""
    return (
        f"the brokers may use {format_size(plan.memory // 2**20 * 2**20)} of memory together, but "
        f"{format_size(available // 2**20 * 2**20)} are available here: leave out brokers, or give them less memory"
    )


def clocks_apart(ahead: float) -> str:
    """Return words of warning if the engine's clock is some seconds ahead, or behind; "" if that is little."""
    if abs(ahead) <= CLOCKS_APART:
        return ""
    return (
        f"the clock of the engine's machine is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this one's: "
        "times from brokers' logs are wrong by that much"
    )


def runs_disk(folder: Path) -> Finding:
    """Return the finding on the disk that runs are kept on; the folder may be missing."""
    there = _nearest(folder)
    return room_of_runs(folder, shutil.disk_usage(there).free, writable=os.access(there, os.W_OK))


def _nearest(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if os.access(each, os.F_OK))


def room_of_runs(folder: Path, free: int, *, writable: bool) -> Finding:
    """Return the finding on the disk of runs, from its free bytes."""
    return Finding(
        what="disk of the runs",
        ok=False if not writable or free < RUNS_LEAST else True if free >= RUNS_ROOM else None,
        found=f"{free / 2**20:.0f} MiB free at {folder}" + ("" if writable else ", where you may not write"),
        remedy=f"free {RUNS_ROOM / 2**20:.0f} MiB for runs, or set MQLAB_HOME to a folder on another disk",
    )


def _engine(client: docker.DockerClient, environment: Mapping[str, str], *, away: bool) -> Iterator[Finding]:
    facts = engine.facts(client)
    if away:
        yield Finding(
            what="memory of the engine's machine",
            ok=True if facts.memory >= MEMORY_BYTES else None,
            found=f"{facts.memory / 2**30:.1f} GiB in all; the free memory is not known",
            remedy="two brokers and a router need about 600 MiB",
        )
    yield Finding(
        what=check_names.ENGINE, ok=True, found=f"{facts.version} ({facts.operating_system}, {facts.storage_driver})"
    )
    if facts.rootless:
        yield rootless(limits_memory=facts.limits_memory)
    if (facts.remapped or facts.rootless) and not away and TUN.exists():
        yield remapped_tun(stat.S_IMODE(TUN.stat().st_mode))
    if (proxy := userland_proxy.is_on(environment)) is not None:
        yield forwarding(*proxy, facts.version)


def rootless(*, limits_memory: bool) -> Finding:
    """Return the finding on an engine that runs without root."""
    return Finding(
        what="rootless engine",
        ok=True if limits_memory else None,
        found="yes"
        if limits_memory
        else "yes; it limits no container's memory, so only the heap of a broker is limited",
        remedy="use a system with cgroup v2 that delegates memory to the engine's user",
    )


def remapped_tun(mode: int) -> Finding:
    """Return the finding on the TUN device's mode, if root in a container is another user on this machine."""
    others = mode & 0o006 == 0o006
    return Finding(
        what="user namespaces",
        ok=others,
        found=f"on; the router has the rights of others on {TUN}, whose mode is {mode:04o}",
        remedy=f"chmod o+rw {TUN}   (its use also needs NET_ADMIN), or use root's engine without userns-remap",
    )


def forwarding(on: bool, where: str, version: str) -> Finding:
    """Return the finding on the userland proxy; labs were opened without it on Docker 20.10 and 29.8."""
    major = int(version.partition(".")[0]) if version.partition(".")[0].isdigit() else 0
    return Finding(
        what="userland proxy",
        ok=True if on or major in MEASURED_WITHOUT_PROXY else None,
        found=f"{'on' if on else 'off'}, {where}",
        remedy='if this machine cannot reach brokers, remove "userland-proxy": false, and restart the engine',
    )


def unmeasured_forwarding(proxy: tuple[bool, str] | None, version: Callable[[], str]) -> str:
    """Return a warning if mqlab was not tested on such an engine without the userland proxy; else an empty text.

    `proxy` is what `userland_proxy.is_on` found; `version` returns the engine's version.
    """
    if proxy is None or proxy[0]:
        return ""
    found = forwarding(*proxy, its := version())
    return "" if found.ok else f"{found.what}: {found.found}; mqlab was not tested so on Docker {its}\n{found.remedy}"


def _pool(client: docker.DockerClient, environment: Mapping[str, str]) -> Finding:
    pool = subnets.pool(environment)
    free = sum(1 for _ in subnets.candidates(pool, taken(client), random.Random(0)))
    whole = 2 ** (subnets.PREFIX_BITS - pool.prefixlen)
    return Finding(
        what="address pool",
        ok=free >= 3,
        found=f"{free} of {whole} subnets of {pool} free",
        remedy="set MQLAB_POOL to a private block that nothing else here uses",
    )


def _images(client: docker.DockerClient) -> Finding:
    listed = [each.name for each in images.listing(client)]
    return built_images([f"{name} ({words})" if (words := mixture(name)) else name for name in listed])


def built_images(names: Sequence[str]) -> Finding:
    """Return the finding on the images that exist: how many, and the first names."""
    first, more = ", ".join(names[:SHOWN_IMAGES]), len(names) - SHOWN_IMAGES
    rest = f" and {more} more; mqlab doctor --json lists all" if more > 0 else ""
    return Finding(
        what=check_names.IMAGES,
        ok=True if names else None,
        found=f"{len(names)} built: {first}{rest}" if names else "none built yet",
        remedy="mqlab images builds them",
        names=tuple(names),
    )
