"""The congestion control of a broker's TCP: set on its container's routes, by a container that shares its network.

A kernel refuses `net.ipv4.tcp_congestion_control` in a container unless all users may set that algorithm; a route may
have any. Routes are gone once a container ends, so they are made at every start, and the entry point waits for them.
"""

from __future__ import annotations

import platform
from pathlib import Path

import docker.errors
from docker.models.containers import Container
from docker.types import LogConfig

import docker
from lab.emulation.engine import labels
from lab.emulation.engine.commands import run_inside
from lab.emulation.engine.containers import BOUNDED_LOG
from lab.emulation.engine.own_container import in_container
from lab.errors import HostError
from lab.plan.values import OF_HOST
from lab.runtime.clock import Clock

ROLE = "congestion"
_DEFAULT = "/proc/sys/net/ipv4/tcp_congestion_control"
_AVAILABLE = "/proc/sys/net/ipv4/tcp_available_congestion_control"
_SIGN = "192.0.2.254"  # an address of nobody (RFC 5737); docker/broker/broker.sh waits for its route
_WAIT_SECONDS = 60.0  # seconds; a busy engine is slow
# A process that was killed may have done all this for the same start: then the sign is there, and the broker may have
# connections. Established connections are counted by their state, 01, but for those of the machine with itself.
_SCRIPT = f"""
ip -4 route show | grep -q '^blackhole {_SIGN}' && exit 0
ip -4 route show | while read -r route; do ip route replace $route congctl "$1" || exit 9; done || {{
    echo "the kernel has: $(cat {_AVAILABLE})"; exit 9; }}
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ here there state _; do
    case "$state $there" in "01 "*0100007F:*) ;; "01 "*) echo "open already" ;; esac
done
ip route replace blackhole {_SIGN}
"""
_KEPT = (labels.RUN, labels.OWNER, labels.CREATED, labels.DETACHED, labels.STATE, labels.FOLDER)


def default_here(client: docker.DockerClient, *, local: bool) -> str:
    """Return the default of the engine's kernel, if that is this machine's kernel; "" if it may be another one.

    A container has the default of its kernel. To ask one takes a new process in it, while brokers need every core.
    """
    if not local or in_container() or client.version().get("KernelVersion") != platform.release():
        return ""
    return Path(_DEFAULT).read_text().strip() if Path(_DEFAULT).exists() else ""


def set_congestion(
    client: docker.DockerClient, container: str, image: str, wanted: str, clock: Clock, default: str = ""
) -> None:
    """Set the congestion control of a container that has just started; do nothing if it is set, or has ended.

    `image` is the router's, which has `ip`. `default` is that of the engine's kernel, if it is known; otherwise the
    container is asked. Raise HostError if the kernel refuses, or connections were open before.
    """
    if wanted in (OF_HOST, default):
        return
    its = client.containers.get(container)
    try:
        if not default and run_inside(its, ["cat", _DEFAULT], clock)[1] == wanted:
            return
        code, told = _beside(client, its, image, wanted)
    except docker.errors.APIError:
        its.reload()
        if its.status != "running":
            return  # who waits for the broker tells why it ended
        raise
    right = "write another one in the topology's field tcp, or tcp: host for the machine's own"
    if code:
        words = " ".join(told.split())[-300:]
        raise HostError(f"{its.name} cannot use the TCP congestion control {wanted}: {words}", right)
    if "open already" in told:
        what = f"{its.name} had connections before its TCP used the congestion control {wanted}"
        raise HostError(what, f"try again, since the machine may be too busy; or {right}")


def _beside(client: docker.DockerClient, container: Container, image: str, wanted: str) -> tuple[int, str]:
    """Run the script in a container on the same network, and return its exit code and its output."""
    made = client.containers.create(
        image,
        entrypoint=["sh", "-c", _SCRIPT, "sh"],
        command=[wanted],
        labels={**{name: container.labels[name] for name in _KEPT if name in container.labels}, labels.ROLE: ROLE},
        network_mode=f"container:{container.id}",
        read_only=True,
        cap_drop=["ALL"],
        cap_add=["NET_ADMIN"],
        security_opt=["no-new-privileges"],
        pids_limit=32,
        mem_limit="64m",
        log_config=LogConfig(**BOUNDED_LOG),
    )
    try:
        made.start()
        code = int(made.wait(timeout=_WAIT_SECONDS)["StatusCode"])
        return code, made.logs().decode(errors="replace")
    finally:
        made.remove(force=True, v=True)
